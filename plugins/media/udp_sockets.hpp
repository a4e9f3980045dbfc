#pragma once

#include "kernel/endpoint.hpp"
#include "kernel/result.hpp"

#include <cstdint>
#include <utility>

namespace parkway::media {

/// Owns a file descriptor.
class descriptor {
 public:
  descriptor() = default;
  explicit descriptor(int fd) : fd_(fd) {}
  descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~descriptor();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// The two sockets of a media port.
struct udp_sockets {
  descriptor rtp;
  descriptor rtcp;

  /// Binds both, non-blocking. A v6 address binds v6 only. Fails with busy (somebody has one of the
  /// ports), overloaded (no descriptor left) or unavailable (the address is not ours).
  static result<udp_sockets> bind(const ip_address& address, std::uint16_t even_port);
};

}  // namespace parkway::media
