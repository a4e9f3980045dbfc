#include "tests/sim/park_rules.hpp"
#include "tests/sim/story.hpp"

using namespace parkway;
using namespace parkway::sim;
using namespace std::chrono_literals;

/// Which place a call gets, and which call a retrieve gets.

namespace {

/// A call between two new phones, the second one ready to park the first.
phone& calls(simulation& story, const std::string& caller, const std::string& number,
             phone& parker) {
  auto& c = story.registered(caller, number);
  parker.habits().answer_after = 50ms;
  auto before = parker.line_count();
  c.call(parker.habits().number);
  REQUIRE(story.run_until([&] { return c.line().talking(); }));
  story.run_for(200ms);
  REQUIRE(parker.line_count() == before + 1);
  return c;
}

void parks(simulation& story, phone& parker, const std::string& code) {
  auto& call = *parker.live_call();
  call.refer(code);
  REQUIRE(story.run_until([&] { return call.ended(); }));
  REQUIRE(call.seen().reports.back() == 200);
}

std::string last_place(const simulation& story) {
  return parked_calls(story).back().terms->place.text;
}

}  // namespace

TEST_CASE("S04: hunting passes over who is away or occupied, not over who talks",
          "[park][group][S04]") {
  simulation story;
  auto& james = story.registered("james", "103");
  auto& bob = story.registered("bob", "102");
  auto& dave = story.registered("dave", "105");
  auto& carol = story.registered("carol", "104");
  // 101 is not registered; 102 has a call parked at it; 103 itself talks: it is chosen.
  calls(story, "alice", "106", james);
  parks(story, james, "*68102");
  calls(story, "eve", "107", james);
  parks(story, james, "*58");
  CHECK(last_place(story) == "103");
  calls(story, "frank", "108", james);
  parks(story, james, "*58");
  CHECK(last_place(story) == "104");
  // 105 is left; then nobody is available: the registered one with the fewest, the first of them.
  auto& frank2 = story.registered("frank2", "108");
  james.habits().answer_after = 50ms;
  frank2.call("103");
  story.run_for(1s);
  parks(story, james, "*58");
  CHECK(last_place(story) == "105");
  auto& eve2 = story.registered("eve2", "107");
  eve2.call("103");
  story.run_for(1s);
  parks(story, james, "*58");
  CHECK(last_place(story) == "102");
  CHECK(lying_lamps(story) == std::vector<std::string>{});
  // Nobody is registered any more: the first with the fewest, who is 101.
  auto& alice2 = story.registered("alice2", "106");
  alice2.call("103");
  story.run_for(1s);
  for (auto* p : {&james, &bob, &dave, &carol})
    p->unregister();
  story.run_for(1s);
  parks(story, james, "*58");
  CHECK(last_place(story) == "101");
  check_end(story);
}

TEST_CASE("S05: of three calls parked at one extension any one is taken by its published dialog",
          "[park][retrieve][S05]") {
  auto wanted = GENERATE(0, 1, 2);
  simulation story;
  auto& james = story.registered("james", "103");
  auto& carol = story.registered("carol", "104");
  std::vector<std::string> callers{"alice", "eve", "frank"}, numbers{"106", "107", "108"};
  // A key on a person publishes all that is parked there, one on the place the first of them.
  auto& key = carol.watch("dialog", "104");
  auto& place = carol.watch("dialog", "*88104");
  for (std::size_t i = 0; i < 3; ++i) {
    calls(story, callers[i], numbers[i], james);
    parks(story, james, "*68104");
    story.run_for(500ms);
    REQUIRE(key.shown().published.size() == i + 1);
    CHECK(place.shown().published == std::vector{key.shown().published.front()});
  }
  auto& call = carol.call_replacing("*88104", key.shown().published[std::size_t(wanted)]);
  story.run_for(1s);
  REQUIRE(call.talking());
  CHECK(story.hears(carol, call) == callers[std::size_t(wanted)]);
  CHECK(key.shown().parked.size() == 2);
  call.hang_up();
  story.run_for(1s);
  // The bare code takes the longest-parked one that is left.
  auto& next = carol.call("*88");
  story.run_for(1s);
  CHECK(story.hears(carol, next) == callers[wanted == 0 ? 1 : 0]);
  check_end(story);
}

TEST_CASE("S06: two parks in the same instant, one free place: one has it, the other call stays",
          "[park][group][races][S06]") {
  auto by_group = GENERATE(false, true);
  story_terms terms{.seed = GENERATE(seeds(40)), .shards = 3, .link = link_terms::jitter(3ms)};
  terms.change = [](tenant& t) {
    t.call_park.parked_per_extension_max = 1;
    t.park_groups.front().members = {number{"103"}, number{"104"}};
    t.group_of = {{number{"103"}, 0}, {number{"104"}, 0}};
  };
  simulation story{terms};
  auto& james = story.registered("james", "103");
  auto& carol = story.registered("carol", "104");
  if (by_group) {
    calls(story, "frank", "108", james);
    parks(story, james, "*68103");
  }
  auto& alice = calls(story, "alice", "106", james);
  auto& eve = calls(story, "eve", "107", carol);
  auto& one = *james.live_call();
  auto& other = *carol.live_call();
  one.refer(by_group ? "*58" : "*68104");
  other.refer(by_group ? "*58" : "*68104");
  story.run_for(3s);
  REQUIRE_FALSE(one.seen().reports.empty());
  REQUIRE_FALSE(other.seen().reports.empty());
  auto first = one.seen().reports.back(), second = other.seen().reports.back();
  CHECK(std::min(first, second) == 200);
  CHECK(std::max(first, second) == 486);
  CHECK(story.hears("alice") == (first == 200 ? "music" : "james"));
  CHECK(story.hears("eve") == (second == 200 ? "music" : "carol"));
  CHECK(alice.line().talking());
  CHECK(eve.line().talking());
  check_end(story);
}
