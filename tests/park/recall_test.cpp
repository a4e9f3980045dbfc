#include "tests/sim/talk.hpp"

using namespace parkway;
using namespace parkway::sim;
using namespace std::chrono_literals;

namespace {

/// Recall after a minute, rings 30 s, again after 10 s: the defaults, said aloud.
story_terms minute(std::uint64_t seed = 1) {
  return {.seed = seed, .change = [](tenant& t) {
            t.call_park.recall.recall_time = 60s;
            t.call_park.recall.ring_time = 30s;
            t.call_park.recall.retry_time = 10s;
            t.call_park.recall.max_park_time = 300s;
          }};
}

two_people park_alice(simulation& story, phone_habits alices = {}) {
  auto people = talk(story, std::move(alices));
  people.james.line().refer("*68104");
  REQUIRE(story.run_until([&] { return people.james.line().ended(); }));
  return people;
}

}  // namespace

TEST_CASE("nobody takes the call: after a minute the parker is rung, answers and talks",
          "[park][recall]") {
  simulation story{minute(GENERATE(seeds(5)))};
  auto [alice, james] = park_alice(story);
  story.run_for(58s);
  CHECK(james.live_calls() == 0);
  story.run_for(4s);
  REQUIRE(james.live_calls() == 1);
  CHECK(james.line().seen().shown_first == "Recall: Alice <106>");
  CHECK(james.line().seen().alert_info.find("info=park-recall") != std::string::npos);
  CHECK(story.hears("alice") == "music");
  james.line().answer();
  story.run_for(1s);
  CHECK(story.hears("alice") == "james");
  CHECK(story.hears("james") == "alice");
  CHECK(alice.line().seen().shown == "James <103>");
  check_end(story);
}

TEST_CASE("a recall that is not answered is tried again after the pause", "[park][recall]") {
  simulation story{minute()};
  auto [alice, james] = park_alice(story);
  story.run_for(62s);
  REQUIRE(james.live_calls() == 1);
  story.run_for(30s);
  CHECK(james.live_calls() == 0);
  story.run_for(10s);
  CHECK(james.live_calls() == 1);
  james.line().refuse(486);
  story.run_for(8s);
  CHECK(james.live_calls() == 0);
  story.run_for(4s);
  CHECK(james.live_calls() == 1);
  CHECK(story.hears("alice") == "music");
  check_end(story);
}

TEST_CASE("a retrieve during the recall ends the ringing", "[park][recall]") {
  simulation story{minute(GENERATE(seeds(5)))};
  auto [alice, james] = park_alice(story);
  auto& carol = story.registered("carol", "104");
  story.run_for(65s);
  REQUIRE(james.live_calls() == 1);
  auto& taken = carol.call("*88");
  story.run_for(1s);
  REQUIRE(taken.talking());
  CHECK(james.line().ended());
  CHECK(james.line().seen().reason == "SIP;cause=200;text=\"Call completed elsewhere\"");
  CHECK(story.hears("alice") == "carol");
  story.run_for(3min);
  CHECK(story.hears("alice") == "carol");
  check_end(story);
}

TEST_CASE("retrieve and recall's answer in the same instant: one of them has the call",
          "[park][recall][races]") {
  simulation story{minute(GENERATE(seeds(60)))};
  auto [alice, james] = park_alice(story);
  auto& carol = story.registered("carol", "104");
  story.run_for(65s);
  REQUIRE(james.live_calls() == 1);
  auto& taken = carol.call("*88");
  story.run_for(story.time().between(2ms, 8ms));
  james.line().answer();
  story.run_for(3s);
  CHECK(taken.talking() + james.line().talking() == 1);
  CHECK(story.hears("alice") == (taken.talking() ? "carol" : "james"));
  check_end(story);
}

TEST_CASE("the caller hangs up during the recall: the ringing ends", "[park][recall]") {
  simulation story{minute()};
  auto [alice, james] = park_alice(story);
  story.run_for(65s);
  REQUIRE(james.live_calls() == 1);
  alice.line().hang_up();
  story.run_for(1s);
  CHECK(james.live_calls() == 0);
  check_end(story);
}

TEST_CASE("when the longest time is over, the call is ended with BYE", "[park][recall]") {
  simulation story{minute()};
  auto [alice, james] = park_alice(story);
  story.run_for(290s);
  CHECK(alice.line().talking());
  story.run_for(15s);
  CHECK(alice.line().ended());
  CHECK(alice.line().seen().ended_by_peer);
  CHECK(james.live_calls() == 0);
  CHECK(story.park_events().back().why == park_end::expired);
  check_end(story);
}

TEST_CASE("a ring group in `final` that hunts for longer than a minute is given up all the same",
          "[park][recall]") {
  story_terms terms;
  terms.change = [](tenant& t) {
    t.call_park.recall.recall_time = 0s;
    t.call_park.recall.max_park_time = 30s;
    t.call_park.recall.final_number = number{"600"};
    auto& group = t.ring_groups[number{"600"}];
    group.number = number{"600"};
    group.strategy = ring_strategy::prioritized;
    group.ring_time = 40s;
    group.members = {number{"101"}, number{"102"}};
  };
  simulation story{terms};
  auto [alice, james] = park_alice(story);
  auto& ann = story.registered("ann", "101");
  auto& bob = story.registered("bob", "102");
  story.run_for(31s);
  CHECK(ann.live_calls() == 1);
  story.run_for(40s);
  CHECK(ann.live_calls() == 0);
  CHECK(bob.live_calls() == 1);
  story.run_for(20s);
  CHECK(bob.live_calls() == 0);
  CHECK(alice.line().ended());
  CHECK(alice.line().seen().ended_by_peer);
  check_end(story);
}

TEST_CASE("the parked party's session is kept alive whoever is rung, and it keeps it alive itself",
          "[park][recall]") {
  const std::string refresher = GENERATE("uac", "uas");
  CAPTURE(refresher);
  simulation story{minute()};
  auto [alice, james] = park_alice(story, {.session_timer = 90, .refresher = refresher});
  // Parked, recalled and rung again for four and a half minutes: three sessions of 90 s.
  story.run_for(270s);
  CHECK(alice.line().talking());
  CHECK(story.hears("alice") == "music");
  story.run_until([&, &j = james] { return j.live_calls() == 1; });
  james.line().answer();
  story.run_for(100s);
  CHECK(alice.line().talking());
  CHECK(story.hears("alice") == "james");
  check_end(story);
}
