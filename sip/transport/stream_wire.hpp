#pragma once

#include "kernel/config/settings.hpp"
#include "sip/message/stream_framer.hpp"
#include "sip/transport/socket.hpp"
#include "sip/transport/udp_wire.hpp"
#include "sip/transport/wire.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

struct bufferevent;

namespace parkway::sip {

/// Bounds on the connections of one shard and listener.
struct stream_limits {
  std::size_t connections_max =
    20'000;  ///< Beyond: the oldest stranger makes room, or it is refused.
  std::size_t per_source_max = 2'000;  ///< From one address (IPv6: one /64): a large office's NAT.
  std::size_t strangers_per_source_max = 100;  ///< Of those, not authenticated yet.
  std::size_t unsent_max =
    1024 * 1024;  ///< Bytes a slow reader may leave with us; then it is closed.
  std::chrono::milliseconds stranger_time{
    30'000};  ///< To authenticate, whatever is sent meanwhile.
  /// Silence of one who has: longer than the longest registration, so that neither a registration
  /// nor a dialog, which has its refreshes, can be on it.
  std::chrono::milliseconds silence_max{2 * 3600'000 + 600'000};
  std::chrono::milliseconds connect_time{10'000};  ///< To connect, and for a write to get on.
  std::vector<network> exempt;                     ///< Not bounded by source.
};

/// The TCP connections of one shard and one listener (RFC 3261 §18): accepted on the shard's own
/// share of the port, or opened to a contact. Messages are cut by stream_framer; CRLF CRLF is
/// answered CRLF (RFC 5626 §4.4.1). What breaks the framing is answered here (400, 413, 513), as
/// nothing behind it can be read, and the connection closed. Confined to its loop's thread once
/// started.
///
/// A flow is dead when send() says so or on_closed() has been called; on_closed() comes once for
/// each connection, whoever ended it, and never from within a call of ours.
class stream_wire final : public wire {
 public:
  stream_wire(descriptor listening, wire_identity identity, const stream_limits& limits);
  /// Ends all connections; what is queued still goes out as far as the kernel takes it at once.
  ~stream_wire() override;
  stream_wire(const stream_wire&) = delete;

  /// Begins to accept. On the loop's thread.
  void start(const wire_loop& loop);

  /// Also queues while a connection is being made. False: no such connection, or its reader is too
  /// slow, which ends it.
  bool send(const flow& to, std::string_view message) override;
  shown_address shown_to(const flow& to) override;
  void close(const flow& which) override;

  /// The connection to this endpoint, whoever opened it, or a new one; once started. One that
  /// cannot be made ends as all do, by on_closed(). Nothing: too many connections, or no socket to
  /// be had.
  std::optional<flow> open(const endpoint& remote);
  /// The far side has proved who it is: it may stay as long as it is used. (Dead peers are found
  /// by TCP keep-alive.)
  void trust(const flow& which) override;

  std::optional<flow> reopen(const flow& known, const endpoint& contact) override;

  const wire_identity& identity() const { return identity_; }
  std::size_t connection_count() const { return connections_.size(); }

 private:
  struct connection;
  struct stranger {
    std::uint64_t serial = 0;
    std::chrono::steady_clock::time_point until;
  };

  /// Connections that were accepted from one source.
  struct source_count {
    std::size_t all = 0, strangers = 0;
  };

  connection* find(std::uint64_t serial);
  bool make_room();
  bool welcome(const ip_address& source);
  void count_out(connection& c);
  void settle(connection& c);
  connection* adopt(descriptor socket, const endpoint& remote, bool connected);
  flow flow_to(const connection& c) const;
  bool write(connection& c, std::string_view bytes);
  void end_soon(connection& c);
  void bury();
  void watch_strangers();
  void forget_strangers();
  void on_acceptable();
  void on_strangers_due();
  void on_input(std::uint64_t serial);
  bool take_messages(std::uint64_t serial, std::chrono::steady_clock::time_point now);
  void refuse(connection& c);
  void on_drained(connection& c);
  void on_event(connection& c, short what);

  const descriptor listening_;
  const wire_identity identity_;
  const stream_limits limits_;
  wire_loop loop_;
  std::uint64_t last_serial_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<connection>> connections_;
  std::unordered_map<endpoint, std::uint64_t> by_remote_;
  std::unordered_map<ip_address, source_count> by_source_;
  std::deque<stranger> strangers_;    ///< Oldest first; some have gone or are trusted by now.
  std::vector<std::uint64_t> ended_;  ///< To be destroyed by bury().
  route_cache routes_;
  event_ptr acceptable_, accept_again_, strangers_due_, bury_soon_;
};

}  // namespace parkway::sip
