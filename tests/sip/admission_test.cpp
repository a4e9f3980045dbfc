#include "sip/auth/admission.hpp"

#include "sip/auth/complaints.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace parkway;
using namespace parkway::sip;
using namespace std::chrono_literals;

namespace {

using time_point = admission::time_point;
using verdict = admission_verdict;
using scope = ban_notice::scope;

const time_point zero = time_point{} + 1000h;
const ip_address guesser = *ip_address::parse("203.0.113.9");
const ip_address office = *ip_address::parse("198.51.100.20");

admission doorkeeper(admission_limits limits = {}) {
  return {std::move(limits), 7, zero};
}

/// How many of `asked` requests at one moment get in.
int admitted(admission& a, const ip_address& source, int asked, time_point now) {
  int count = 0;
  for (int i = 0; i < asked; ++i)
    count += a.admit(source, now) == verdict::admitted;
  return count;
}

/// One user fails until something comes of it; how often that took.
int guess(admission& a, const ip_address& source, time_point now, int most = 1000,
          std::uint64_t user = 103) {
  for (int i = 1; i <= most; ++i)
    if (a.auth_failed(source, user, now).whom != scope::nobody) return i;
  return 0;
}

/// Each failure is another user's.
int guess_names(admission& a, const ip_address& source, time_point now, int most = 1000) {
  for (int i = 1; i <= most; ++i)
    if (a.auth_failed(source, static_cast<std::uint64_t>(1000 + i), now).whom != scope::nobody)
      return i;
  return 0;
}

bool is_banned(admission& a, const ip_address& source, time_point now) {
  return a.admit(source, now) == verdict::banned;
}

}  // namespace

TEST_CASE("a source gets its rate of requests and no more", "[admission]") {
  auto a = doorkeeper();
  CHECK(admitted(a, guesser, 1000, zero) == 200);
  CHECK(a.admit(guesser, zero) == verdict::too_many);
  CHECK(admitted(a, office, 10, zero) == 10);
  CHECK(admitted(a, guesser, 1000, zero + 100ms) == 20);
  CHECK(admitted(a, guesser, 1000, zero + 1h) == 200);
}

TEST_CASE("requests of known users cost their source nothing", "[admission]") {
  auto a = doorkeeper();
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(a.admit(office, zero) == verdict::admitted);
    a.authenticated(office, zero);
  }
  CHECK(admitted(a, office, 1000, zero) == 200);  // And save nothing up.
}

TEST_CASE("ten failures of one user within a minute ban that user there", "[admission]") {
  auto a = doorkeeper();
  CHECK(guess(a, guesser, zero) == 10);
  CHECK(a.is_banned(guesser, 103, zero + 59s));
  CHECK_FALSE(a.is_banned(guesser, 104, zero));
  CHECK_FALSE(a.is_banned(office, 103, zero));
  CHECK(a.admit(guesser, zero) == verdict::admitted);
  CHECK_FALSE(a.is_banned(guesser, 103, zero + 60s));
}

TEST_CASE("ten times as many failures of several users ban the source", "[admission]") {
  auto a = doorkeeper();
  CHECK(guess_names(a, guesser, zero) == 100);
  CHECK(is_banned(a, guesser, zero + 59s));
  CHECK_FALSE(is_banned(a, office, zero));
  CHECK_FALSE(is_banned(a, guesser, zero + 60s));
}

TEST_CASE("a source with somebody who knows his password is slowed, not banned", "[admission]") {
  auto a = doorkeeper();
  a.authenticated(office, zero - 10s);
  ban_notice notice;
  for (std::uint64_t i = 0; i < 100; ++i)
    notice = a.auth_failed(office, 1000 + i, zero);
  CHECK(notice.whom == scope::slowed);
  CHECK(notice.span == 60s);
  CHECK(admitted(a, office, 1000, zero) == 20);
  CHECK(admitted(a, office, 1000, zero + 1s) == 20);
  CHECK(admitted(a, office, 1000, zero + 62s) == 200);
  // It goes on with guessing, and nobody there has known a password for long.
  for (std::uint64_t i = 0; i < 100; ++i)
    notice = a.auth_failed(office, 2000 + i, zero + 120s);
  CHECK(notice.whom == scope::source);
  CHECK(is_banned(a, office, zero + 120s));
}

TEST_CASE("a password that one shard has seen slows a source in all", "[admission]") {
  auto proved = std::make_shared<proved_sources>();
  admission here{{}, 7, zero, proved}, there{{}, 7, zero + 5s, proved};
  there.authenticated(office, zero + 5s);
  CHECK(here.user_of("103", "pbx.test") == there.user_of("103", "pbx.test"));
  CHECK(here.user_of("103", "pbx.test") != here.user_of("103", "other.test"));
  CHECK(guess_names(here, office, zero + 10s) == 100);
  CHECK_FALSE(is_banned(here, office, zero + 10s));
  CHECK(guess_names(here, guesser, zero + 10s) == 100);
  CHECK(is_banned(here, guesser, zero + 10s));
}

TEST_CASE("failures count together within a minute, and not beyond", "[admission]") {
  auto a = doorkeeper();
  CHECK(guess(a, guesser, zero + 10s, 9) == 0);
  CHECK(guess(a, guesser, zero + 50s) == 1);
  CHECK(guess(a, office, zero, 9) == 0);
  CHECK(guess(a, office, zero + 60s, 9) == 0);
  CHECK_FALSE(a.is_banned(office, 103, zero + 60s));
}

TEST_CASE("each ban is twice as long, up to a day; quiet hours take it back", "[admission]") {
  auto a = doorkeeper();
  auto now = zero;
  for (const auto length :
       {60s, 120s, 240s, 480s, 960s, 1920s, 3840s, 7680s, 15360s, 30720s, 61440s, 86400s, 86400s}) {
    REQUIRE(guess(a, guesser, now) == 10);
    REQUIRE(a.is_banned(guesser, 103, now + length - 1s));
    now += length;
    REQUIRE_FALSE(a.is_banned(guesser, 103, now));
  }
  auto b = doorkeeper();
  guess(b, guesser, zero);
  guess(b, guesser, zero + 60s);  // Ends at 180 s; the next would last 240 s.
  guess(b, guesser, zero + 180s + 1h);
  CHECK(b.is_banned(guesser, 103, zero + 180s + 1h + 119s));
  CHECK_FALSE(b.is_banned(guesser, 103, zero + 180s + 1h + 120s));
}

TEST_CASE("exempt networks are neither limited nor banned", "[admission]") {
  admission_limits limits;
  limits.exempt = {{*ip_address::parse("198.51.100.0"), 24}};
  auto a = doorkeeper(limits);
  CHECK(a.is_exempt(office));
  CHECK(admitted(a, office, 5000, zero) == 5000);
  CHECK(guess(a, office, zero) == 0);
  CHECK(guess(a, guesser, zero) == 10);
}

TEST_CASE("an IPv6 source is its /64", "[admission]") {
  auto a = doorkeeper();
  for (int i = 1; i <= 100; ++i)
    a.auth_failed(*ip_address::parse("2001:db8:1:2::" + std::to_string(i)),
                  static_cast<std::uint64_t>(i % 20 + 1), zero);
  CHECK(is_banned(a, *ip_address::parse("2001:db8:1:2:ffff::1"), zero));
  CHECK_FALSE(is_banned(a, *ip_address::parse("2001:db8:1:3::1"), zero));
  // Its first bytes, read as IPv4, are somebody else.
  CHECK_FALSE(is_banned(a, *ip_address::parse("32.1.13.184"), zero));
}

TEST_CASE("a flood of made-up addresses and names lifts no ban", "[admission]") {
  admission_limits limits;
  limits.sources_max = limits.users_max = 64;
  auto a = doorkeeper(limits);
  REQUIRE(guess_names(a, guesser, zero) == 100);
  CHECK(guess(a, office, zero, 9) == 0);
  REQUIRE(guess(a, office, zero, 10, 104) == 10);
  for (unsigned i = 0; i < 10'000; ++i) {
    ip_address made_up;
    made_up.bytes = {10, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i), 1};
    REQUIRE(a.admit(made_up, zero + 1s) == verdict::admitted);
    a.auth_failed(made_up, i + 1, zero + 1s);
  }
  CHECK(is_banned(a, guesser, zero + 1s));
  CHECK(a.is_banned(office, 104, zero + 1s));
}

TEST_CASE("limits of zero switch rates and bans off", "[admission]") {
  admission_limits limits;
  limits.requests_per_second = 0;
  limits.ban_after = 0;
  auto a = doorkeeper(limits);
  CHECK(admitted(a, guesser, 5000, zero) == 5000);
  CHECK(guess(a, guesser, zero) == 0);
  CHECK(guess_names(a, guesser, zero) == 0);
}

TEST_CASE("work in flight is bounded", "[admission]") {
  admission_limits limits;
  limits.work_max = 2;
  auto a = doorkeeper(limits);
  CHECK(a.begin_work() == verdict::admitted);
  CHECK(a.begin_work() == verdict::admitted);
  CHECK(a.begin_work() == verdict::overloaded);
  CHECK(a.work() == 2);
  a.work_done();
  CHECK(a.begin_work() == verdict::admitted);
}

TEST_CASE("the limits are those of the configuration", "[admission]") {
  settings s;
  s.requests_per_second = 5;
  s.ban_after = 3;
  s.ban_time = 7s;
  s.exempt = {{office, 32}};
  auto a = doorkeeper(admission_limits::from(s));
  CHECK(admitted(a, guesser, 100, zero) == 5);
  CHECK(guess(a, guesser, zero) == 3);
  CHECK(a.is_banned(guesser, 103, zero + 6s));
  CHECK_FALSE(a.is_banned(guesser, 103, zero + 7s));
  CHECK(a.is_exempt(office));
}

TEST_CASE("the log has a line for each refusal once in a while, and so many in all",
          "[admission]") {
  complaints all{1};
  CHECK(all.is_worth_a_line("103: wrong password", zero));
  CHECK_FALSE(all.is_worth_a_line("103: wrong password", zero + 4min));
  CHECK(all.is_worth_a_line("104: wrong password", zero + 4min));
  CHECK(all.is_worth_a_line("103: wrong password", zero + 6min));
  CHECK(all.take_unwritten() == 0);
  int lines = 0;
  for (int i = 0; i < 1000; ++i)
    lines += all.is_worth_a_line("guess " + std::to_string(i), zero + 10min);
  CHECK(lines == 20);
  CHECK(all.take_unwritten() == 980);
  CHECK(all.take_unwritten() == 0);
  CHECK(all.is_worth_a_line("guess 999", zero + 11min));
}
