#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace parkway::sip {

/// ASCII lower case of one character; the locale has no say in protocols.
constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// `text` in ASCII lower case.
inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    c = lower(c);
  return out;
}

/// `text` without white space at its ends.
constexpr std::string_view trimmed(std::string_view text) {
  constexpr auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && blank(text.back()))
    text.remove_suffix(1);
  return text;
}

/// Equality without regard to ASCII case, as tokens compare (RFC 3261 §7.3.1).
constexpr bool same_token(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

/// A decimal number that fills `text` and is at most `max`; anything else is nothing.
inline std::optional<std::uint64_t> number_in(std::string_view text, std::uint64_t max) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value > max)
    return std::nullopt;
  return value;
}

/// A hexadecimal number that fills `text`; anything else is nothing.
template <class Number>
std::optional<Number> hex_number_in(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Appends a number in decimal digits.
inline void append_number(std::string& out, std::uint64_t value) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

/// Takes what stands before `mark` off `rest`, and the mark with it; all of it where there is none.
constexpr std::string_view cut_to(std::string_view& rest, char mark) {
  const auto at = rest.find(mark);
  const auto piece = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
  return piece;
}

/// Position of the first of `marks` outside of quoted strings (RFC 3261 §25.1).
constexpr std::size_t find_unquoted(std::string_view text, std::string_view marks) {
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (inside && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      inside = !inside;
    else if (!inside && marks.find(text[i]) != std::string_view::npos)
      return i;
  }
  return std::string_view::npos;
}

/// Takes what stands before the next ';' off `rest`, and the ';' with it, quoted strings unharmed.
constexpr std::string_view cut_parameter(std::string_view& rest) {
  const auto at = find_unquoted(rest, ";");
  const auto piece = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
  return piece;
}

}  // namespace parkway::sip
