#include "sip/auth/admission.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <span>
#include <tuple>
#include <utility>

namespace parkway::sip {
namespace {

std::uint64_t milliseconds(std::chrono::seconds s) {
  return static_cast<std::uint64_t>(std::chrono::milliseconds{s}.count());
}

}  // namespace

admission_limits admission_limits::from(const settings& s) {
  admission_limits limits;
  limits.requests_per_second = s.requests_per_second;
  limits.ban_after = s.ban_after;
  limits.ban_time = s.ban_time;
  limits.exempt = s.exempt;
  return limits;
}

admission::admission(admission_limits limits, std::uint64_t hash_seed, time_point start)
  : limits_(std::move(limits)),
    hash_(hash_seed),
    start_(start),
    set_mask_(std::bit_ceil(std::max(limits_.sources_max, ways)) / ways - 1),
    sources_((set_mask_ + 1) * ways) {
}

/// Never 0, which means "nobody".
std::uint64_t admission::since_start(time_point t) const {
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(t - start_).count();
  return 1 + static_cast<std::uint64_t>(std::max<std::int64_t>(passed, 0));
}

admission::source admission::named(const ip_address& address) {
  source s;
  const bool v6 = address.version == ip_version::v6;
  std::memcpy(s.address.data(), address.bytes.data(), v6 ? 8 : 4);
  s.version = v6 ? 6 : 4;
  return s;
}

std::size_t admission::set_of(const source& name) const {
  std::array<char, 9> bytes{};
  std::memcpy(bytes.data(), &name.address, 8);
  bytes[8] = static_cast<char>(name.version);
  return (hash_({bytes.data(), bytes.size()}) & set_mask_) * ways;
}

const admission::source* admission::find(const ip_address& address) const {
  const source name = named(address);
  const std::size_t first = set_of(name);
  for (const source& s : std::span{sources_}.subspan(first, ways))
    if (s.seen_at != 0 && s.address == name.address && s.version == name.version) return &s;
  return nullptr;
}

admission::source& admission::find_or_make(const ip_address& address, std::uint64_t now) {
  const source name = named(address);
  const auto set = std::span{sources_}.subspan(set_of(name), ways);
  const auto known = std::find_if(set.begin(), set.end(), [&](const source& s) {
    return s.seen_at != 0 && s.address == name.address && s.version == name.version;
  });
  if (known != set.end()) {
    known->seen_at = now;
    return *known;
  }
  const auto weight = [&](const source& s) {
    const bool failed_lately =
      s.failed_at > 0 && now - s.failed_at < milliseconds(limits_.forgiven_after);
    return std::tuple{s.banned_until > now, failed_lately, s.seen_at};
  };
  source& forgotten =
    *std::min_element(set.begin(), set.end(),
                      [&](const source& a, const source& b) { return weight(a) < weight(b); });
  forgotten = name;
  forgotten.seen_at = forgotten.refilled_at = now;
  forgotten.tokens = static_cast<float>(limits_.requests_per_second);
  return forgotten;
}

bool admission::is_exempt(const ip_address& address) const {
  return std::any_of(limits_.exempt.begin(), limits_.exempt.end(),
                     [&](const network& n) { return n.contains(address); });
}

/// A bucket as large as one second's worth.
void admission::refill(source& s, std::uint64_t now) const {
  const auto rate = static_cast<float>(limits_.requests_per_second);
  const auto passed = static_cast<float>(now - s.refilled_at) / 1000.0F;
  s.tokens = std::min(rate, s.tokens + rate * passed);
  s.refilled_at = now;
}

admission_verdict admission::admit(const ip_address& address, time_point at) {
  if (is_exempt(address)) return admission_verdict::admitted;
  const std::uint64_t now = since_start(at);
  source& s = find_or_make(address, now);
  if (s.banned_until > now) return admission_verdict::banned;
  if (limits_.requests_per_second == 0) return admission_verdict::admitted;
  refill(s, now);
  if (s.tokens < 1) return admission_verdict::too_many;
  s.tokens -= 1;
  return admission_verdict::admitted;
}

void admission::authenticated(const ip_address& address, time_point at) {
  if (is_exempt(address) || limits_.requests_per_second == 0) return;
  source& s = find_or_make(address, since_start(at));
  s.tokens = std::min(static_cast<float>(limits_.requests_per_second), s.tokens + 1);
}

/// Each quiet spell takes back one doubling.
void admission::forgive(source& s, std::uint64_t now) const {
  const std::uint64_t quiet_since = std::max(s.failed_at, s.banned_until);
  if (s.bans == 0 || now <= quiet_since) return;
  const std::uint64_t spells = (now - quiet_since) / milliseconds(limits_.forgiven_after);
  s.bans = static_cast<std::uint8_t>(s.bans - std::min<std::uint64_t>(s.bans, spells));
}

void admission::ban(source& s, std::uint64_t now) const {
  constexpr unsigned shift_max = 20;  // Beyond any sensible ban_time_max, and no overflow.
  const std::uint64_t span =
    std::min(milliseconds(limits_.ban_time) << std::min<unsigned>(s.bans, shift_max),
             milliseconds(limits_.ban_time_max));
  s.banned_until = now + span;
  s.bans = static_cast<std::uint8_t>(std::min<unsigned>(s.bans + 1u, shift_max));
  s.failures = {};
}

/// Failures within the window, this one included.
std::uint32_t admission::count_failure(source& s, std::uint64_t now) const {
  const std::uint64_t step = std::max<std::uint64_t>(milliseconds(limits_.failure_window) / 8, 1);
  const std::uint64_t last = now / step;
  const std::uint64_t stale = std::min<std::uint64_t>(last - s.failed_at / step, s.failures.size());
  for (std::uint64_t i = 0; i < stale; ++i)
    s.failures[(last - i) % s.failures.size()] = 0;
  s.failed_at = now;
  std::uint8_t& here = s.failures[last % s.failures.size()];
  if (here < 255) ++here;
  return std::accumulate(s.failures.begin(), s.failures.end(), 0u);
}

bool admission::auth_failed(const ip_address& address, time_point at) {
  if (limits_.ban_after == 0 || is_exempt(address)) return false;
  const std::uint64_t now = since_start(at);
  source& s = find_or_make(address, now);
  if (s.banned_until > now) return false;
  forgive(s, now);
  if (count_failure(s, now) < limits_.ban_after) return false;
  ban(s, now);
  return true;
}

bool admission::is_new_guess(std::uint64_t guess) {
  if (std::find(guesses_.begin(), guesses_.end(), guess) != guesses_.end()) return false;
  guesses_[next_guess_++ % guesses_.size()] = guess;
  return true;
}

bool admission::is_banned(const ip_address& address, time_point at) const {
  const source* s = find(address);
  return s && s->banned_until > since_start(at);
}

admission_verdict admission::begin_work() {
  if (work_ >= limits_.work_max) return admission_verdict::overloaded;
  ++work_;
  return admission_verdict::admitted;
}

void admission::work_done() {
  if (work_ > 0) --work_;
}

}  // namespace parkway::sip
