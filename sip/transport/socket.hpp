#pragma once

#include "kernel/values/descriptor.hpp"
#include "kernel/values/endpoint.hpp"
#include "kernel/values/result.hpp"

#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace parkway::sip {

/// An endpoint as the kernel takes and gives it.
class socket_address {
 public:
  socket_address() = default;
  explicit socket_address(const endpoint& from);
  /// The endpoint; a v4-mapped v6 address comes back as v4.
  endpoint to_endpoint() const;

  sockaddr* data() { return reinterpret_cast<sockaddr*>(&raw_); }
  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&raw_); }
  socklen_t size() const { return size_; }
  /// To be filled in by the kernel.
  static constexpr socklen_t capacity = 28;
  socklen_t* size_out() { return size_ = capacity, &size_; }

 private:
  /// Large enough for sockaddr_in6, which is all we speak.
  struct alignas(8) storage {
    std::uint8_t bytes[32];
  } raw_{};
  socklen_t size_ = capacity;
};

/// Whether a socket that others of ours share the port with is opened.
enum class port_use : std::uint8_t {
  first,   ///< Proves that the port is ours: fails where anybody holds it, also a sharing socket.
  shared,  ///< Joins the first.
};

/// Binds a non-blocking UDP socket (v6 sockets take v6 only); port 0: any free one. Fails with
/// unavailable, and says which address and port, and why.
result<descriptor> bind_udp(const endpoint& at, port_use use);
/// Binds a TCP socket and makes it listen; otherwise the same.
result<descriptor> listen_tcp(const endpoint& at, port_use use);
/// Lets later sockets share the port of a first one.
void allow_sharing(const descriptor& first);
/// What a socket is bound to.
endpoint local_endpoint(int fd);

/// Which local address the kernel would send from to reach a remote one: asked of a connected
/// UDP socket (nothing is sent), remembered for a minute, for a bounded number of addresses.
class route_cache {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// The local address; the any-address where there is no route.
  ip_address local_address_to(const ip_address& remote, time_point now);

 private:
  static constexpr std::size_t routes_max = 4096;  ///< Then all are asked for anew.
  static constexpr std::chrono::seconds remembered_for{60};
  struct route {
    ip_address local;
    time_point until;
  };
  std::unordered_map<ip_address, route> routes_;
};

}  // namespace parkway::sip
