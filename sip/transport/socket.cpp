#include "sip/transport/socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace parkway::sip {
namespace {

constexpr int backlog = 1024;
constexpr int receive_buffer = 4 * 1024 * 1024;

bool set(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

/// "udp 0.0.0.0:5060: Address already in use (EADDRINUSE)"
fault cannot(const char* what, const endpoint& at, int error) {
  const char* name = strerrorname_np(error);
  return {fault_code::unavailable, std::string(what) + " " + at.text() + ": " + std::strerror(error)
                                     + " (" + (name ? name : "?") + ")"};
}

result<descriptor> bind_socket(const char* what, int type, const endpoint& at, port_use use) {
  const bool v6 = at.address.version == ip_version::v6;
  descriptor s{socket(v6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!s) return cannot(what, at, errno);
  if (v6) set(s.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);  // 0.0.0.0 and :: may be listeners both.
  // Connections of a former run in TIME_WAIT do not keep us from listening; listeners do.
  if (type == SOCK_STREAM) set(s.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (use == port_use::shared) allow_sharing(s);
  const socket_address address{at};
  if (bind(s.get(), address.data(), address.size()) != 0) return cannot(what, at, errno);
  return s;
}

}  // namespace

socket_address::socket_address(const endpoint& from) {
  if (from.address.version == ip_version::v4) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(from.port);
    std::memcpy(&v4.sin_addr, from.address.bytes.data(), 4);
    std::memcpy(&raw_, &v4, sizeof v4);
    size_ = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(from.port);
    std::memcpy(&v6.sin6_addr, from.address.bytes.data(), 16);
    std::memcpy(&raw_, &v6, sizeof v6);
    size_ = sizeof v6;
  }
}

endpoint socket_address::to_endpoint() const {
  endpoint e;
  if (data()->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &raw_, sizeof v4);
    std::memcpy(e.address.bytes.data(), &v4.sin_addr, 4);
    e.port = ntohs(v4.sin_port);
    return e;
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, &raw_, sizeof v6);
  e.port = ntohs(v6.sin6_port);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    std::memcpy(e.address.bytes.data(), v6.sin6_addr.s6_addr + 12, 4);
  } else {
    e.address.version = ip_version::v6;
    std::memcpy(e.address.bytes.data(), &v6.sin6_addr, 16);
  }
  return e;
}

void allow_sharing(const descriptor& first) {
  set(first.get(), SOL_SOCKET, SO_REUSEPORT, 1);
}

result<descriptor> bind_udp(const endpoint& at, port_use use) {
  auto s = bind_socket("udp", SOCK_DGRAM, at, use);
  // Best effort: without CAP_NET_ADMIN the kernel gives what net.core.rmem_max allows.
  if (s && !set(s->get(), SOL_SOCKET, SO_RCVBUFFORCE, receive_buffer))
    set(s->get(), SOL_SOCKET, SO_RCVBUF, receive_buffer);
  if (s && at.address.is_any()) {
    const bool v6 = at.address.version == ip_version::v6;
    set(s->get(), v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVPKTINFO : IP_PKTINFO, 1);
  }
  return s;
}

result<descriptor> listen_tcp(const endpoint& at, port_use use) {
  auto s = bind_socket("tcp", SOCK_STREAM, at, use);
  if (!s) return s;
  set(s->get(), IPPROTO_TCP, TCP_NODELAY, 1);  // Inherited by what is accepted.
  if (listen(s->get(), backlog) != 0) return cannot("tcp", at, errno);
  return s;
}

endpoint local_endpoint(int fd) {
  socket_address address;
  if (getsockname(fd, address.data(), address.size_out()) != 0) return {};
  return address.to_endpoint();
}

ip_address route_cache::local_address_to(const ip_address& remote, time_point now) {
  const auto known = routes_.find(remote);
  if (known != routes_.end() && now < known->second.until) return known->second.local;
  const bool v6 = remote.version == ip_version::v6;
  const descriptor probe{socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  const socket_address to{endpoint{remote, 5060}};
  ip_address local;
  local.version = remote.version;
  if (probe && connect(probe.get(), to.data(), to.size()) == 0)
    local = local_endpoint(probe.get()).address;
  if (routes_.size() >= routes_max) routes_.clear();
  routes_[remote] = {local, now + remembered_for};
  return local;
}

}  // namespace parkway::sip
