#include "tests/sim/talk.hpp"

using namespace parkway;
using namespace parkway::sim;
using namespace std::chrono_literals;

/// config/doc/identity.md, row by row: who called whom, and whether that one withheld its name.

namespace {

struct direction {
  bool inbound;   ///< Alice called James; else he called her.
  bool withheld;  ///< She asked for privacy, which only who calls can.
  std::string alice() const { return withheld ? "Anonymous <anonymous>" : "Alice <106>"; }
  std::string labelled(const std::string& label) const {
    return label + ": " + (withheld ? "Anonymous <anonymous>" : "Alice <106>");
  }
};

direction any_direction() {
  return GENERATE(direction{true, false}, direction{true, true}, direction{false, false});
}

struct people {
  phone& alice;
  phone& james;
  phone_call& hers;
  phone_call& his;
};

people talking(simulation& story, const direction& way, phone_habits jamess = {}) {
  auto& alice = story.registered("alice", "106", {.anonymous = way.withheld});
  auto& james = story.registered("james", "103", std::move(jamess));
  auto& from = way.inbound ? alice : james;
  auto& to = way.inbound ? james : alice;
  from.call(to.habits().number);
  REQUIRE(story.run_until([&] { return to.has_call(); }));
  story.run_for(200ms);
  to.line().answer();
  REQUIRE(story.run_until([&] { return from.line().talking() && !to.line().busy(); }));
  story.run_for(100ms);
  return {alice, james, alice.line(), james.line()};
}

void park_at(simulation& story, phone_call& by, const std::string& code) {
  by.refer(code);
  REQUIRE(story.run_until([&] { return by.ended(); }));
  story.run_for(100ms);
}

story_terms brief(std::optional<number> final_number = {}) {
  return {.change = [final_number](tenant& t) {
    t.call_park.recall.recall_time = 10s;
    t.call_park.recall.ring_time = 30s;
    t.call_park.recall.max_park_time = 100s;
    t.call_park.recall.final_number = final_number;
    if (final_number) t.call_park.recall.recall_time = 0s;
    if (final_number) t.call_park.recall.max_park_time = 10s;
  }};
}

}  // namespace

TEST_CASE("identity: park by a call, retrieve, park again, retrieve", "[park][identity]") {
  const auto way = any_direction();
  CAPTURE(way.inbound, way.withheld);
  simulation story;
  auto [alice, james, hers, his] = talking(story, way);
  auto& carol = story.registered("carol", "104");
  his.hold();
  story.run_for(1s);
  auto& confirmation = james.call("*68104");
  story.run_for(4s);
  CHECK(confirmation.seen().shown_first == "Parked at 104 <104>");
  auto& taken = carol.call("*88");
  story.run_for(1s);
  CHECK(taken.seen().shown_first == way.alice());
  CHECK(hers.seen().shown == "Carol <104>");
  park_at(story, taken, "*68103");
  auto& back = james.call("*88");
  story.run_for(1s);
  CHECK(back.seen().shown_first == way.alice());
  CHECK(hers.seen().shown == "James <103>");
  check_end(story);
}

TEST_CASE("identity: recall, answered, parked again and recalled again", "[park][identity]") {
  const auto way = any_direction();
  CAPTURE(way.inbound, way.withheld);
  simulation story{brief()};
  auto [alice, james, hers, his] = talking(story, way);
  park_at(story, his, "*68104");
  for (int round = 0; round < 2; ++round) {
    story.run_for(12s);
    REQUIRE(james.live_calls() == 1);
    CHECK(james.line().seen().shown_first == way.labelled("Recall"));
    james.line().answer();
    story.run_for(1s);
    CHECK(hers.seen().shown == "James <103>");
    park_at(story, james.line(), "*68104");
  }
  check_end(story);
}

TEST_CASE("identity: a failed park rings back", "[park][identity]") {
  const auto way = any_direction();
  CAPTURE(way.inbound, way.withheld);
  simulation story;
  auto [alice, james, hers, his] = talking(story, way, {.after_park = goodbye::with_refer});
  his.refer("*68199");
  story.run_for(2s);
  REQUIRE(james.line_count() == 2);
  CHECK(james.line().seen().shown_first == way.labelled("Park failed"));
  check_end(story);
}

TEST_CASE("identity: the number in `final`", "[park][identity]") {
  const auto way = any_direction();
  CAPTURE(way.inbound, way.withheld);
  simulation story{brief(number{"102"})};
  auto [alice, james, hers, his] = talking(story, way);
  auto& bob = story.registered("bob", "102");
  park_at(story, his, "*68104");
  story.run_for(12s);
  REQUIRE(bob.live_calls() == 1);
  CHECK(bob.line().seen().shown_first == way.alice());
  bob.line().answer();
  story.run_for(1s);
  CHECK(hers.seen().shown == "Bob <102>");
  check_end(story);
}

TEST_CASE("identity: blind and attended transfer", "[park][identity][transfer]") {
  const auto way = any_direction();
  const bool attended = GENERATE(false, true);
  CAPTURE(way.inbound, way.withheld, attended);
  simulation story;
  auto [alice, james, hers, his] = talking(story, way);
  auto& bob = story.registered("bob", "102");
  if (attended) {
    his.hold();
    story.run_for(1s);
    auto& second = james.call("102");
    REQUIRE(story.run_until([&] { return bob.has_call(); }));
    story.run_for(200ms);
    bob.line().answer();
    story.run_for(1s);
    CHECK(bob.line().seen().shown == "James <103>");
    his.refer("102", &second);
    story.run_for(1s);
  } else {
    his.refer("102");
    REQUIRE(story.run_until([&] { return bob.has_call(); }));
    story.run_for(200ms);
    CHECK(bob.line().seen().shown_first == way.alice());
    bob.line().answer();
    story.run_for(1s);
  }
  CHECK(bob.line().seen().shown == way.alice());
  CHECK(hers.seen().shown == "Bob <102>");
  check_end(story);
}

TEST_CASE("identity: a retriever that withholds its own is anonymous to the parked party",
          "[park][identity]") {
  simulation story;
  auto [alice, james, hers, his] = talking(story, {true, false});
  auto& carol = story.registered("carol", "104", {.anonymous = true});
  park_at(story, his, "*68104");
  auto& taken = carol.call("*88");
  story.run_for(1s);
  CHECK(taken.seen().shown_first == "Alice <106>");
  CHECK(hers.seen().shown == "Anonymous <anonymous>");
  check_end(story);
}
