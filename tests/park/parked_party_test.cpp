#include "tests/sim/park_rules.hpp"
#include "tests/sim/talk.hpp"

using namespace parkway;
using namespace parkway::sim;
using namespace std::chrono_literals;

/// What the one who waits may do: hang up at any moment, change its session, die.

namespace {

two_people park_alice(simulation& story, phone_habits alices = {}) {
  auto people = talk(story, std::move(alices));
  people.james.line().refer("*68104");
  REQUIRE(story.run_until([&] { return people.james.line().ended(); }));
  return people;
}

}  // namespace

TEST_CASE("S09: the caller hangs up just when somebody retrieves: nobody is left alone",
          "[park][races][S09]") {
  simulation story{{.seed = GENERATE(seeds(60)), .link = link_terms::jitter(5ms)}};
  auto [alice, james] = park_alice(story);
  auto& carol = story.registered("carol", "104");
  auto& taken = carol.call("*88");
  story.run_for(story.time().between(0ms, 40ms));
  alice.line().hang_up();
  story.run_for(2s);
  CHECK(alice.line().ended());
  CHECK(taken.ended());
  CHECK((taken.seen().status == 200 || taken.seen().status == 404));
  CHECK(parked_calls(story).empty());
  CHECK_FALSE(carol.screen().lit());
  check_end(story);
}

TEST_CASE("S08: a retrieve in the instant of the park gets the caller or 404",
          "[park][races][S08]") {
  simulation story{{.seed = GENERATE(seeds(60)), .shards = 3, .link = link_terms::jitter(5ms)}};
  auto [alice, james] = talk(story);
  auto& carol = story.registered("carol", "104");
  carol.habits().remembers_challenge = true;
  james.line().refer("*68104");
  story.run_for(story.time().between(0ms, 6ms));
  auto& taken = carol.call("*88");
  story.run_for(3s);
  if (taken.talking()) {
    CHECK(story.hears("alice") == "carol");
    CHECK(taken.seen().shown_first == "Alice <106>");
  } else {
    CHECK(taken.seen().status == 404);
    CHECK(story.hears("alice") == "music");
  }
  CHECK(james.line(0).ended());
  check_end(story);
}

TEST_CASE("S26: the parked party changes codec, holds, moves to another address, and waits on",
          "[park][S26]") {
  auto offers = GENERATE(true, false);
  simulation story{{.seed = GENERATE(seeds(5))}};
  auto [alice, james] = park_alice(story, {.offers = offers});
  auto& call = alice.line();
  CHECK(story.hears("alice") == "music");
  call.propose_codecs({{8, "PCMA/8000"}});
  story.run_for(1s);
  CHECK(call.seen().offer_status == 200);
  CHECK(story.hears("alice") == "music");
  call.hold();
  story.run_for(1s);
  CHECK(call.seen().offer_status == 200);
  CHECK(story.hears("alice") == "nothing");
  call.resume();
  story.run_for(1s);
  CHECK(story.hears("alice") == "music");
  call.ask_for_offer();
  story.run_for(1s);
  CHECK(call.seen().offer_status == 200);
  CHECK(story.hears("alice") == "music");
  auto& carol = story.registered("carol", "104");
  auto& taken = carol.call("*88");
  story.run_for(1s);
  REQUIRE(taken.talking());
  CHECK(story.hears("alice") == "carol");
  CHECK(story.hears("carol") == "alice");
  check_end(story);
}

TEST_CASE("S26: a parked party without a language in common with what it proposes goes on waiting",
          "[park][S26]") {
  simulation story;
  auto [alice, james] = park_alice(story);
  alice.line().propose_codecs({{98, "VENDOR/16000"}});
  story.run_for(1s);
  CHECK(alice.line().seen().offer_status == 488);
  CHECK(alice.line().talking());
  CHECK(parked_calls(story).size() == 1);
  check_end(story);
}

TEST_CASE("S26: session timers run on while parked; a caller that dies frees its place",
          "[park][timer][S26]") {
  auto timer = GENERATE(90U, 0U);
  story_terms terms;
  terms.change = [](tenant& t) {
    t.call_park.recall.recall_time = 0s;
    t.call_park.recall.max_park_time = 3600s;
  };
  simulation story{terms};
  auto [alice, james] = park_alice(story, {.session_timer = timer});
  auto& carol = story.registered("carol", "104");
  story.run_for(10min);
  CHECK(story.hears("alice") == "music");
  CHECK(carol.screen().first == "106");
  alice.unplug();
  // A session timer ends it within its interval, OPTIONS every 300 s and their time-out do else.
  story.run_for(timer > 0 ? 91s : 340s);
  CHECK(parked_calls(story).empty());
  CHECK_FALSE(carol.screen().lit());
  auto& late = carol.call("*88");
  story.run_for(1s);
  CHECK(late.seen().status == 404);
  check_end(story);
}

TEST_CASE("S28: who is parked can neither park itself again nor transfer", "[park][S28]") {
  auto code =
    GENERATE(std::string("*68103"), std::string("*58"), std::string("*68"), std::string("105"));
  simulation story;
  auto [alice, james] = park_alice(story, {.after_park = goodbye::never});
  alice.line().refer(code);
  story.run_for(2s);
  CHECK(alice.line().seen().reports == std::vector<int>{100, 403});
  CHECK(story.hears("alice") == "music");
  REQUIRE(parked_calls(story).size() == 1);
  CHECK(parked_calls(story).front().terms->place.text == "104");
  check_end(story);
}

TEST_CASE("S28: who is parked and calls a park code parks nobody", "[park][S28]") {
  simulation story;
  auto [alice, james] = park_alice(story);
  auto& second = alice.call("*68103");
  story.run_for(2s);
  CHECK(second.ended());
  CHECK((second.seen().status == 403 || second.seen().status == 404));
  CHECK(story.hears(alice, alice.line(0)) == "music");
  CHECK(parked_calls(story).size() == 1);
  check_end(story);
}
