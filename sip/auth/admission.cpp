#include "sip/auth/admission.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <span>
#include <string>
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

admission::table::table(std::size_t wanted)
  : mask(std::bit_ceil(std::max(wanted, ways)) / ways - 1), entries((mask + 1) * ways) {
}

admission::admission(admission_limits limits, std::uint64_t hash_seed, time_point start,
                     std::shared_ptr<proved_sources> proved)
  : limits_(std::move(limits)),
    hash_(hash_seed),
    start_(start),
    proved_(std::move(proved)),
    sources_(limits_.sources_max),
    users_(limits_.users_max) {
}

/// Never 0, which means "nobody".
std::uint64_t admission::since_start(time_point t) const {
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(t - start_).count();
  return 1 + static_cast<std::uint64_t>(std::max<std::int64_t>(passed, 0));
}

admission::entry admission::named(const ip_address& address, std::uint64_t user) {
  entry e;
  const bool v6 = address.version == ip_version::v6;
  std::memcpy(&e.address, address.bytes.data(), v6 ? 8 : 4);
  e.version = v6 ? 6 : 4;
  e.user = user;
  return e;
}

std::uint64_t admission::hash_of(const entry& name) const {
  std::array<char, 17> bytes{};
  std::memcpy(bytes.data(), &name.address, 8);
  std::memcpy(bytes.data() + 8, &name.user, 8);
  bytes[16] = static_cast<char>(name.version);
  return hash_({bytes.data(), bytes.size()});
}

const admission::entry* admission::find(const table& in, const entry& name) const {
  const auto set = std::span{in.entries}.subspan((hash_of(name) & in.mask) * ways, ways);
  const auto known =
    std::find_if(set.begin(), set.end(), [&](const entry& e) { return e.is(name); });
  return known == set.end() ? nullptr : &*known;
}

admission::entry& admission::find_or_make(table& in, const entry& name, std::uint64_t now) const {
  const auto set = std::span{in.entries}.subspan((hash_of(name) & in.mask) * ways, ways);
  const auto known =
    std::find_if(set.begin(), set.end(), [&](const entry& e) { return e.is(name); });
  if (known != set.end()) {
    known->seen_at = now;
    return *known;
  }
  const auto weight = [&](const entry& e) {
    const bool failed_lately =
      e.failed_at > 0 && now - e.failed_at < milliseconds(limits_.forgiven_after);
    return std::tuple{e.banned_until > now, failed_lately, e.seen_at};
  };
  entry& forgotten = *std::min_element(
    set.begin(), set.end(), [&](const entry& a, const entry& b) { return weight(a) < weight(b); });
  forgotten = name;
  forgotten.seen_at = forgotten.refilled_at = now;
  forgotten.tokens = static_cast<float>(limits_.requests_per_second);
  forgotten.proved = forgotten.tokens * static_cast<float>(limits_.proved_factor);
  return forgotten;
}

bool admission::is_exempt(const ip_address& address) const {
  return std::any_of(limits_.exempt.begin(), limits_.exempt.end(),
                     [&](const network& n) { return n.contains(address); });
}

/// A bucket as large as one second's worth.
void admission::refill(entry& s, std::uint64_t now) const {
  const bool slowed = s.slowed && s.banned_until > now;
  const auto whole = static_cast<float>(limits_.requests_per_second);
  const auto rate = slowed ? std::max(whole / static_cast<float>(limits_.slowed_by), 1.0F) : whole;
  const auto passed = static_cast<float>(now - s.refilled_at) / 1000.0F;
  s.tokens = std::min(rate, s.tokens + rate * passed);
  const auto proved_rate = whole * static_cast<float>(limits_.proved_factor);
  s.proved = std::min(proved_rate, s.proved + proved_rate * passed);
  s.refilled_at = now;
}

admission_verdict admission::admit(const ip_address& address, time_point at) {
  if (is_exempt(address)) return admission_verdict::admitted;
  const std::uint64_t now = since_start(at);
  entry& s = find_or_make(sources_, named(address), now);
  if (s.banned_until > now && !s.slowed) return admission_verdict::banned;
  if (limits_.requests_per_second == 0) return admission_verdict::admitted;
  refill(s, now);
  if (s.tokens < 1) return admission_verdict::too_many;
  s.tokens -= 1;
  return admission_verdict::admitted;
}

bool admission::authenticated(const ip_address& address, time_point at) {
  if (is_exempt(address)) return true;
  const auto name = named(address);
  if (limits_.ban_after != 0) proved_->note(hash_of(name), at);
  if (limits_.requests_per_second == 0) return true;
  entry& s = find_or_make(sources_, name, since_start(at));
  if (s.proved < 1) return false;
  s.proved -= 1;
  s.tokens = std::min(static_cast<float>(limits_.requests_per_second), s.tokens + 1);
  return true;
}

/// Each quiet spell takes back one doubling.
void admission::forgive(entry& s, std::uint64_t now) const {
  const std::uint64_t quiet_since = std::max(s.failed_at, s.banned_until);
  if (s.bans == 0 || now <= quiet_since) return;
  const std::uint64_t spells = (now - quiet_since) / milliseconds(limits_.forgiven_after);
  s.bans = static_cast<std::uint8_t>(s.bans - std::min<std::uint64_t>(s.bans, spells));
}

std::chrono::seconds admission::ban(entry& s, std::uint64_t now) const {
  constexpr unsigned shift_max = 20;  // Beyond any sensible ban_time_max, and no overflow.
  const std::uint64_t span =
    std::min(milliseconds(limits_.ban_time) << std::min<unsigned>(s.bans, shift_max),
             milliseconds(limits_.ban_time_max));
  s.banned_until = now + span;
  s.bans = static_cast<std::uint8_t>(std::min<unsigned>(s.bans + 1u, shift_max));
  s.failures = {};
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::milliseconds{span});
}

/// Failures within the window, this one included.
std::uint64_t admission::count_failure(entry& s, std::uint64_t now) const {
  forgive(s, now);
  const std::uint64_t step = std::max<std::uint64_t>(milliseconds(limits_.failure_window) / 8, 1);
  const std::uint64_t last = now / step;
  const std::uint64_t stale = std::min<std::uint64_t>(last - s.failed_at / step, s.failures.size());
  for (std::uint64_t i = 0; i < stale; ++i)
    s.failures[(last - i) % s.failures.size()] = 0;
  s.failed_at = now;
  ++s.failures[last % s.failures.size()];
  return std::accumulate(s.failures.begin(), s.failures.end(), std::uint64_t{0});
}

std::uint64_t admission::user_of(std::string_view name, std::string_view domain) const {
  std::string text{name};
  text.append("@").append(domain);
  return std::max<std::uint64_t>(hash_(text), 1);
}

ban_notice admission::auth_failed(const ip_address& address, std::uint64_t user, time_point at) {
  using scope = ban_notice::scope;
  ban_notice notice;
  if (limits_.ban_after == 0 || is_exempt(address)) return notice;
  const std::uint64_t now = since_start(at);
  entry& u = find_or_make(users_, named(address, user), now);
  if (u.banned_until <= now && count_failure(u, now) >= limits_.ban_after) {
    notice = {scope::user, ban(u, now)};
    users_banned_until_ = std::max(users_banned_until_, u.banned_until);
  }
  const auto name = named(address);
  entry& s = find_or_make(sources_, name, now);
  if (s.banned_until > now && !s.slowed) return notice;
  const auto too_many = std::uint64_t{limits_.ban_after} * limits_.source_factor;
  if (count_failure(s, now) < too_many) return notice;
  s.slowed = proved_->has_since(hash_of(name), at - limits_.failure_window);
  return {s.slowed ? scope::slowed : scope::source, ban(s, now)};
}

bool admission::is_banned(const ip_address& address, std::uint64_t user, time_point at) const {
  if (!has_banned_users(at)) return false;
  const entry* u = find(users_, named(address, user));
  return u && u->banned_until > since_start(at);
}

bool admission::is_new_guess(std::uint64_t guess) {
  if (std::find(guesses_.begin(), guesses_.end(), guess) != guesses_.end()) return false;
  guesses_[next_guess_++ % guesses_.size()] = guess;
  return true;
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
