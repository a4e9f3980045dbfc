#include "kernel/values/endpoint.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace parkway {

std::optional<ip_address> ip_address::parse(std::string_view literal) {
  char text[INET6_ADDRSTRLEN + 1];
  if (literal.empty() || literal.size() >= sizeof text) return std::nullopt;
  text[literal.copy(text, sizeof text - 1)] = '\0';
  ip_address parsed;
  if (inet_pton(AF_INET, text, parsed.bytes.data()) == 1) return parsed;
  parsed.version = ip_version::v6;
  if (inet_pton(AF_INET6, text, parsed.bytes.data()) == 1) return parsed;
  return std::nullopt;
}

std::string ip_address::text() const {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(version == ip_version::v4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof text);
  return text;
}

bool ip_address::is_any() const {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
}

bool ip_address::is_loopback() const {
  if (version == ip_version::v4) return bytes[0] == 127;
  return bytes[15] == 1 && std::all_of(bytes.begin(), bytes.end() - 1, [](auto b) { return !b; });
}

std::string endpoint::text() const {
  const auto host = address.text();
  const auto tail = ":" + std::to_string(port);
  return address.version == ip_version::v4 ? host + tail : "[" + host + "]" + tail;
}

}  // namespace parkway
