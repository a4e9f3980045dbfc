#include "kernel/values/utf8.hpp"
#include "sip/message/uri.hpp"

#include <algorithm>

namespace parkway::sip {

namespace {

constexpr std::size_t parameter_count_max = 64;

/// Takes a quoted-string off `rest`, which begins with its quote. Nothing: it does not end.
std::optional<std::string> cut_quoted(std::string_view& rest) {
  std::string out;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return out;
    }
    if (rest[i] == '\\' && ++i == rest.size()) break;
    out += rest[i];
  }
  return std::nullopt;
}

/// Reads *( ";" name [ "=" value ] ); `text` begins with its ';' or is empty.
bool read_header_parameters(std::string_view text, std::vector<parameter>& out) {
  text = trimmed(text);
  while (!text.empty()) {
    if (text.front() != ';' || out.size() == parameter_count_max) return false;
    text.remove_prefix(1);
    const auto end = std::min(find_unquoted(text, ";"), text.size());
    auto value = text.substr(0, end);
    text.remove_prefix(end);
    const auto name = trimmed(cut_to(value, '='));
    value = trimmed(value);
    if (name.empty() && value.empty()) continue;  // ";;" is seen in the wild.
    if (name.empty()) return false;
    std::string plain(value);
    if (value.starts_with('"')) {
      auto unquoted = cut_quoted(value);
      if (!unquoted || !trimmed(value).empty()) return false;
      plain = std::move(*unquoted);
    } else if (plain.find('"') != std::string::npos) {
      return false;
    }
    out.push_back({lower(name), std::move(plain)});
  }
  return true;
}

}  // namespace

result<name_addr> name_addr::parse(std::string_view text) {
  const fault unreadable{fault_code::malformed, "no name-addr"};
  text = trimmed(text);
  name_addr out;
  bool named = false;
  if (text.starts_with('"')) {
    const auto display_text = cut_quoted(text);
    text = trimmed(text);
    if (!display_text || !text.starts_with('<')) return unreadable;
    out.display = clean_utf8(*display_text);
    named = true;
  } else if (const auto open = text.find('<'); open < text.find_first_of(";?")) {
    // Quotes, commas and the like must not stand in an unquoted name (§25.1 display-name).
    const auto tokens = trimmed(text.substr(0, open));
    if (tokens.find_first_of("\",:@") != std::string_view::npos) return unreadable;
    out.display = clean_utf8(tokens);
    text.remove_prefix(open);
    named = true;
  }
  if (named) {
    const auto close = text.find('>');
    if (close == std::string_view::npos) return unreadable;
    out.address_text = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
  } else {
    // Without brackets, what follows a ';' belongs to the header (§20.10).
    const auto end = std::min(text.find(';'), text.size());
    out.address_text = trimmed(text.substr(0, end));
    text.remove_prefix(end);
  }
  auto address = uri::parse(out.address_text);
  if (!address) return address.error();
  out.address = *std::move(address);
  if (!read_header_parameters(text, out.parameters)) return unreadable;
  return out;
}

std::string quoted(std::string_view display) {
  std::string out;
  if (display.empty()) return out;
  out.reserve(display.size() + 2);
  out += '"';
  for (const char c : display) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) continue;  // Nobody's name; an injection.
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
  return out;
}

result<dialog_name> parse_replaces(std::string_view value) {
  dialog_name out;
  value = trimmed(value);
  out.call_id = trimmed(cut_to(value, ';'));
  while (!value.empty()) {
    auto text = cut_to(value, ';');
    const auto name = trimmed(cut_to(text, '='));
    text = trimmed(text);
    if (same_token(name, "to-tag"))
      out.to_tag = text;
    else if (same_token(name, "from-tag"))
      out.from_tag = text;
    else if (same_token(name, "early-only"))
      out.early_only = true;
  }
  if (out.call_id.empty() || out.to_tag.empty() || out.from_tag.empty())
    return fault{fault_code::malformed, "Replaces without Call-ID and both tags"};
  return out;
}

std::vector<std::string_view> split_list(std::string_view value) {
  std::vector<std::string_view> out;
  bool quote = false, angle = false;
  std::size_t begin = 0;
  const auto add = [&](std::size_t end) {
    if (const auto entry = trimmed(value.substr(begin, end - begin)); !entry.empty())
      out.push_back(entry);
    begin = end + 1;
  };
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (quote && c == '\\')
      ++i;
    else if (c == '"')
      quote = !quote;
    else if (quote)
      continue;
    else if (c == '<')
      angle = true;
    else if (c == '>')
      angle = false;
    else if (c == ',' && !angle)
      add(i);
  }
  add(value.size());
  return out;
}

}  // namespace parkway::sip
