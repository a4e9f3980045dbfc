#include "tests/sim/park_rules.hpp"
#include "tests/sim/talk.hpp"

using namespace parkway;
using namespace parkway::sim;
using namespace std::chrono_literals;

/// How a recall can end: whoever is asked in whatever state, the one who waits is never lost.

namespace {

story_terms recalls(std::uint64_t seed = 1, std::function<void(tenant&)> more = {}) {
  return {.seed = seed, .change = [more = std::move(more)](tenant& t) {
            auto& recall = t.call_park.recall;
            recall.recall_time = 20s;
            recall.ring_time = 10s;
            recall.retry_time = 5s;
            recall.max_park_time = 120s;
            if (more) more(t);
          }};
}

/// Alice, parked by James at 104; his phones are idle.
two_people park_alice(simulation& story, phone_habits jamess = {}) {
  auto people = talk(story, {}, std::move(jamess));
  people.james.line().refer("*68104");
  REQUIRE(story.run_until([&] { return people.james.line().ended(); }));
  return people;
}

}  // namespace

TEST_CASE("S13: the recall is answered on the parker's other phone, and parked from there again",
          "[park][recall][S13]") {
  simulation story{recalls(GENERATE(seeds(5)))};
  auto [alice, james] = park_alice(story);
  auto& soft = story.registered("soft", "103");
  auto& carol = story.registered("carol", "104");
  REQUIRE(story.run_until([&] { return soft.has_call() && james.live_calls() == 1; }));
  CHECK(soft.line().seen().shown_first == "Recall: Alice <106>");
  soft.line().answer();
  story.run_for(1s);
  CHECK(james.live_calls() == 0);
  CHECK(story.hears("alice") == "soft");
  CHECK_FALSE(carol.screen().lit());
  // Each park begins its own time.
  soft.line().refer("*68104");
  story.run_for(15s);
  CHECK(story.hears("alice") == "music");
  CHECK(james.live_calls() + soft.live_calls() == 0);
  story.run_for(6s);
  CHECK(james.live_calls() == 1);
  carol.call("*88");
  story.run_for(1s);
  CHECK(story.hears("alice") == "carol");
  CHECK(james.live_calls() == 0);
  check_end(story);
}

TEST_CASE("S14: a parker that cannot be reached is tried again, and the call waits meanwhile",
          "[park][recall][S14]") {
  auto status = GENERATE(486, 480, 404, 408, 500, 503, 603, 302, 0);
  CAPTURE(status);
  simulation story{recalls()};
  auto [alice, james] = park_alice(story);
  if (status == 0)
    james.habits().ignores_calls = true;
  else
    james.habits().refuse_with = status;
  auto& carol = story.registered("carol", "104");
  REQUIRE(story.run_until([&] { return james.line_count() == 2; }));
  REQUIRE(story.run_until([&] { return james.line_count() == 3; }, 70s));
  CHECK(story.hears("alice") == "music");
  CHECK(carol.screen().first == "106");
  // The parker comes back to its desk.
  james.habits().refuse_with = 0;
  james.habits().ignores_calls = false;
  REQUIRE(story.run_until(
    [&] { return james.live_call() && james.line().state() == call_state::ringing_here; }, 70s));
  story.run_for(1s);
  if (auto* call = james.live_call(); call && call->state() == call_state::ringing_here)
    call->answer();
  story.run_for(2s);
  CHECK(story.hears("alice") == "james");
  check_end(story);
}

TEST_CASE("S14: an unregistered parker is rung as soon as it is there at the next try",
          "[park][recall][S14]") {
  simulation story{recalls()};
  auto [alice, james] = park_alice(story);
  james.unregister();
  story.run_for(40s);
  CHECK(james.live_calls() == 0);
  CHECK(story.hears("alice") == "music");
  james.register_for();
  REQUIRE(story.run_until([&] { return james.live_calls() == 1; }));
  james.line().answer();
  story.run_for(1s);
  CHECK(story.hears("alice") == "james");
  check_end(story);
}

TEST_CASE("S14: a parker who talks to somebody else is rung all the same", "[park][recall][S14]") {
  simulation story{recalls()};
  auto [alice, james] = park_alice(story);
  auto& bob = story.registered("bob", "102");
  bob.call("103");
  story.run_for(1s);
  james.line().answer();
  story.run_for(1s);
  REQUIRE(story.run_until([&] { return james.live_calls() == 2; }));
  CHECK(james.line().seen().shown_first == "Recall: Alice <106>");
  james.line(1).hold();
  story.run_for(1s);
  james.line().answer();
  story.run_for(1s);
  CHECK(story.hears("alice") == "james");
  CHECK(story.hears("bob") == "music");
  check_end(story);
}

TEST_CASE("S15: nobody takes the call and nobody answers: on to `final`, who talks or does not",
          "[park][recall][S15]") {
  auto answers = GENERATE(true, false);
  simulation story{recalls(1, [](tenant& t) { t.call_park.recall.final_number = number{"105"}; })};
  auto [alice, james] = park_alice(story);
  james.habits().refuse_with = 486;
  auto& dave = story.registered("dave", "105");
  auto& carol = story.registered("carol", "104");
  REQUIRE(story.run_until([&] { return dave.has_call(); }, 150s));
  CHECK(dave.line().seen().shown_first == "Alice <106>");
  // It is the last one's now: no longer retrievable, no longer shown.
  CHECK_FALSE(carol.screen().lit());
  auto& late = carol.call("*88");
  story.run_for(1s);
  CHECK(late.seen().status == 404);
  if (answers) {
    dave.line().answer();
    story.run_for(1s);
    CHECK(story.hears("alice") == "dave");
  } else {
    story.run_for(58s);
    CHECK(alice.line().talking());
    story.run_for(5s);
    CHECK(alice.line().ended());
    CHECK(dave.live_calls() == 0);
  }
  check_end(story);
}

TEST_CASE("S15: the parker first, then the ring group, and an end", "[park][recall][S15]") {
  auto answers = GENERATE(true, false);
  simulation story{recalls(1, [](tenant& t) {
    t.ring_groups[number{"600"}] = {
      number{"600"}, "Desk", ring_strategy::simultaneous, 10s, {number{"101"}, number{"102"}}};
    auto& recall = t.call_park.recall;
    recall.target = recall_target::user_first_then_ring_group;
    recall.ring_group = number{"600"};
    recall.ring_group_time = 15s;
  })};
  auto [alice, james] = park_alice(story);
  auto& ann = story.registered("ann", "101");
  auto& bob = story.registered("bob", "102");
  REQUIRE(story.run_until([&] { return ann.has_call() && bob.has_call(); }, 60s));
  CHECK(james.live_calls() == 0);
  CHECK(ann.line().seen().shown_first == "Recall: Alice <106>");
  if (answers) {
    bob.line().answer();
    story.run_for(1s);
    CHECK(story.hears("alice") == "bob");
    CHECK(ann.live_calls() == 0);
  } else {
    story.run_for(30s);
    CHECK(alice.line().ended());
    CHECK(ann.live_calls() + bob.live_calls() == 0);
  }
  check_end(story);
}

TEST_CASE("S34: two phones of the parker answer the recall at once: one has the caller",
          "[park][recall][races][S34]") {
  auto terms = recalls(GENERATE(seeds(60)));
  terms.link = link_terms::jitter(30ms);
  simulation story{terms};
  auto [alice, james] = park_alice(story);
  auto& soft = story.registered("soft", "103");
  auto rings = [](phone& p) {
    return p.has_call() && p.line().state() == call_state::ringing_here;
  };
  REQUIRE(story.run_until([&] { return rings(james) && rings(soft); }));
  story.run_for(200ms);
  james.line().answer();
  story.run_for(story.time().between(0ms, 60ms));
  soft.line().answer();
  story.run_for(5s);
  CHECK(james.line().talking() + soft.line().talking() == 1);
  CHECK(story.hears("alice") == (soft.line().talking() ? "soft" : "james"));
  CHECK(parked_calls(story).empty());
  check_end(story);
}

TEST_CASE("S35: the parker answers just when its ringing is cancelled: the caller is with one",
          "[park][recall][races][S35]") {
  auto terms = recalls(GENERATE(seeds(60)));
  terms.link = link_terms::jitter(30ms);
  simulation story{terms};
  auto [alice, james] = park_alice(story);
  REQUIRE(story.run_until([&] { return james.line_count() == 2; }));
  // The ringing ends after 10 s.
  story.run_for(9970ms + story.time().between(0ms, 60ms));
  james.line().answer();
  story.run_for(3s);
  if (james.line().talking()) {
    CHECK(story.hears("alice") == "james");
    CHECK(parked_calls(story).empty());
  } else {
    CHECK(story.hears("alice") == "music");
    REQUIRE(story.run_until([&] { return james.live_calls() == 1; }));
    james.line().answer();
    story.run_for(1s);
    CHECK(story.hears("alice") == "james");
  }
  check_end(story);
}
