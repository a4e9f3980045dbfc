#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace parkway {

/// Which Internet protocol an address belongs to.
enum class ip_version : std::uint8_t { v4, v6 };

/// An IP address: plain bytes, no socket in sight. A v4 address uses the first four.
struct ip_address {
  ip_version version = ip_version::v4;
  std::array<std::uint8_t, 16> bytes{};

  /// Reads a literal such as "192.0.2.1" or "2001:db8::1"; brackets are not part of it.
  static std::optional<ip_address> parse(std::string_view literal);
  /// The literal, without brackets.
  std::string text() const;
  /// 0.0.0.0 or ::, which is never shown to a phone.
  bool is_any() const;
  bool is_loopback() const;
  auto operator<=>(const ip_address&) const = default;
};

/// An address and a port.
struct endpoint {
  ip_address address;
  std::uint16_t port = 0;

  /// "192.0.2.1:5060" or "[2001:db8::1]:5060".
  std::string text() const;
  auto operator<=>(const endpoint&) const = default;
};

}  // namespace parkway

template <>
struct std::hash<parkway::ip_address> {
  std::size_t operator()(const parkway::ip_address& a) const noexcept {
    std::uint64_t high = 0, low = 0;
    std::memcpy(&high, a.bytes.data(), 8);
    std::memcpy(&low, a.bytes.data() + 8, 8);
    return std::hash<std::uint64_t>{}((high ^ low * 0x9E3779B97F4A7C15u) * 0xD6E8FEB86659FD93u);
  }
};

template <>
struct std::hash<parkway::endpoint> {
  std::size_t operator()(const parkway::endpoint& e) const noexcept {
    return std::hash<parkway::ip_address>{}(e.address) * 31 + e.port;
  }
};
