#include "tests/sim/sip_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace parkway::sim {
namespace {

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

std::string_view trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t'))
    s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t'))
    s.remove_suffix(1);
  return s;
}

/// RFC 3261 §7.3.3, and the compact forms of the extensions we meet.
std::string long_name(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 14> compact{{
    {"i", "Call-ID"},
    {"m", "Contact"},
    {"e", "Content-Encoding"},
    {"l", "Content-Length"},
    {"c", "Content-Type"},
    {"f", "From"},
    {"s", "Subject"},
    {"k", "Supported"},
    {"t", "To"},
    {"v", "Via"},
    {"o", "Event"},
    {"r", "Refer-To"},
    {"b", "Referred-By"},
    {"x", "Session-Expires"},
  }};
  for (auto& [shorter, longer] : compact)
    if (same_word(name, shorter)) return std::string(longer);
  return std::string(name);
}

/// Cuts at `mark` outside quotes and angle brackets.
std::vector<std::string_view> split(std::string_view s, char mark) {
  std::vector<std::string_view> parts;
  bool quoted = false;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (quoted && s[i] == '\\')
      ++i;
    else if (s[i] == '"')
      quoted = !quoted;
    else if (!quoted && s[i] == '<')
      ++depth;
    else if (!quoted && s[i] == '>')
      --depth;
    else if (!quoted && depth == 0 && s[i] == mark) {
      parts.push_back(trim(s.substr(begin, i - begin)));
      begin = i + 1;
    }
  }
  parts.push_back(trim(s.substr(begin)));
  return parts;
}

template <class Number>
bool read_number(std::string_view s, Number& out) {
  auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), out);
  return error == std::errc{} && end == s.data() + s.size();
}

bool read_first_line(std::string_view line, sip_text& m) {
  if (line.substr(0, 8) == "SIP/2.0 ") {
    if (line.size() < 12 || line[11] != ' ' || !read_number(line.substr(8, 3), m.status))
      return false;
    m.reason = line.substr(12);
    return m.status >= 100 && m.status < 700;
  }
  auto first = line.find(' ');
  auto last = line.rfind(' ');
  if (first == line.npos || first == last || line.substr(last) != " SIP/2.0") return false;
  m.method = line.substr(0, first);
  m.uri = line.substr(first + 1, last - first - 1);
  return m.uri.find(' ') == std::string::npos;
}

bool complete(const sip_text& m, std::string& wrong) {
  for (std::string_view name : {"Via", "From", "To", "Call-ID", "CSeq", "Content-Length"})
    if (!m.has(name)) return wrong = "no " + std::string(name), false;
  if (m.is_request() && !m.has("Max-Forwards")) return wrong = "no Max-Forwards", false;
  if (m.from_tag().empty()) return wrong = "From without tag", false;
  if (m.is_request() && m.cseq_method() != m.method) return wrong = "CSeq of another method", false;
  if (m.branch().substr(0, 7) != "z9hG4bK") return wrong = "branch without cookie", false;
  std::size_t length = 0;
  if (!read_number(m.header("Content-Length"), length) || length != m.body.size())
    return wrong = "Content-Length is not the length", false;
  if (!m.body.empty() && !m.has("Content-Type")) return wrong = "body without Content-Type", false;
  bool makes_dialog = m.is("INVITE") || m.is("SUBSCRIBE") || m.is("REFER") || m.is("NOTIFY")
                      || (m.status >= 200 && m.status < 300 && m.cseq_method() == "INVITE");
  if (makes_dialog && !m.has("Contact")) return wrong = "no Contact", false;
  return true;
}

/// Where the parameters of a name-addr, or of a bare value, begin.
std::string_view parameters(std::string_view value) {
  auto close = value.rfind('>');
  auto from = close == value.npos ? value.find(';') : value.find(';', close);
  return from == value.npos ? std::string_view{} : value.substr(from + 1);
}

}  // namespace

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view sip_text::header(std::string_view name) const {
  for (auto& [n, v] : headers)
    if (same_word(n, name)) return v;
  return {};
}

bool sip_text::has(std::string_view name) const {
  return std::any_of(headers.begin(), headers.end(),
                     [&](auto& h) { return same_word(h.first, name); });
}

std::vector<std::string> sip_text::values(std::string_view name) const {
  std::vector<std::string> all;
  for (auto& [n, v] : headers)
    if (same_word(n, name))
      for (auto part : split(v, ','))
        all.emplace_back(part);
  return all;
}

bool sip_text::lists(std::string_view name, std::string_view token) const {
  auto all = values(name);
  return std::any_of(all.begin(), all.end(), [&](auto& v) { return same_word(v, token); });
}

sip_text& sip_text::add(std::string_view name, std::string_view value) {
  headers.emplace_back(name, value);
  return *this;
}

sip_text& sip_text::set(std::string_view name, std::string_view value) {
  for (auto& [n, v] : headers)
    if (same_word(n, name)) return v = value, *this;
  return add(name, value);
}

void sip_text::remove(std::string_view name) {
  std::erase_if(headers, [&](auto& h) { return same_word(h.first, name); });
}

sip_text& sip_text::with_body(std::string_view content_type, std::string content) {
  set("Content-Type", content_type);
  body = std::move(content);
  return *this;
}

std::uint32_t sip_text::cseq_number() const {
  auto value = header("CSeq");
  std::uint32_t number = 0;
  read_number(value.substr(0, value.find(' ')), number);
  return number;
}

std::string_view sip_text::cseq_method() const {
  auto value = header("CSeq");
  auto space = value.rfind(' ');
  return space == value.npos ? std::string_view{} : value.substr(space + 1);
}

std::string sip_text::from_tag() const {
  return parameter_of(header("From"), "tag");
}
std::string sip_text::to_tag() const {
  return parameter_of(header("To"), "tag");
}
std::string sip_text::branch() const {
  auto top = split(header("Via"), ',').front();
  return parameter_of(top, "branch");
}

std::string sip_text::text() const {
  std::string out = is_request() ? method + " " + uri + " SIP/2.0\r\n"
                                 : "SIP/2.0 " + std::to_string(status) + " " + reason + "\r\n";
  for (auto& [name, value] : headers)
    if (!same_word(name, "Content-Length")) out += name + ": " + value + "\r\n";
  out += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  return out + body;
}

std::optional<sip_text> read_sip(std::string_view bytes, std::string& wrong) {
  auto end = bytes.find("\r\n\r\n");
  if (end == bytes.npos) return wrong = "no empty line", std::nullopt;
  sip_text m;
  m.body = bytes.substr(end + 4);
  auto block = bytes.substr(0, end + 2);
  for (bool first = true; !block.empty(); first = false) {
    auto line = block.substr(0, block.find("\r\n"));
    block.remove_prefix(line.size() + 2);
    if (line.find_first_of("\r\n") != line.npos) return wrong = "bare line end", std::nullopt;
    if (first) {
      if (!read_first_line(line, m)) return wrong = "bad first line", std::nullopt;
      continue;
    }
    auto colon = line.find(':');
    if (colon == line.npos || colon == 0) return wrong = "bad header line", std::nullopt;
    m.add(long_name(trim(line.substr(0, colon))), trim(line.substr(colon + 1)));
  }
  if (!complete(m, wrong)) return std::nullopt;
  return m;
}

sip_text respond_to(const sip_text& request, int status, std::string_view reason,
                    std::string_view to_tag) {
  sip_text answer;
  answer.status = status;
  answer.reason = reason;
  for (auto& [name, value] : request.headers)
    if (same_word(name, "Via") || same_word(name, "From") || same_word(name, "Call-ID")
        || same_word(name, "CSeq") || (same_word(name, "Record-Route") && status > 100))
      answer.add(name, value);
  std::string to(request.header("To"));
  if (status > 100 && request.to_tag().empty()) to += ";tag=" + std::string(to_tag);
  return answer.add("To", to);
}

std::string uri_of(std::string_view value) {
  auto open = value.find('<');
  if (open == value.npos) return std::string(trim(value.substr(0, value.find(';'))));
  auto close = value.find('>', open);
  return std::string(value.substr(open + 1, close == value.npos ? close : close - open - 1));
}

std::string display_of(std::string_view value) {
  auto name = trim(value.substr(0, std::min(value.find('<'), value.size())));
  if (value.find('<') == value.npos) return {};
  if (name.size() < 2 || name.front() != '"') return std::string(name);
  std::string plain;
  for (std::size_t i = 1; i + 1 < name.size(); ++i) {
    if (name[i] == '\\' && i + 2 < name.size()) ++i;
    plain += name[i];
  }
  return plain;
}

std::string user_of(std::string_view uri) {
  auto at = uri.find('@');
  if (at == uri.npos) return {};
  auto user = uri.substr(0, at);
  user.remove_prefix(std::min(user.find(':') + 1, user.size()));
  std::string plain;
  for (std::size_t i = 0; i < user.size(); ++i) {
    unsigned byte = 0;
    if (user[i] == '%' && i + 2 < user.size()
        && std::from_chars(user.data() + i + 1, user.data() + i + 3, byte, 16).ptr
             == user.data() + i + 3) {
      plain += static_cast<char>(byte);
      i += 2;
    } else {
      plain += user[i];
    }
  }
  return plain;
}

std::string host_of(std::string_view uri) {
  auto at = uri.find('@');
  auto host = uri.substr(at == uri.npos ? uri.find(':') + 1 : at + 1);
  return std::string(host.substr(0, host.find_first_of(":;?>")));
}

std::string escaped_header(std::string_view value) {
  std::string text;
  for (char c : value)
    text += c == ';' ? "%3B" : c == '=' ? "%3D" : c == '@' ? "%40" : std::string(1, c);
  return text;
}

std::string parameter_of(std::string_view value, std::string_view name) {
  for (auto part : split(parameters(value), ';')) {
    auto equals = part.find('=');
    if (equals != part.npos && same_word(trim(part.substr(0, equals)), name))
      return std::string(trim(part.substr(equals + 1)));
  }
  return {};
}

bool has_parameter(std::string_view value, std::string_view name) {
  auto parts = split(parameters(value), ';');
  return std::any_of(parts.begin(), parts.end(), [&](auto part) {
    return same_word(trim(part.substr(0, part.find('='))), name);
  });
}

std::string_view phrase_of(int status) {
  static constexpr std::array<std::pair<int, std::string_view>, 18> phrases{{
    {100, "Trying"},
    {180, "Ringing"},
    {183, "Session Progress"},
    {200, "OK"},
    {202, "Accepted"},
    {400, "Bad Request"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {480, "Temporarily Unavailable"},
    {481, "Call/Transaction Does Not Exist"},
    {486, "Busy Here"},
    {487, "Request Terminated"},
    {488, "Not Acceptable Here"},
    {491, "Request Pending"},
    {500, "Server Internal Error"},
    {503, "Service Unavailable"},
    {603, "Decline"},
  }};
  for (auto& [code, phrase] : phrases)
    if (code == status) return phrase;
  return "Whatever";
}

}  // namespace parkway::sim
