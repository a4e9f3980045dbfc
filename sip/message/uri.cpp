#include "sip/message/uri.hpp"

#include "kernel/values/endpoint.hpp"

#include <algorithm>

namespace parkway::sip {

namespace {

constexpr std::size_t uri_max = 2048;
constexpr std::size_t parameter_count_max = 64;

fault bad(const char* what) {
  return {fault_code::malformed, what};
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/// Undoes %XX. Nothing: an escape is broken, or is %00, behind which C code would see an end.
std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
    if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

bool alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

/// Escapes everything but letters, digits and what `also` lists.
void append_escaped(std::string& out, std::string_view text, std::string_view also) {
  constexpr char digits[] = "0123456789ABCDEF";
  for (const char c : text) {
    if (alphanumeric(c) || also.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[static_cast<unsigned char>(c) & 15];
    }
  }
}

// RFC 3261 §25.1: mark, and what else may stand where.
constexpr std::string_view user_plain = "-_.!~*'()&=+$,;?/";
constexpr std::string_view password_plain = "-_.!~*'()&=+$,";
constexpr std::string_view parameter_plain = "-_.!~*'()[]/:&+$";
constexpr std::string_view header_plain = "-_.!~*'()[]/?:+$";

/// name[=value] pieces between `mark`s. False: one is not readable, or there are too many.
bool read_parameters(std::string_view text, char mark, std::vector<parameter>& out) {
  while (!text.empty()) {
    auto value = cut_to(text, mark);
    auto name = cut_to(value, '=');
    if (name.empty() && value.empty()) continue;
    auto plain_name = unescape(name);
    auto plain_value = unescape(value);
    if (name.empty() || !plain_name || !plain_value || out.size() == parameter_count_max)
      return false;
    for (char& c : *plain_name)
      c = lower(c);
    out.push_back({std::move(*plain_name), std::move(*plain_value)});
  }
  return true;
}

void append_parameters(std::string& out, const std::vector<parameter>& list, char first, char mark,
                       std::string_view plain) {
  for (const auto& [name, value] : list) {
    out += &name == &list.front().name ? first : mark;
    append_escaped(out, name, plain);
    if (value.empty() && first == ';') continue;
    out += '=';
    append_escaped(out, value, plain);
  }
}

bool host_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return alphanumeric(c) || c == '.' || c == '-' || c == '_';
  });
}

/// host[:port] into `out`. What is wrong, or null.
const char* read_host(std::string_view text, uri& out) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return "IPv6 literal without end";
    const auto address = ip_address::parse(text.substr(1, end - 1));
    if (!address || address->version != ip_version::v6) return "no IPv6 literal";
    out.host = address->text();
    text.remove_prefix(end + 1);
    if (!text.empty() && text.front() != ':') return "no port";
  } else {
    const auto end = std::min(text.find(':'), text.size());
    if (!host_name(text.substr(0, end))) return "no host";
    out.host = lower(text.substr(0, end));
    text.remove_prefix(end);
  }
  if (text.empty()) return nullptr;
  const auto port = number_in(text.substr(1), 65535);
  if (!port || *port == 0) return "no port";
  out.port = static_cast<std::uint16_t>(*port);
  return nullptr;
}

/// user[:password] into `out`. What is wrong, or null.
const char* read_user(std::string_view text, uri& out) {
  auto password = text;
  auto user = unescape(cut_to(password, ':'));
  auto secret = unescape(password);
  if (!user || user->empty() || !secret) return "user part not readable";
  out.user = std::move(*user);
  out.password = std::move(*secret);
  return nullptr;
}

result<uri> read_sip(std::string_view rest, uri out) {
  // A user part may hold ';' and '?' (§25.1), so it is cut off first.
  if (const auto at = rest.find('@'); at != std::string_view::npos) {
    if (const char* wrong = read_user(rest.substr(0, at), out)) return bad(wrong);
    rest.remove_prefix(at + 1);
  }
  auto headers = rest;
  auto parameters = cut_to(headers, '?');
  const auto host = cut_to(parameters, ';');
  if (const char* wrong = read_host(host, out)) return bad(wrong);
  if (!read_parameters(parameters, ';', out.parameters)) return bad("URI parameter not readable");
  if (!read_parameters(headers, '&', out.headers)) return bad("URI header not readable");
  return out;
}

result<uri> read_tel(std::string_view rest, uri out) {
  const auto digits = unescape(cut_to(rest, ';'));
  if (!digits) return bad("number not readable");
  for (const char c : *digits) {
    if (c == '-' || c == '.' || c == '(' || c == ')') continue;  // RFC 3966 §5.1.1.
    if (hex_value(c) < 0 && c != '+' && c != '*' && c != '#') return bad("no number");
    out.user += c;
  }
  if (out.user.empty()) return bad("no number");
  if (!read_parameters(rest, ';', out.parameters)) return bad("URI parameter not readable");
  return out;
}

/// scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )
bool is_scheme(std::string_view text) {
  return !text.empty() && lower(text[0]) >= 'a' && lower(text[0]) <= 'z'
         && std::all_of(text.begin(), text.end(),
                        [](char c) { return alphanumeric(c) || c == '+' || c == '-' || c == '.'; });
}

}  // namespace

const std::string* find_parameter(const std::vector<parameter>& list, std::string_view name) {
  for (const auto& p : list)
    if (p.name == name) return &p.value;
  return nullptr;
}

result<uri> uri::parse(std::string_view text) {
  if (text.size() > uri_max) return fault{fault_code::too_big, "URI too long"};
  const bool clean = std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == 0x7F || c == '<' || c == '>' || c == '"';
  });
  const auto colon = text.find(':');
  if (!clean || colon == std::string_view::npos) return bad("no URI");
  const auto name = text.substr(0, colon);
  const auto rest = text.substr(colon + 1);
  uri out;
  if (same_token(name, "sip")) return read_sip(rest, std::move(out));
  if (same_token(name, "sips")) {
    out.scheme = uri_scheme::sips;
    return read_sip(rest, std::move(out));
  }
  if (same_token(name, "tel")) {
    out.scheme = uri_scheme::tel;
    return read_tel(rest, std::move(out));
  }
  if (is_scheme(name)) return fault{fault_code::unsupported, "unknown URI scheme"};
  return bad("no URI");
}

std::string uri::user_host_port() const {
  return user.empty() ? host_port() : escape_user(user) + "@" + host_port();
}

std::string uri::host_port() const {
  const bool v6 = host.find(':') != std::string::npos;
  std::string out;
  out.reserve(host.size() + 8);
  if (v6) out += '[';
  out += host;
  if (v6) out += ']';
  if (port) {
    out += ':';
    append_number(out, port);
  }
  return out;
}

std::string uri::text() const {
  std::string out;
  out.reserve(32 + user.size() + host.size());
  out += scheme == uri_scheme::tel ? "tel:" : scheme == uri_scheme::sips ? "sips:" : "sip:";
  append_escaped(out, user, user_plain);
  if (scheme != uri_scheme::tel) {
    if (!password.empty()) {
      out += ':';
      append_escaped(out, password, password_plain);
    }
    if (!user.empty()) out += '@';
    out += host_port();
  }
  append_parameters(out, parameters, ';', ';', parameter_plain);
  append_parameters(out, headers, '?', '&', header_plain);
  return out;
}

std::string uri::key() const {
  uri plain;
  plain.scheme = scheme;
  plain.user = user;
  plain.host = host;
  plain.port = port;
  // In this order, whatever the order they came in.
  for (const std::string_view name : {"maddr", "method", "transport", "ttl", "user"})
    if (const auto* value = parameter_value(name))
      plain.parameters.push_back({std::string(name), lower(*value)});
  return plain.text();
}

std::string escape_user(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 8);
  append_escaped(out, text, user_plain);
  return out;
}

}  // namespace parkway::sip
