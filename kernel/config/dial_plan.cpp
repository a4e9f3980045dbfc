#include "kernel/config/dial_plan.hpp"

#include <algorithm>
#include <string>

namespace parkway {
namespace {

constexpr std::size_t dialled_max = 64 + 8;  // The longest number behind the longest code.

std::string without_separators(std::string_view dialled) {
  std::string plain;
  for (const char c : dialled)
    if (std::string_view{"-.() "}.find(c) == std::string_view::npos) plain += c;
  return plain;
}

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// What follows `code` in `dialled`, without the closing '#'; none when it is not that code.
std::optional<std::string_view> after_code(std::string_view dialled, std::string_view code) {
  if (code.empty() || !dialled.starts_with(code)) return std::nullopt;
  auto rest = dialled.substr(code.size());
  if (rest.ends_with('#')) rest.remove_suffix(1);
  if (!all_digits(rest)) return std::nullopt;
  return rest;
}

std::optional<number> place_from(std::string_view digits) {
  if (digits.empty()) return std::nullopt;
  return number{std::string{digits}};
}

}  // namespace

route dial(const tenant& in, std::string_view dialled, std::string_view orbit) {
  if (dialled == "park") {
    if (!all_digits(orbit) || orbit.size() > dialled_max) return dials_nobody{};
    return dials_park{place_from(orbit)};
  }
  if (dialled.size() > 2 * dialled_max) return dials_nobody{};
  const auto text = without_separators(dialled);
  if (text.empty() || text.size() > dialled_max) return dials_nobody{};
  // No code is the beginning of another (checked when the directory is read): order is free.
  if (const auto rest = after_code(text, in.codes.call_park)) return dials_park{place_from(*rest)};
  if (const auto rest = after_code(text, in.codes.group_call_park); rest && rest->empty())
    return dials_group_park{};
  if (const auto rest = after_code(text, in.codes.call_retrieve))
    return dials_retrieve{place_from(*rest)};
  number called{text};
  if (in.extensions.contains(called)) return dials_extension{std::move(called)};
  if (in.ring_groups.contains(called)) return dials_ring_group{std::move(called)};
  return dials_nobody{};
}

bool is_feature(const route& r) {
  return std::holds_alternative<dials_park>(r) || std::holds_alternative<dials_group_park>(r)
         || std::holds_alternative<dials_retrieve>(r);
}

}  // namespace parkway
