#include "tests/sim/phone.hpp"

#include "tests/sim/ladder.hpp"

#include <catch2/catch.hpp>

using namespace parkway;
using namespace parkway::sim;
using namespace std::chrono_literals;

namespace {

/// Two phones wired to each other, no PBX between them.
struct two_phones {
  timeline time;
  virtual_network net{time};
  endpoint a{*ip_address::parse("192.0.2.101"), 5060}, b{*ip_address::parse("192.0.2.102"), 5060};
  phone alice, bob;

  explicit two_phones(std::uint64_t seed, phone_habits as = {}, phone_habits bs = {})
    : time(seed),
      alice(time, net, a, b, "alice", named(std::move(as), "101")),
      bob(time, net, b, a, "bob", named(std::move(bs), "102")) {}

  static phone_habits named(phone_habits habits, const char* number) {
    habits.number = number;
    return habits;
  }
  std::vector<std::string> complaints() const {
    auto all = alice.complaints();
    all.insert(all.end(), bob.complaints().begin(), bob.complaints().end());
    return all;
  }
  void check_quiet() {
    time.run_for(70s);
    INFO(draw_ladder(net, {.times = true, .acks = true, .repetitions = true}));
    CHECK(complaints() == std::vector<std::string>{});
    CHECK(alice.live_calls() == 0);
    CHECK(bob.live_calls() == 0);
    CHECK(alice.unfinished() == 0);
    CHECK(bob.unfinished() == 0);
    CHECK_FALSE(time.next());
  }
};

constexpr std::uint64_t seeds = 300;

}  // namespace

TEST_CASE("two phones call each other, hold, resume and hang up", "[sim][phone]") {
  two_phones story{1, {}, {.answer_after = 1s}};
  auto& call = story.alice.call("102");
  story.time.run_for(2s);
  REQUIRE(call.talking());
  CHECK(story.bob.line().seen().shown == "alice <101>");
  call.hold();
  story.time.run_for(1s);
  CHECK(story.bob.line().local_sdp().direction == "recvonly");
  call.resume();
  story.time.run_for(1s);
  CHECK(story.bob.line().local_sdp().direction == "sendrecv");
  story.bob.line().hang_up();
  story.time.run_for(1s);
  CHECK(draw_ladder(story.net, {.acks = true}) == R"(
alice -> bob    INVITE 102
bob   -> alice  180 (INVITE)
bob   -> alice  200 (INVITE)
alice -> bob    ACK
alice -> bob    re-INVITE sendonly
bob   -> alice  200 (INVITE)
alice -> bob    ACK
alice -> bob    re-INVITE sendrecv
bob   -> alice  200 (INVITE)
alice -> bob    ACK
bob   -> alice  BYE
alice -> bob    200 (BYE)
)");
  story.check_quiet();
}

TEST_CASE("a call through a bad network ends on both sides, whatever the seed", "[sim][phone]") {
  auto seed = GENERATE(range<std::uint64_t>(0, seeds));
  CAPTURE(seed);
  two_phones story{seed, {}, {.answer_after = 800ms}};
  story.net.set_terms(link_terms::bad());
  auto& call = story.alice.call("102");
  story.time.run_for(25s);
  REQUIRE(call.talking());
  call.hold();
  story.time.run_for(20s);
  CHECK(story.bob.line().local_sdp().direction == "recvonly");
  (seed % 2 ? call : story.bob.line()).hang_up();
  story.time.run_for(10s);
  story.check_quiet();
}

TEST_CASE("a refusal, and a cancelled call, are ended cleanly through a bad network",
          "[sim][phone]") {
  auto seed = GENERATE(range<std::uint64_t>(0, seeds / 3));
  CAPTURE(seed);
  bool refuses = seed % 2 == 0;
  two_phones story{seed, {}, {.refuse_with = refuses ? 486 : 0}};
  story.net.set_terms(link_terms::bad());
  auto& call = story.alice.call("102");
  story.time.run_for(20s);
  if (!refuses) call.hang_up();
  story.time.run_for(20s);
  CHECK(call.ended());
  CHECK(call.seen().status == (refuses ? 486 : 487));
  story.check_quiet();
}

TEST_CASE("both phones change the session at once and agree in the end", "[sim][phone]") {
  auto seed = GENERATE(range<std::uint64_t>(0, 30));
  CAPTURE(seed);
  two_phones story{seed, {}, {.answer_after = 100ms}};
  story.alice.call("102");
  story.time.run_for(2s);
  story.alice.line().hold();
  story.bob.line().propose("sendrecv");
  story.time.run_for(15s);
  CHECK(story.alice.line().seen().glares + story.bob.line().seen().glares > 0);
  CHECK(story.alice.line().local_sdp().direction == "sendonly");
  CHECK(story.bob.line().local_sdp().direction == "recvonly");
  story.alice.line().hang_up();
  story.bob.line().hang_up();
  story.check_quiet();
}

TEST_CASE("a delayed offer and a reliable provisional answer find each other", "[sim][phone]") {
  phone_habits late{.offers = false, .reliable = true};
  two_phones story{5, late, {.answer_after = 3s, .reliable = true}};
  auto& call = story.alice.call("102");
  story.time.run_for(10s);
  REQUIRE(call.talking());
  CHECK(call.local_sdp().codecs == story.bob.line().remote_sdp().codecs);
  CHECK(call.seen().progress == std::vector<int>{180});
  call.hang_up();
  story.check_quiet();
}

TEST_CASE("a phone without an ACK for its answer gives the call up", "[sim][phone]") {
  two_phones story{5, {}, {.answer_after = 100ms}};
  story.alice.call("102");
  story.time.run_for(103ms);
  story.alice.unplug();
  story.time.run_for(40s);
  CHECK(story.bob.line().ended());
  story.time.run_for(40s);
  CHECK(story.bob.unfinished() == 0);
}
