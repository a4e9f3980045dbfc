#pragma once

#include "kernel/values/endpoint.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

namespace parkway::media {

/// An endpoint in the form the system calls want, or none. Comparing looks at address and port
/// only: a flow label is not who somebody is.
struct socket_address {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6{};
  };

  /// None.
  socket_address() = default;
  explicit socket_address(const endpoint& where);

  /// False: none.
  explicit operator bool() const { return any.sa_family != AF_UNSPEC; }
  socklen_t size() const { return any.sa_family == AF_INET ? sizeof v4 : sizeof v6; }
  std::uint16_t port() const {
    return ntohs(any.sa_family == AF_INET ? v4.sin_port : v6.sin6_port);
  }
  /// Equal addresses, whatever the ports. None equals none.
  bool same_host(const socket_address& other) const;
  bool operator==(const socket_address& other) const;
};

}  // namespace parkway::media
