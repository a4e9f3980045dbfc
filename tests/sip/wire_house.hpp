#pragma once

#include "sip/transport/listeners.hpp"

#include <catch2/catch.hpp>
#include <event2/event.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Real sockets on both ends of the wires of one or more shards.
namespace parkway::sip::wires {

using namespace std::chrono_literals;

inline std::string options(const std::string& call_id, const std::string& body = {}) {
  return "OPTIONS sip:pbx.test SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bK1\r\n"
         "From: <sip:a@pbx.test>;tag=1\r\nTo: <sip:pbx.test>\r\nCall-ID: "
         + call_id + "\r\nCSeq: 1 OPTIONS\r\nContent-Length: " + std::to_string(body.size())
         + "\r\n\r\n" + body;
}

inline endpoint at(const std::string& address, std::uint16_t port) {
  return {*ip_address::parse(address), port};
}

/// A phone's socket, never blocking.
struct peer {
  descriptor socket;
  std::string inbox;  ///< TCP: all that came. UDP: the last datagram.
  bool ended = false;

  explicit peer(descriptor s) : socket(std::move(s)) {}
  static peer udp(const endpoint& to) { return connected(SOCK_DGRAM, to); }
  static peer tcp(const endpoint& to) { return connected(SOCK_STREAM, to); }
  static peer connected(int type, const endpoint& to) {
    const bool v6 = to.address.version == ip_version::v6;
    descriptor s{::socket(v6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    const socket_address address{to};
    const int failed = connect(s.get(), address.data(), address.size());
    if (failed != 0) REQUIRE(errno == EINPROGRESS);
    return peer{std::move(s)};
  }

  endpoint local() const { return local_endpoint(socket.get()); }
  /// Sends as much as the kernel takes: how much that was.
  std::size_t send(std::string_view bytes) {
    const auto sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  bool receive_datagram() {
    char room[65536];
    const auto size = recv(socket.get(), room, sizeof room, 0);
    if (size > 0) inbox.assign(room, static_cast<std::size_t>(size));
    return size > 0;
  }
  /// All that has come so far.
  std::string& read() {
    char room[65536];
    for (;;) {
      const auto size = recv(socket.get(), room, sizeof room, 0);
      if (size > 0) {
        inbox.append(room, static_cast<std::size_t>(size));
        continue;
      }
      ended = ended || size == 0 || (errno != EAGAIN && errno != ENOTCONN);
      return inbox;
    }
  }
};

/// Shards' wires on one libevent loop in this thread, and all they said.
struct house final : wire_listener {
  struct arrival {
    flow from;
    std::string bytes;
  };
  struct base_deleter {
    void operator()(event_base* b) const { event_base_free(b); }
  };

  std::unique_ptr<event_base, base_deleter> base{event_base_new()};
  listeners all;
  std::vector<arrival> arrivals;
  std::vector<flow> closed;
  std::function<void(const flow&, std::string_view)> on_arrival = [](auto&, auto) {};

  explicit house(const std::vector<listener_settings>& blocks, std::uint16_t shards = 1,
                 const stream_limits& limits = {}) {
    auto bound = bind_listeners(blocks, shards, limits);
    REQUIRE(bound);
    all = std::move(*bound);
    for (auto& wire : all.wires)
      wire->start({base.get(), this, {}});
  }
  ~house() override { all.wires.clear(); }  // Before the base.

  shard_wire& wire(std::size_t shard = 0) { return *all.wires[shard]; }
  endpoint bound(std::size_t listener = 0) const { return all.bound[listener].at; }
  void on_message(const flow& from, std::string_view bytes, time_point) override {
    arrivals.push_back({from, std::string(bytes)});
    on_arrival(from, bytes);
  }
  void on_closed(const flow& connection, time_point) override { closed.push_back(connection); }

  /// Turns the loop until something is so; false: it is not after five seconds.
  bool until(const std::function<bool()>& so) {
    const auto deadline = std::chrono::steady_clock::now() + 5s;
    const event_ptr tick{event_new(
      base.get(), -1, EV_PERSIST, [](int, short, void*) {}, nullptr)};
    const timeval often{0, 2000};
    event_add(tick.get(), &often);
    while (!so()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      event_base_loop(base.get(), EVLOOP_ONCE);
    }
    return true;
  }
  void echo() {
    on_arrival = [this](const flow& from, std::string_view bytes) {
      CHECK(wire(from.shard).send(from, bytes));
    };
  }
};

inline listener_settings block(transport_kind kind, const std::string& address = "127.0.0.1",
                               std::uint16_t port = 0, const std::string& advertise = {}) {
  return {kind, address, port, advertise};
}

inline constexpr auto udp = transport_kind::udp;
inline constexpr auto tcp = transport_kind::tcp;

}  // namespace parkway::sip::wires
