#pragma once

#include "kernel/config/settings.hpp"
#include "kernel/values/endpoint.hpp"
#include "sip/message/keyed_hash.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace parkway::sip {

/// Bounds on what strangers may cost.
struct admission_limits {
  std::uint32_t requests_per_second = 200;  ///< Per source, unauthenticated; 0: no limit.
  std::uint32_t ban_after = 10;             ///< Failures within failure_window; 0: never.
  std::chrono::seconds failure_window{60};  ///< Slides in steps of an eighth.
  std::chrono::seconds ban_time{60};        ///< The first; each further one twice as long.
  std::chrono::seconds ban_time_max{24 * 3600};
  std::chrono::seconds forgiven_after{3600};  ///< So long without a failure halves the next ban.
  std::vector<network> exempt;                ///< Neither limited nor banned.
  std::uint32_t work_max = 20'000;   ///< Requests of one shard that wait for an actor's answer.
  std::size_t sources_max = 16'384;  ///< Sources remembered; 64 bytes each, whether used or not.

  /// Those of the configuration.
  static admission_limits from(const settings& s);
};

/// What to do with a request.
enum class admission_verdict : std::uint8_t {
  admitted,
  banned,      ///< Drop it: not a word to a guesser.
  too_many,    ///< Drop it: over its rate. An answer would double the flood.
  overloaded,  ///< 503 with Retry-After: a new dialog while too much is in flight.
};

/// The doorkeeper of one shard: rates, bans and the bound on work in flight. No clock, no socket.
///
/// A source is an IPv4 address or an IPv6 /64 (a host has a whole one to play with). They are kept
/// in sets of eight, as in a processor's cache: constant memory, constant time, nothing allocated.
/// A full set forgets the source that matters least: first those without failures, then those not
/// banned, the longest unseen among equals; so a flood of made-up addresses does not lift a ban.
class admission {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `hash_seed`: secret and random.
  admission(admission_limits limits, std::uint64_t hash_seed, time_point start);

  /// A request came from there, and nothing is known about who sent it. Takes one from its rate.
  /// Not for requests in a dialog of ours. Gives admitted, banned or too_many.
  admission_verdict admit(const ip_address& address, time_point at);
  /// The request proved to be a known user's: gives back what admit() took.
  void authenticated(const ip_address& address, time_point at);
  /// Credentials from there were wrong. True: the source is banned from now on. To be told to all
  /// shards, whichever saw it. (Count only what answers a nonce of ours: a first request without
  /// credentials is no failure, and UDP sources can be made up.)
  bool auth_failed(const ip_address& address, time_point at);
  /// False when the same was said lately: a retransmission is no further guess. `guess`: a hash of
  /// who sent which credentials for what. The last guesses_max of all sources are remembered.
  bool is_new_guess(std::uint64_t guess);
  bool is_banned(const ip_address& address, time_point at) const;
  bool is_exempt(const ip_address& address) const;

  /// A request of a new dialog is about to be handed to an actor: admitted, and counted until
  /// work_done(); or overloaded.
  admission_verdict begin_work();
  void work_done();
  /// Requests in flight.
  std::uint32_t work() const { return work_; }

 private:
  static constexpr std::size_t ways = 8;
  static constexpr std::size_t guesses_max = 256;  ///< Looked through at a failure only.

  /// Times in milliseconds since start; one cache line a source.
  struct alignas(64) source {
    std::array<std::uint64_t, 2> address{};
    std::uint64_t seen_at = 0;  ///< 0: nobody.
    std::uint64_t refilled_at = 0;
    std::uint64_t failed_at = 0;  ///< Last; 0: never.
    std::uint64_t banned_until = 0;
    float tokens = 0;
    std::array<std::uint8_t, 8> failures{};  ///< Of the last eighths of the window, in a ring.
    std::uint8_t bans = 0;                   ///< Doublings of the next ban, until forgiven.
    std::uint8_t version = 0;
  };
  static_assert(sizeof(source) == 64);

  static source named(const ip_address& address);
  std::size_t set_of(const source& name) const;
  const source* find(const ip_address& address) const;
  source& find_or_make(const ip_address& address, std::uint64_t now);
  std::uint64_t since_start(time_point t) const;
  void refill(source& s, std::uint64_t now) const;
  std::uint32_t count_failure(source& s, std::uint64_t now) const;
  void ban(source& s, std::uint64_t now) const;
  void forgive(source& s, std::uint64_t now) const;

  const admission_limits limits_;
  const keyed_hash hash_;
  const time_point start_;
  std::uint32_t work_ = 0;
  std::size_t set_mask_;
  std::vector<source> sources_;
  std::array<std::uint64_t, guesses_max> guesses_{};  ///< A ring; 0: none.
  std::size_t next_guess_ = 0;
};

}  // namespace parkway::sip
