#pragma once

#include "kernel/config/settings.hpp"
#include "kernel/config/tenants.hpp"
#include "kernel/values/endpoint.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parkway::sip {

/// One Authorization header, taken apart (RFC 7616 §3.4). Views into the header's value; what a
/// quoted string escapes stays escaped.
struct digest_credentials {
  std::string_view username;
  std::string_view realm;
  std::string_view nonce;
  std::string_view uri;
  std::string_view response;
  std::string_view cnonce;
  std::string_view nonce_count;  ///< nc, 8 hexadecimal digits.
  std::string_view qop;          ///< Empty: RFC 2069 style, which is never offered.
  digest_algorithm algorithm = digest_algorithm::md5;
};

/// Reads an Authorization value. Nothing: another scheme, an unknown algorithm, a mandatory
/// parameter missing, more than 32 parameters, or text that is not of the grammar.
std::optional<digest_credentials> parse_credentials(std::string_view value);

/// What became of some credentials.
enum class digest_verdict : std::uint8_t {
  ok,
  stale,  ///< No nonce that counts, right or wrong: challenge with stale=true (RFC 7616 §3.3).
  wrong,  ///< The answer to a nonce of ours is wrong: another password, or an unknown user.
};

/// Makes challenges and checks answers (RFC 7616, RFC 8760). Nothing is kept a challenge: a nonce
/// carries its shard, time and serial, and the proof that we made it for that realm and that source
/// (an IPv4 address or an IPv6 /64). Whoever makes up the source of its datagrams cannot have one,
/// so that nothing it sends is held against that source. A nonce is good on the shard that made it,
/// which knows what it has been used for; a phone that comes by another is challenged anew.
/// Immutable; any thread.
class digest_guard {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using secret_key = std::array<std::uint8_t, 32>;

  /// A key for this run of the process, from the system's random source.
  static secret_key fresh_key();

  digest_guard(const secret_key& key, std::chrono::seconds nonce_life, std::uint16_t shard = 0);

  /// The value of one WWW-Authenticate header. `realm`: the tenant's domain. `serial`: of the
  /// nonce, below 2**48.
  std::string challenge(std::string_view realm, digest_algorithm algorithm, bool stale,
                        const ip_address& source, time_point now, std::uint64_t serial = 0) const;
  /// Checks credentials with qop for `realm`. `method`: of the request. Null secret: the user does
  /// not exist; the answer then takes as long and is `wrong`. To a nonce that is too old, of an
  /// earlier run, or given to another tenant or source the answer is `stale`, whatever it says:
  /// nobody learns from it whether a password is right.
  digest_verdict check(const digest_credentials& given, std::string_view method,
                       std::string_view realm, const digest_secret* secret,
                       const ip_address& source, time_point now) const;
  /// What challenge() was given, by a nonce that check() has found ours.
  static std::uint64_t serial_of(std::string_view nonce);

 private:
  bool made_here(std::string_view nonce, std::string_view realm, const ip_address& source) const;
  bool fresh(std::string_view nonce, time_point now) const;
  std::string proof(std::string_view said, std::string_view realm, const ip_address& source) const;

  secret_key key_;
  std::uint16_t shard_;
  digest_secret nobody_;  ///< What an unknown user is checked against.
  std::chrono::seconds life_;
};

/// A secret for another purpose, the same wherever `key` is; it tells nothing about `key`.
std::uint64_t derived_seed(const digest_guard::secret_key& key, std::string_view purpose);

/// True when the response is the one that the secret gives (RFC 7616 §3.4.1); qop is not empty. In
/// constant time.
bool is_right_answer(const digest_credentials& given, std::string_view method,
                     const digest_secret& secret);

}  // namespace parkway::sip
