#include "sip/transaction/timer_wheel.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace parkway::sip;
using namespace std::chrono_literals;

namespace {

using time_point = timer_wheel::time_point;

const time_point zero = time_point{} + 1000h;

std::string popped(timer_wheel& wheel, time_point now) {
  std::string out;
  while (const auto cookie = wheel.pop_due(now))
    out += std::to_string(*cookie) + " ";
  return out;
}

}  // namespace

TEST_CASE("timers fire in order of their ticks, and within a tick as they were added", "[wheel]") {
  timer_wheel wheel{zero};
  wheel.add(zero + 500ms, 1);
  wheel.add(zero + 20ms, 2);
  wheel.add(zero + 500ms, 3);
  wheel.add(zero + 10s, 4);
  CHECK(popped(wheel, zero + 19ms).empty());
  CHECK(popped(wheel, zero + 499ms) == "2 ");
  CHECK(popped(wheel, zero + 1h) == "1 3 4 ");
  CHECK(wheel.size() == 0);
}

TEST_CASE("a timer never fires early, and late by less than a tick", "[wheel]") {
  timer_wheel wheel{zero};
  wheel.add(zero + 11ms, 1);
  CHECK(popped(wheel, zero + 11ms).empty());
  CHECK(popped(wheel, zero + 20ms) == "1 ");
}

TEST_CASE("a timer due in the past fires at once", "[wheel]") {
  timer_wheel wheel{zero};
  CHECK(popped(wheel, zero + 5s).empty());
  wheel.add(zero + 1s, 1);
  wheel.add(zero - 1s, 2);
  CHECK(*wheel.next_due() <= zero + 5s);
  CHECK(popped(wheel, zero + 5s) == "1 2 ");
}

TEST_CASE("a cancelled timer does not fire, and a stale id cancels nothing", "[wheel]") {
  timer_wheel wheel{zero};
  const auto first = wheel.add(zero + 1s, 1);
  CHECK(wheel.cancel(first));
  CHECK_FALSE(wheel.cancel(first));
  const auto second = wheel.add(zero + 1s, 2);  // Takes the place of the first.
  CHECK(second.index == first.index);
  CHECK_FALSE(wheel.cancel(first));
  CHECK(popped(wheel, zero + 2s) == "2 ");
  CHECK_FALSE(wheel.cancel(second));
  CHECK_FALSE(wheel.cancel({}));
  CHECK_FALSE(wheel.cancel({77'777, 1}));
}

TEST_CASE("timers may be added and cancelled while others fire", "[wheel]") {
  timer_wheel wheel{zero};
  wheel.add(zero + 100ms, 1);
  const auto victim = wheel.add(zero + 100ms, 2);
  REQUIRE(wheel.pop_due(zero + 1s) == std::optional<std::uint64_t>{1});
  wheel.cancel(victim);
  wheel.add(zero + 200ms, 3);
  CHECK(popped(wheel, zero + 1s) == "3 ");
}

TEST_CASE("next_due is never late, and leads to each timer in a few steps", "[wheel]") {
  for (const auto span : {10ms, 2550ms, 2560ms, 655'360ms, 3'600'000ms, 86'400'000ms}) {
    timer_wheel wheel{zero};
    popped(wheel, zero + 12'345ms);
    const auto due = zero + 12'350ms + span;
    wheel.add(due, 1);
    int steps = 0;
    for (std::string fired; fired.empty(); ++steps) {
      REQUIRE(steps < 6);
      const auto next = wheel.next_due();
      REQUIRE(next);
      REQUIRE(*next <= due);
      fired = popped(wheel, *next);
      if (!fired.empty()) CHECK(*next == due);
    }
    CHECK_FALSE(wheel.next_due());
  }
}

TEST_CASE("the wheel agrees with an ordered map, whatever happens", "[wheel]") {
  std::mt19937 random{GENERATE(1u, 2u, 3u, 4u)};
  timer_wheel wheel{zero};
  std::multimap<std::uint64_t, std::uint64_t> expected;  // By tick; equal ones in order of adding.
  std::map<std::uint64_t, std::pair<timer_id, std::uint64_t>> live;
  std::uint64_t cookie = 0;
  auto now = zero;
  for (int round = 0; round < 4000; ++round) {
    const auto dice = random() % 10;
    if (dice < 5) {
      const auto delay = std::chrono::milliseconds{random() % (1u << random() % 27)};
      const auto due = now + delay;
      const auto tick = static_cast<std::uint64_t>((due - zero + 9'999'999ns) / 10ms);
      ++cookie;
      live[cookie] = {wheel.add(due, cookie), tick};
      expected.emplace(tick, cookie);
    } else if (dice < 7 && !live.empty()) {
      const auto it = live.lower_bound(random() % (cookie + 1));
      if (it == live.end()) continue;
      CHECK(wheel.cancel(it->second.first));
      const auto range = expected.equal_range(it->second.second);
      expected.erase(std::find_if(range.first, range.second,
                                  [&](const auto& e) { return e.second == it->first; }));
      live.erase(it);
    } else {
      now += std::chrono::milliseconds{random() % (1u << random() % 24)};
      const auto tick = static_cast<std::uint64_t>((now - zero) / 10ms);
      std::vector<std::pair<std::uint64_t, std::uint64_t>> fired;
      while (const auto popped = wheel.pop_due(now)) {
        fired.emplace_back(live.at(*popped).second, *popped);
        live.erase(*popped);
      }
      const auto end = expected.upper_bound(tick);
      const std::vector<std::pair<std::uint64_t, std::uint64_t>> due{expected.begin(), end};
      expected.erase(expected.begin(), end);
      CHECK(fired == due);
    }
    CHECK(wheel.size() == live.size());
    CHECK(wheel.next_due().has_value() == !live.empty());
  }
}
