#include "plugins/media/socket_address.hpp"

#include <cstring>

namespace parkway::media {

socket_address::socket_address(const endpoint& where) {
  if (where.address.version == ip_version::v4) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(where.port);
    std::memcpy(&v4.sin_addr, where.address.bytes.data(), sizeof v4.sin_addr);
  } else {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(where.port);
    std::memcpy(&v6.sin6_addr, where.address.bytes.data(), sizeof v6.sin6_addr);
  }
}

bool socket_address::same_host(const socket_address& other) const {
  if (any.sa_family != other.any.sa_family) return false;
  if (any.sa_family == AF_INET) return v4.sin_addr.s_addr == other.v4.sin_addr.s_addr;
  return std::memcmp(&v6.sin6_addr, &other.v6.sin6_addr, sizeof v6.sin6_addr) == 0;
}

bool socket_address::operator==(const socket_address& other) const {
  return same_host(other) && port() == other.port();
}

}  // namespace parkway::media
