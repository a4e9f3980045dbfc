#include "plugins/media/udp_sockets.hpp"

#include "plugins/media/socket_address.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace parkway::media {

namespace {

/// Expedited forwarding (RFC 3246), in the place of the former TOS byte.
constexpr int expedited = 46 << 2;

fault why(int error) {
  switch (error) {
    case EADDRINUSE:
      return {fault_code::busy, {}};
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return {fault_code::overloaded, std::strerror(error)};
    default:
      return {fault_code::unavailable, std::strerror(error)};
  }
}

result<descriptor> bind_one(const socket_address& where) {
  descriptor made{
    socket(where.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP)};
  if (!made) return why(errno);
  const int on = 1;
  if (where.any.sa_family == AF_INET6
      && setsockopt(made.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0)
    return why(errno);
  if (::bind(made.get(), &where.any, where.size()) < 0) return why(errno);
  return made;
}

/// Queues of routers may ignore the mark: no error.
void mark_expedited(const descriptor& rtp, ip_version version) {
  if (version == ip_version::v4)
    setsockopt(rtp.get(), IPPROTO_IP, IP_TOS, &expedited, sizeof expedited);
  else
    setsockopt(rtp.get(), IPPROTO_IPV6, IPV6_TCLASS, &expedited, sizeof expedited);
}

}  // namespace

result<udp_sockets> udp_sockets::bind(const ip_address& address, std::uint16_t even_port) {
  auto rtp = bind_one(socket_address{endpoint{address, even_port}});
  if (!rtp) return rtp.error();
  const auto next = static_cast<std::uint16_t>(even_port + 1);
  auto rtcp = bind_one(socket_address{endpoint{address, next}});
  if (!rtcp) return rtcp.error();
  mark_expedited(*rtp, address.version);
  return udp_sockets{*std::move(rtp), *std::move(rtcp)};
}

}  // namespace parkway::media
