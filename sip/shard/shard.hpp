#pragma once

#include "kernel/messages/leg.hpp"
#include "kernel/messages/registration.hpp"
#include "kernel/messages/watch.hpp"
#include "kernel/runtime/context.hpp"
#include "sip/auth/proved_sources.hpp"
#include "sip/transport/wire.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace parkway::sip {

struct shard_core;

/// What tells one shard from another.
struct shard_options {
  std::uint16_t index = 0;        ///< leg_id::shard of its legs, flow::shard of its sockets.
  std::uint16_t count = 1;        ///< Shards of this process.
  std::uint64_t random_seed = 0;  ///< 0: the system's randomness. Else tests, the same each run.
  /// Key of nonces, tags and branches, equal in all shards of a process; all 0: a fresh one.
  std::array<std::uint8_t, 32> nonce_key{};
  /// Inbound calls alive in all shards together, for [limits] calls; null: counted alone.
  std::shared_ptr<std::atomic<std::uint32_t>> calls;
  /// From where users have proved who they are, for all shards together; null: for this alone.
  std::shared_ptr<proved_sources> proved;
};

/// Numbers of what is alive in a shard and of what it has done, for metrics and tests.
struct shard_counts {
  std::uint64_t messages = 0;     ///< Received, of whatever kind.
  std::uint64_t dropped = 0;      ///< Not worth an answer.
  std::uint64_t challenged = 0;   ///< 401 sent.
  std::uint64_t overloaded = 0;   ///< 503 sent.
  std::uint64_t crowded_out = 0;  ///< For another shard, whose lane was full: dropped.
  std::size_t legs = 0;
  std::size_t transactions = 0;
  std::size_t subscriptions = 0;
  std::size_t registrations_pending = 0;  ///< REGISTERs an extension has not answered yet.
  std::size_t under_way = 0;              ///< Messages in the mailboxes of other shards.
};

template <class... Commands>
struct command_list {};

/// What actors want of a shard.
using shard_commands =
  command_list<place_call, send_ringing, answer_call, reject_call, hang_up, send_offer,
               answer_offer, refuse_offer, confirm, show_identity, send_info, report_transfer,
               adopt, owner_died, shut_down, phone_registered, watch_taken, watch_refused,
               phone_moved, phone_came, user_revoked, outside_park, notify_watcher, notify_phone,
               drop_notify>;

/// One worker loop's share of SIP: transactions, dialogs, legs and their timers (RFC 3261). No
/// socket, no thread and no clock in here: messages come in through wire_listener, commands through
/// command(), the time with each; what goes out goes through `wire`, or to actors. Confined to one
/// thread. Events reach owners by anonymous messages, phones' requests to register the extension's
/// actor, incoming calls the switchboard.
class shard : public wire_listener {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `out` outlives the shard. `lent->transports[index]` must be the shard's own face before the
  /// first message arrives.
  shard(const shard_options& options, wire& out, context_ptr context, caf::actor switchboard,
        time_point now);
  ~shard() override;

  void on_message(const flow& from, std::string_view bytes, time_point now) override;
  void on_closed(const flow& connection, time_point now) override;

  /// When on_time is wanted next; none while nothing waits. May have changed after every call.
  std::optional<time_point> next_timer() const;
  /// Runs every timer that is due.
  void on_time(time_point now);

  /// Does what an actor wants: each of shard_commands. All goodbyes are with the wire when
  /// command(shut_down) returns; phones are followed (phone_moved) within 50 ms, so that a thousand
  /// that come back at once cost a few passes.
  template <class Command>
  void command(const Command& c, time_point now);
  /// Another shard saw an authentication fail: this user at that source counts here too.
  void on_authentication_failure(const ip_address& source, std::uint64_t user, time_point now);
  /// Another shard has a message for a connection of ours.
  void send_for_other(const flow& to, std::string_view bytes);
  /// Another shard knows who is at the far side of a connection of ours.
  void trust_for_other(const flow& proved);

  shard_counts counts() const;
  /// How many of our requests wait for an answer: what keeps a node that stops.
  std::size_t unanswered() const;

 private:
  std::unique_ptr<shard_core> core_;
};

}  // namespace parkway::sip
