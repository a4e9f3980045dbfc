#pragma once

#include "kernel/values/descriptor.hpp"
#include "kernel/values/endpoint.hpp"
#include "kernel/values/result.hpp"

#include <cstdint>

namespace parkway::media {

/// The two sockets of a media port.
struct udp_sockets {
  descriptor rtp;
  descriptor rtcp;

  /// Binds both, non-blocking. A v6 address binds v6 only. Fails with busy (somebody has one of the
  /// ports), overloaded (no descriptor left) or unavailable (the address is not ours).
  static result<udp_sockets> bind(const ip_address& address, std::uint16_t even_port);
};

}  // namespace parkway::media
