#pragma once

#include "kernel/config/settings.hpp"
#include "kernel/values/result.hpp"
#include "sip/transport/stream_wire.hpp"
#include "sip/transport/udp_wire.hpp"
#include "sip/transport/wire.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace parkway::sip {

/// All sockets of one shard as one wire: what is sent goes to the listener its flow names.
/// Confined to its loop's thread once started.
class shard_wire final : public wire {
 public:
  explicit shard_wire(std::uint16_t shard) : shard_(shard) {}

  /// Adds the share of the next listener, in file order.
  void add(std::unique_ptr<udp_wire> part);
  void add(std::unique_ptr<stream_wire> part);
  /// Begins to read. On the loop's thread; when all shards have all their sockets.
  void start(const wire_loop& loop);

  bool send(const flow& to, std::string_view message) override;
  shown_address shown_to(const flow& to) override;
  void close(const flow& connection) override;

  /// A way to an endpoint that has not come to us by itself, such as a contact's: through the first
  /// listener of that transport and IP version. Nothing: there is none, or no connection to be had.
  std::optional<flow> reach(transport_kind kind, const endpoint& remote);
  /// The far side of a connection has authenticated: it may stay. Nothing for UDP.
  void trust(const flow& connection) override;
  std::optional<flow> reopen(const flow& known, const endpoint& contact) override;
  /// Sends what UDP has queued; for the hook after each batch (loop_worker::after_batch).
  void flush();

 private:
  /// One of the two.
  struct share {
    std::unique_ptr<udp_wire> udp;
    std::unique_ptr<stream_wire> stream;

    const wire_identity& identity() const { return udp ? udp->identity() : stream->identity(); }
  };

  stream_wire* stream_of(const flow& connection);

  const std::uint16_t shard_;
  std::vector<share> shares_;  ///< By flow::listener.
};

/// What one [[sip.listen]] block became, for the ready line.
struct bound_listener {
  transport_kind transport = transport_kind::udp;
  endpoint at;
};

/// Every socket of the process.
struct listeners {
  std::vector<std::unique_ptr<shard_wire>> wires;  ///< One a shard.
  std::vector<bound_listener> bound;               ///< In file order.
};

/// Binds all listeners for all shards; nothing is read yet. Each port is first bound alone, which
/// proves that it is ours, then shared (SO_REUSEPORT). Listeners of one address that ask for port 0
/// get the same number for udp and for tcp. Fails with malformed (an address is no literal),
/// unsupported (a transport we do not speak) or unavailable ("udp 0.0.0.0:5060: …").
result<listeners> bind_listeners(const std::vector<listener_settings>& blocks, std::uint16_t shards,
                                 const stream_limits& limits = {});

}  // namespace parkway::sip
