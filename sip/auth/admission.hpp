#pragma once

#include "kernel/config/settings.hpp"
#include "kernel/values/endpoint.hpp"
#include "sip/auth/proved_sources.hpp"
#include "sip/message/keyed_hash.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace parkway::sip {

/// Bounds on what strangers may cost.
struct admission_limits {
  std::uint32_t requests_per_second = 200;  ///< Per source, unauthenticated; 0: no limit.
  /// Failures of one user from one source within failure_window; source_factor times as many of all
  /// users together are too many for the source. 0: never.
  std::uint32_t ban_after = 10;
  std::uint32_t source_factor = 10;
  std::chrono::seconds failure_window{60};  ///< Slides in steps of an eighth.
  std::chrono::seconds ban_time{60};        ///< The first; each further one twice as long.
  std::chrono::seconds ban_time_max{24 * 3600};
  std::chrono::seconds forgiven_after{3600};  ///< So long without a failure halves the next ban.
  std::uint32_t proved_factor = 10;           ///< Authenticated requests: so many times as many.
  std::uint32_t slowed_by = 10;      ///< A source that is slowed has this part of its rate.
  std::vector<network> exempt;       ///< Neither limited nor banned.
  std::uint32_t work_max = 20'000;   ///< Requests of one shard that wait for an actor's answer.
  std::size_t sources_max = 16'384;  ///< Sources remembered; 128 bytes each, whether used or not.
  std::size_t users_max = 4096;      ///< Users who failed, each at one source; 128 bytes each.

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

/// What a failure has led to, and for how long.
struct ban_notice {
  enum class scope : std::uint8_t {
    nobody,  ///< Nothing new.
    user,    ///< That user is banned at that source; everybody else there goes on.
    slowed,  ///< The source has too many failures, and somebody who knows his password.
    source,  ///< Nobody there does: it is banned.
  };
  scope whom = scope::nobody;
  std::chrono::seconds span{0};
};

/// The doorkeeper of one shard: rates, bans and the bound on work in flight. No clock, no socket.
///
/// A source is an IPv4 address or an IPv6 /64 (a host has a whole one to play with). Sources, and
/// users at them, are kept in sets of eight, as in a processor's cache: constant memory, constant
/// time, nothing allocated. A full set forgets who matters least: first those without failures,
/// then those not banned, the longest unseen among equals; so a flood of made-up addresses or names
/// does not lift a ban.
class admission {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `hash_seed`: secret, the same for all shards of a process, as is `proved`.
  admission(admission_limits limits, std::uint64_t hash_seed, time_point start,
            std::shared_ptr<proved_sources> proved = std::make_shared<proved_sources>());

  /// A request came from there, and nothing is known about who sent it. Takes one from its rate.
  /// Not for requests in a dialog of ours. Gives admitted, banned or too_many.
  admission_verdict admit(const ip_address& address, time_point at);
  /// The request proved to be a known user's: gives back what admit() took. False: there are more
  /// of these than an office makes; 503.
  bool authenticated(const ip_address& address, time_point at);
  /// A name for a user, the same in all shards.
  std::uint64_t user_of(std::string_view name, std::string_view domain) const;
  /// Credentials of that user from there were wrong. To be told to all shards, whichever saw it.
  /// (Count only what answers a nonce of ours: a first request without credentials is no failure,
  /// and UDP sources can be made up.)
  ban_notice auth_failed(const ip_address& address, std::uint64_t user, time_point at);
  /// What this user sends from there is dropped.
  bool is_banned(const ip_address& address, std::uint64_t user, time_point at) const;
  /// Somebody is_banned(): until then it need not be asked.
  bool has_banned_users(time_point at) const { return since_start(at) < users_banned_until_; }
  /// False when the same was said lately: a retransmission is no further guess. `guess`: a hash of
  /// who sent which credentials for what. The last guesses_max of all sources are remembered.
  bool is_new_guess(std::uint64_t guess);
  bool is_exempt(const ip_address& address) const;

  /// A request is about to be handed to an actor and will wait for its word: admitted, and counted
  /// until work_done(); or overloaded. For REGISTER and SUBSCRIBE; calls have a bound of their own.
  admission_verdict begin_work();
  void work_done();
  /// Requests in flight.
  std::uint32_t work() const { return work_; }

 private:
  static constexpr std::size_t ways = 8;
  static constexpr std::size_t guesses_max = 256;  ///< Looked through at a failure only.

  /// A source, or a user at one. Times in milliseconds since start. What admit() needs is in the
  /// first cache line.
  struct alignas(128) entry {
    std::uint64_t address = 0;
    std::uint64_t user = 0;     ///< 0: the source itself.
    std::uint64_t seen_at = 0;  ///< 0: nobody.
    std::uint64_t refilled_at = 0;
    std::uint64_t banned_until = 0;
    float tokens = 0;
    float proved = 0;  ///< Tokens for authenticated requests.
    std::uint8_t version = 0;
    bool slowed = false;                      ///< Not banned until then, but slowed.
    std::uint8_t bans = 0;                    ///< Doublings of the next ban, until forgiven.
    std::uint64_t failed_at = 0;              ///< Last; 0: never.
    std::array<std::uint32_t, 8> failures{};  ///< Of the last eighths of the window, in a ring.

    bool is(const entry& other) const {
      return seen_at != 0 && address == other.address && user == other.user
             && version == other.version;
    }
  };
  static_assert(sizeof(entry) == 128);

  /// Entries in sets, by a secret hash.
  struct table {
    explicit table(std::size_t entries);

    std::size_t mask;
    std::vector<entry> entries;
  };

  static entry named(const ip_address& address, std::uint64_t user = 0);
  std::uint64_t hash_of(const entry& name) const;
  const entry* find(const table& in, const entry& name) const;
  entry& find_or_make(table& in, const entry& name, std::uint64_t now) const;
  std::uint64_t since_start(time_point t) const;
  void refill(entry& s, std::uint64_t now) const;
  std::uint64_t count_failure(entry& s, std::uint64_t now) const;
  std::chrono::seconds ban(entry& s, std::uint64_t now) const;
  void forgive(entry& s, std::uint64_t now) const;

  const admission_limits limits_;
  const keyed_hash hash_;
  const time_point start_;
  const std::shared_ptr<proved_sources> proved_;
  std::uint32_t work_ = 0;
  table sources_;
  table users_;
  std::uint64_t users_banned_until_ = 0;              ///< The last of their bans is over by then.
  std::array<std::uint64_t, guesses_max> guesses_{};  ///< A ring; 0: none.
  std::size_t next_guess_ = 0;
};

}  // namespace parkway::sip
