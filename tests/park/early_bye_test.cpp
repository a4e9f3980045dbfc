#include "tests/sim/talk.hpp"

using namespace parkway;
using namespace parkway::sim;
using namespace std::chrono_literals;

namespace {

goodbye any_moment() {
  return GENERATE(goodbye::with_refer, goodbye::on_accepted, goodbye::on_trying,
                  goodbye::when_done);
}

}  // namespace

TEST_CASE("the parker's BYE, at whatever moment, does not end the parked party's call",
          "[park][early_bye]") {
  auto moment = any_moment();
  bool forgets = GENERATE(false, true);
  CAPTURE(int(moment), forgets);
  simulation story{{.seed = GENERATE(seeds(10)), .link = link_terms::jitter(20ms)}};
  auto [alice, james] = talk(story, {}, {.after_park = moment, .forgets_after_bye = forgets});
  auto& carol = story.registered("carol", "104");
  james.line().refer("*68104");
  story.run_for(5s);
  CHECK(james.line().ended());
  CHECK(alice.line().talking());
  CHECK(story.hears("alice") == "music");
  auto& taken = carol.call("*88104");
  story.run_for(1s);
  REQUIRE(taken.talking());
  CHECK(story.hears("alice") == "carol");
  check_end(story);
}

TEST_CASE("a park that fails after the parker has gone rings the parker back at once",
          "[park][early_bye]") {
  auto moment = GENERATE(goodbye::with_refer, goodbye::on_accepted, goodbye::on_trying);
  CAPTURE(int(moment));
  simulation story{{.seed = GENERATE(seeds(10)), .link = link_terms::jitter(20ms)}};
  auto [alice, james] = talk(story, {}, {.after_park = moment});
  james.line().refer("*68199");
  story.run_for(2s);
  REQUIRE(james.line_count() == 2);
  CHECK(james.line(0).ended());
  CHECK(james.line(1).seen().shown_first == "Park failed: Alice <106>");
  CHECK(story.hears("alice") == "music");
  james.line(1).answer();
  story.run_for(1s);
  CHECK(story.hears("alice") == "james");
  CHECK(story.hears("james") == "alice");
  check_end(story);
}

TEST_CASE("a park from outside of the call and an early BYE lose nobody",
          "[park][early_bye][outside]") {
  const auto delay = GENERATE(0ms, 10ms, 30ms, 60ms);
  CAPTURE(delay.count());
  simulation story{{.seed = GENERATE(seeds(5)), .shards = 2, .link = link_terms::jitter(20ms)}};
  auto [alice, james] = talk(story, {}, {.remembers_challenge = true});
  SECTION("it is refused: the parker is rung back") {
    james.park_outside("199", james.line());
    story.run_for(delay);
    james.line().hang_up();
    story.run_for(2s);
    REQUIRE(james.line_count() == 2);
    CHECK(james.line(1).seen().shown_first == "Park failed: Alice <106>");
    CHECK(story.hears("alice") == "music");
    james.line(1).answer();
    story.run_for(1s);
    CHECK(story.hears("alice") == "james");
  }
  SECTION("it is done: the call is parked") {
    james.park_outside("104", james.line());
    story.run_for(delay);
    james.line().hang_up();
    story.run_for(1s);
    CHECK(story.hears("alice") == "music");
    auto& carol = story.registered("carol", "104");
    carol.call("*88");
    story.run_for(1s);
    CHECK(story.hears("alice") == "carol");
  }
  SECTION("the peer hangs up, too") {
    james.park_outside("104", james.line());
    story.run_for(delay);
    james.line().hang_up();
    alice.line().hang_up();
    story.run_for(1s);
  }
  check_end(story);
}

TEST_CASE("a BYE that crosses the refusal counts as one from before it", "[park][early_bye]") {
  simulation story{{.seed = GENERATE(seeds(10)), .link = link_terms::jitter(20ms)}};
  // The phone takes a second to answer reports, and its person hangs up meanwhile.
  auto [alice, james] = talk(story, {}, {.report_pause = 1s});
  james.line().refer("*68199");
  story.run_until([&, &j = james] { return j.line().seen().report_ended; });
  james.line().hang_up();
  story.run_for(3s);
  REQUIRE(james.line_count() == 2);
  CHECK(james.line(1).seen().shown_first == "Park failed: Alice <106>");
  CHECK(alice.line().talking());
  check_end(story);
}

TEST_CASE("a phone that says BYE to whatever the last report says loses nobody either",
          "[park][early_bye]") {
  simulation story{{.seed = GENERATE(seeds(10)), .link = link_terms::jitter(20ms)}};
  auto [alice, james] = talk(story, {}, {.after_park = goodbye::when_told});
  james.line().refer("*68199");
  story.run_for(2s);
  REQUIRE(james.line_count() == 2);
  CHECK(james.line(1).seen().shown_first == "Park failed: Alice <106>");
  CHECK(story.hears("alice") == "music");
  check_end(story);
}

TEST_CASE("a phone that wants no reports takes a refused park for done: it is rung back",
          "[park][early_bye]") {
  auto moment = GENERATE(goodbye::with_refer, goodbye::on_accepted);
  CAPTURE(int(moment));
  simulation story{{.seed = GENERATE(seeds(10)), .link = link_terms::jitter(20ms)}};
  auto [alice, james] = talk(story, {}, {.after_park = moment});
  james.line().refer("*68199", nullptr, true);
  story.run_for(2s);
  REQUIRE(james.line_count() == 2);
  CHECK(james.line(1).seen().shown_first == "Park failed: Alice <106>");
  CHECK(story.hears("alice") == "music");
  check_end(story);
}

TEST_CASE("a BYE after the refusal was acknowledged ends the call as ever", "[park][early_bye]") {
  simulation story;
  auto [alice, james] = talk(story);
  james.line().refer("*68199");
  story.run_for(2s);
  REQUIRE(james.line().talking());
  james.line().hang_up();
  story.run_for(2s);
  CHECK(alice.line().ended());
  CHECK(james.line_count() == 1);
  check_end(story);
}

TEST_CASE("whoever is rung back and does not answer is rung again, as in a recall",
          "[park][early_bye]") {
  simulation story;
  auto [alice, james] = talk(story, {}, {.after_park = goodbye::with_refer});
  james.line().refer("*68199");
  story.run_for(35s);
  REQUIRE(james.line_count() == 2);
  CHECK(james.line(1).ended());
  story.run_for(12s);
  REQUIRE(james.line_count() == 3);
  CHECK(story.hears("alice") == "music");
  james.line(2).answer();
  story.run_for(1s);
  CHECK(story.hears("alice") == "james");
  check_end(story);
}

TEST_CASE("the parked party hangs up while the park is under way", "[park][early_bye]") {
  auto moment = any_moment();
  CAPTURE(int(moment));
  simulation story{{.seed = GENERATE(seeds(20)), .link = link_terms::jitter(20ms)}};
  auto [alice, james] = talk(story, {}, {.after_park = moment});
  james.line().refer("*68104");
  story.run_for(story.time().between(0ms, 60ms));
  alice.line().hang_up();
  story.run_for(8s);
  CHECK(alice.live_calls() == 0);
  CHECK(james.live_calls() == 0);
  auto& carol = story.registered("carol", "104");
  auto& late = carol.call("*88104");
  story.run_for(2s);
  CHECK(late.seen().status == 404);
  check_end(story);
}
