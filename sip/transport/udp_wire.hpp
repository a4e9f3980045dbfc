#pragma once

#include "sip/transport/local_addresses.hpp"
#include "sip/transport/socket.hpp"
#include "sip/transport/wire.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct event;
struct event_base;

namespace parkway::sip {

/// What the flows of a wire say, and what its phones see.
struct wire_identity {
  std::uint16_t shard = 0;
  std::uint16_t listener = 0;  ///< Index in the configuration.
  transport_kind kind = transport_kind::udp;
  endpoint bound;         ///< Port as resolved.
  std::string advertise;  ///< Shown instead of the bound address; empty: that of the route.
};

/// What the loop does with a wire's events.
struct wire_loop {
  event_base* base = nullptr;
  wire_listener* listener = nullptr;
  /// Run at the end of each batch of messages; there the shard's actors run and the wires are
  /// flushed. May be empty.
  std::function<void()> end_of_batch;
};

struct event_deleter {
  void operator()(event* e) const;
};
using event_ptr = std::unique_ptr<event, event_deleter>;

/// One UDP socket of one shard: recvmmsg in batches of 32, sendmmsg at the end of each batch. What
/// does not go out at once waits in a bounded queue. Confined to its loop's thread once started.
class udp_wire final : public wire {
 public:
  /// Messages that have come and gone; those that could not be sent.
  struct tally {
    std::uint64_t received = 0, sent = 0, refused = 0, failed = 0;
  };

  /// `locals`: of the listener, where it is bound to all addresses; else null.
  udp_wire(descriptor socket, wire_identity identity, std::shared_ptr<local_addresses> locals = {});
  ~udp_wire() override;
  udp_wire(const udp_wire&) = delete;

  /// Begins to read. On the loop's thread.
  void start(const wire_loop& loop);

  /// False: the queue is full, the message is longer than a datagram, or of another IP version.
  bool send(const flow& to, std::string_view message) override;
  shown_address shown_to(const flow& to) override;
  void close(const flow&) override {}
  void trust(const flow&) override {}
  std::optional<flow> reopen(const flow& known, const endpoint&) override { return known; }
  /// Sends what is queued. Nobody needs to call it: the loop does, in the same turn.
  void flush();

  const wire_identity& identity() const { return identity_; }
  const tally& counts() const { return counts_; }

 private:
  struct inbox;
  struct letter {
    socket_address to;
    std::size_t begin = 0;
    std::size_t size = 0;
    std::uint64_t from = 0;  ///< Of our addresses; 0: that of the route.
  };

  void on_readable();
  void on_writable();
  int send_batch();

  const descriptor socket_;
  const wire_identity identity_;
  const std::shared_ptr<local_addresses> locals_;
  wire_loop loop_;
  std::unique_ptr<inbox> inbox_;
  std::vector<char> text_;       ///< Of the queued messages, one behind the other.
  std::vector<letter> letters_;  ///< The queue, from `first_` on.
  std::size_t first_ = 0;
  bool flush_pending_ = false;
  bool stuck_ = false;  ///< The kernel's buffer is full: on_writable() goes on.
  route_cache routes_;
  tally counts_;
  event_ptr readable_, writable_, flush_soon_;
};

}  // namespace parkway::sip
