#pragma once

#include "kernel/values/party.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parkway::sip {

/// Where SIP is where nothing else is said (RFC 3261 §19.1.2).
inline constexpr std::uint16_t sip_port = 5060;

/// The one opening between SIP and the outside: libevent implements it in production, the simulator
/// in tests. Confined to the shard's thread.
class wire {
 public:
  /// Host and port to show to a phone in Via and Contact; never 0.0.0.0.
  struct shown_address {
    std::string host;  ///< IPv6 literals without brackets.
    std::uint16_t port = 0;
  };

  virtual ~wire() = default;
  /// Queues one whole message. False: the flow is gone, or its queue is full.
  virtual bool send(const flow& to, std::string_view message) = 0;
  /// What a phone reached through this flow should see of us: `advertise`, else the local address
  /// of the route to it, with the listener's port.
  virtual shown_address shown_to(const flow& to) = 0;
  /// Ends a connection once what is queued is sent; nothing for UDP.
  virtual void close(const flow& connection) = 0;
  /// Whoever is at the far side has proved who it is: its connection stays as long as it is used.
  /// Nothing for UDP.
  virtual void trust(const flow& connection) = 0;
  /// The way there while `known` lives: itself. Of a connection that has ended: one to `contact`,
  /// there already or about to be made; nothing: it cannot be made.
  virtual std::optional<flow> reopen(const flow& known, const endpoint& contact) = 0;
};

/// What a wire tells its shard.
class wire_listener {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  virtual ~wire_listener() = default;
  /// One whole datagram, or one framed message of a stream; at most 64 KiB.
  virtual void on_message(const flow& from, std::string_view bytes, time_point now) = 0;
  /// A connection has ended; its flow is dead.
  virtual void on_closed(const flow& connection, time_point now) = 0;
};

}  // namespace parkway::sip
