#pragma once

#include "kernel/values/session.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace parkway::media {

/// How payload types of one party are called by another: by format, not by number.
class payload_map {
 public:
  /// Nothing is understood.
  payload_map() { to_.fill(none); }
  /// Formats both have. Of several that `to` calls the same, the one with equal parameters.
  payload_map(const std::vector<codec>& from, const std::vector<codec>& to);

  /// Further numbers of `from`; they win over those it had.
  void add(const std::vector<codec>& from, const std::vector<codec>& to);

  /// The other's number for it, or none.
  std::optional<std::uint8_t> operator[](std::uint8_t payload_type) const {
    const auto mapped = to_[payload_type & 0x7F];
    return mapped == none ? std::nullopt : std::optional{mapped};
  }

 private:
  static constexpr std::uint8_t none = 0xFF;
  std::array<std::uint8_t, 128> to_;
};

/// The party's codec of that payload type (0–127), or null.
const codec* find_codec(const std::vector<codec>& codecs, std::uint8_t payload_type);

}  // namespace parkway::media
