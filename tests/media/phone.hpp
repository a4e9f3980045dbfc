#pragma once

/// A telephone's media, for the tests of plugins/media: two sockets on loopback.

#include "plugins/media/engine.hpp"
#include "plugins/media/rtp_packet.hpp"
#include "plugins/media/tune.hpp"
#include "plugins/media/udp_sockets.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace parkway::media {

using bytes = std::vector<std::uint8_t>;

inline codec pcmu(std::uint8_t pt = 0) {
  return {pt, "PCMU", 8000, 1, ""};
}
inline codec pcma(std::uint8_t pt = 8) {
  return {pt, "PCMA", 8000, 1, ""};
}
inline codec g722(std::uint8_t pt = 9) {
  return {pt, "G722", 8000, 1, ""};
}
inline codec events(std::uint8_t pt) {
  return {pt, "TELEPHONE-EVENT", 8000, 1, "0-15"};
}

/// A packet of `payload`.
inline bytes rtp(const rtp_header& header, const bytes& payload) {
  bytes packet(rtp_header_size + payload.size());
  begin_rtp(packet, header);
  std::copy(payload.begin(), payload.end(), packet.begin() + rtp_header_size);
  return packet;
}

/// A bound socket that sends and waits.
class line {
 public:
  line(const ip_address& host, descriptor bound) : host_(host), fd_(std::move(bound)) {}

  endpoint address() const {
    socket_address bound;
    socklen_t size = sizeof bound;
    getsockname(fd_.get(), &bound.any, &size);
    return {host_, bound.port()};
  }
  void send(const bytes& packet, const endpoint& where) const {
    const socket_address to{where};
    if (sendto(fd_.get(), packet.data(), packet.size(), 0, &to.any, to.size()) < 0)
      throw std::runtime_error{"sendto"};
  }
  /// What has come; none: nothing within `wait_ms`.
  std::optional<bytes> receive(int wait_ms = 2000) {
    pollfd waiting{fd_.get(), POLLIN, 0};
    if (poll(&waiting, 1, wait_ms) != 1) return std::nullopt;
    bytes packet(4096);
    socklen_t length = sizeof heard_from;
    const auto size =
      recvfrom(fd_.get(), packet.data(), packet.size(), 0, &heard_from.any, &length);
    if (size < 0) return std::nullopt;
    packet.resize(static_cast<std::size_t>(size));
    return packet;
  }

  socket_address heard_from;  ///< Who sent the packet received last.

 private:
  ip_address host_;
  descriptor fd_;
};

/// A phone with one address; each has ports of its own.
struct phone {
  explicit phone(std::string host = "127.0.0.1")
    : phone(*ip_address::parse(host), bind(*ip_address::parse(host))) {}

  line rtp;
  line rtcp;

 private:
  phone(const ip_address& host, udp_sockets bound)
    : rtp(host, std::move(bound.rtp)), rtcp(host, std::move(bound.rtcp)) {}

  static udp_sockets bind(const ip_address& host) {
    // Below the ports the system hands out by itself.
    static std::uint16_t next = 17000;
    for (int tries = 0; tries < 1000; ++tries, next += 2)
      if (auto bound = udp_sockets::bind(host, next)) {
        next += 2;
        return *std::move(bound);
      }
    throw std::runtime_error{"no ports for a phone"};
  }
};

/// The tune, once for all tests.
inline music_ptr tune() {
  static const music_ptr once = std::make_shared<const music>(play_tune());
  return once;
}

/// An engine in virtual time.
struct bench {
  explicit bench(std::uint16_t port_min = 18000, std::uint16_t port_max = 18999)
    : pool(std::make_shared<port_pool>(port_min, port_max)),
      it(
        {*ip_address::parse("127.0.0.1"), *ip_address::parse("::1")}, pool, tune(),
        [this](const std::string& file) { fetched.push_back(file); }, 1, now) {}

  /// Far off: the timer of the kernel, which lives in real time, never wakes anybody.
  time_point now{std::chrono::hours{1'000'000}};
  std::shared_ptr<port_pool> pool;
  std::vector<std::string> fetched;
  engine it;
  std::uint64_t serial = 0;

  /// A port, and where it can be reached.
  struct opened {
    media_id id;
    endpoint rtp, rtcp;
  };
  opened open(ip_version version = ip_version::v4) {
    const media_id id{0, ++serial};
    const auto port = it.open({id, version, {}, 0}).port;
    if (port == 0) throw std::runtime_error{"no port"};
    const auto host = *ip_address::parse(version == ip_version::v4 ? "127.0.0.1" : "::1");
    return {id, {host, port}, {host, static_cast<std::uint16_t>(port + 1)}};
  }
  void aim(media_id id, const std::optional<endpoint>& at, std::vector<codec> codecs) {
    it.aim({id, at, std::nullopt, std::move(codecs)}, now);
  }
  /// A port aimed at a phone.
  opened open_for(const phone& p, std::vector<codec> codecs) {
    const auto made = open(p.rtp.address().address.version);
    aim(made.id, p.rtp.address(), std::move(codecs));
    return made;
  }
  void pass(std::chrono::milliseconds time) { now += time; }
  /// Waits until the engine has seen a packet that was sent, and works on it.
  void work() {
    pollfd waiting{it.poll_fd(), POLLIN, 0};
    if (poll(&waiting, 1, 2000) != 1) throw std::runtime_error{"nothing has come"};
    it.on_ready(now);
  }
  /// A packet goes through the engine, or is lost in it.
  void send(const line& from, const bytes& packet, const endpoint& to) {
    from.send(packet, to);
    work();
  }
  /// As before, and it must be relayed to `at`.
  bytes relayed(const line& from, const bytes& packet, const opened& to, line& at) {
    send(from, packet, to.rtp);
    const auto got = at.receive();
    if (!got) throw std::runtime_error{"it was not relayed"};
    return *got;
  }
  /// As before, and it must be dropped.
  bool dropped(const line& from, const bytes& packet, const opened& to) {
    const auto before = it.counters();
    send(from, packet, to.rtp);
    return it.counters().dropped == before.dropped + 1 && it.counters().relayed == before.relayed;
  }
  /// Time passes, and all music that is due is sent.
  void play(std::chrono::milliseconds time) {
    pass(time);
    it.on_ready(now);
  }
};

inline rtp_header header_of(const bytes& packet) {
  const auto header = read_rtp(packet);
  if (!header) throw std::runtime_error{"not RTP"};
  return *header;
}
inline bytes payload_of(const bytes& packet) {
  return {packet.begin() + rtp_header_size, packet.end()};
}

}  // namespace parkway::media
