#include "tests/sim/talk.hpp"

using namespace parkway;
using namespace parkway::sim;
using namespace std::chrono_literals;

namespace {

/// Alice is parked by James at 104.
two_people park_alice(simulation& story, phone_habits alices = {}) {
  auto people = talk(story, std::move(alices));
  people.james.line().refer("*68104");
  REQUIRE(story.run_until([&] { return people.james.line().ended(); }));
  story.run_for(100ms);
  REQUIRE(story.hears("alice") == "music");
  return people;
}

/// Somebody calls 103, who parks the call at 104.
void park_another(simulation& story, phone& who, phone& james) {
  who.call("103");
  REQUIRE(story.run_until([&] { return james.live_call() != nullptr; }));
  story.run_for(200ms);
  james.line().answer();
  REQUIRE(story.run_until([&] { return who.line().talking() && !james.line().busy(); }));
  story.run_for(100ms);
  james.line().refer("*68104");
  REQUIRE(story.run_until([&] { return james.line().ended(); }));
  story.run_for(100ms);
}

}  // namespace

TEST_CASE("nothing is parked: 404", "[park][retrieve]") {
  simulation story;
  auto& carol = story.registered("carol", "104");
  for (std::string code : {"*88", "*88104", "*88#", "*88199"}) {
    auto& call = carol.call(code);
    story.run_for(1s);
    CHECK(call.seen().status == 404);
  }
  check_end(story);
}

TEST_CASE("the parked party is in the first answer, the retriever is told to the parked one",
          "[park][retrieve][identity]") {
  simulation story;
  auto [alice, james] = park_alice(story);
  auto& carol = story.registered("carol", "104");
  auto& taken = carol.call("*88");
  story.run_for(1s);
  CHECK(taken.seen().shown_first == "Alice <106>");
  CHECK(taken.seen().offers_received == 0);
  CHECK(alice.line().seen().shown == "Carol <104>");
  check_end(story);
}

TEST_CASE("a phone that does not allow UPDATE gets none", "[park][retrieve][identity]") {
  simulation story;
  auto [alice, james] = park_alice(story, {.allows_update = false});
  auto& carol = story.registered("carol", "104");
  carol.call("*88");
  story.run_for(1s);
  CHECK(story.hears("alice") == "carol");
  CHECK(story.ladder({}).find("pbx   -> alice  UPDATE") == std::string::npos);
  check_end(story);
}

TEST_CASE("a colleague of the tenant retrieves by number, the parker too", "[park][retrieve]") {
  auto number = GENERATE(std::string("107"), std::string("103"));
  CAPTURE(number);
  simulation story;
  auto [alice, james] = park_alice(story);
  auto& eve = story.registered("eve", number);
  auto& bare = eve.call("*88");
  story.run_for(1s);
  CHECK(bare.seen().status == 404);
  auto& taken = eve.call("*88104");
  story.run_for(1s);
  REQUIRE(taken.talking());
  CHECK(story.hears("alice") == "eve");
  check_end(story);
}

TEST_CASE("a delayed offer retrieves too", "[park][retrieve]") {
  simulation story{{.seed = GENERATE(seeds(5))}};
  auto [alice, james] = park_alice(story);
  auto& carol = story.registered("carol", "104", {.offers = false});
  auto& taken = carol.call("*88");
  story.run_for(1s);
  REQUIRE(taken.talking());
  CHECK(story.hears("alice") == "carol");
  CHECK(story.hears("carol") == "alice");
  check_end(story);
}

TEST_CASE("of several parked calls the oldest is taken first", "[park][retrieve]") {
  simulation story{{.seed = GENERATE(seeds(5))}};
  auto [alice, james] = park_alice(story);
  auto& bob = story.registered("bob", "102");
  auto& eve = story.registered("eve", "107");
  park_another(story, bob, james);
  park_another(story, eve, james);
  auto& carol = story.registered("carol", "104");
  for (auto* expected : {"alice", "bob", "eve"}) {
    CAPTURE(expected);
    carol.call("*88");
    story.run_for(1s);
    REQUIRE(carol.line().talking());
    CHECK(story.hears(expected) == "carol");
    carol.line().hang_up();
    story.run_for(1s);
  }
  auto& none = carol.call("*88");
  story.run_for(1s);
  CHECK(none.seen().status == 404);
  check_end(story);
}

TEST_CASE("the parked party hangs up: the place is free", "[park][retrieve]") {
  simulation story{{.seed = GENERATE(seeds(5))}};
  auto [alice, james] = park_alice(story);
  alice.line().hang_up();
  story.run_for(1s);
  REQUIRE(story.park_events().back().state == park_state::ended);
  CHECK(story.park_events().back().why == park_end::abandoned);
  auto& carol = story.registered("carol", "104");
  auto& late = carol.call("*88");
  story.run_for(1s);
  CHECK(late.seen().status == 404);
  check_end(story);
}

TEST_CASE("two retrieve in the same instant: one has the call, the other gets 404",
          "[park][retrieve][races]") {
  simulation story{{.seed = GENERATE(seeds(60)), .shards = 2, .link = link_terms::jitter(10ms)}};
  auto [alice, james] = park_alice(story);
  auto& carol = story.registered("carol", "104");
  auto& eve = story.registered("eve", "107");
  auto& one = carol.call("*88");
  auto& two = eve.call("*88104");
  story.run_for(3s);
  CHECK(one.seen().status + two.seen().status == 604);
  CHECK(carol.live_calls() + eve.live_calls() == 1);
  CHECK(story.hears("alice") == (one.talking() ? "carol" : "eve"));
  check_end(story);
}

TEST_CASE("a retriever who understands nothing of it gets 488, and the call stays parked",
          "[park][retrieve]") {
  simulation story{{.seed = GENERATE(seeds(5))}};
  auto [alice, james] = park_alice(story);
  auto& deaf = story.registered("deaf", "104", {.codecs = {{18, "G729/8000"}}});
  auto& carol = story.registered("carol", "104");
  auto& refused = deaf.call("*88");
  story.run_for(1s);
  CHECK(refused.seen().status == 488);
  CHECK(story.hears("alice") == "music");
  auto& taken = carol.call("*88");
  story.run_for(1s);
  CHECK(taken.talking());
  CHECK(story.hears("alice") == "carol");
  check_end(story);
}

TEST_CASE("CANCEL and 200 cross on a retrieve: nobody is left alone with a dead line",
          "[park][retrieve][races]") {
  simulation story{{.seed = GENERATE(seeds(60))}};
  auto [alice, james] = park_alice(story);
  auto& carol = story.registered("carol", "104");
  auto& eve = story.registered("eve", "107");
  auto& call = carol.call("*88");
  // The INVITE with credentials leaves after 4 ms, its answer is back after 8.
  story.run_for(story.time().between(4ms, 9ms));
  call.hang_up();
  story.run_for(3s);
  CHECK(call.ended());
  if (alice.line().ended()) {
    // Her BYE came after her ACK: the call was hers, and she hung it up.
    CHECK(call.seen().status == 200);
  } else {
    CHECK(story.hears("alice") == "music");
    auto& taken = eve.call("*88104");
    story.run_for(1s);
    CHECK(taken.talking());
    CHECK(story.hears("alice") == "eve");
  }
  check_end(story);
}

TEST_CASE("a retriever that dies before its ACK does not take the call with it",
          "[park][retrieve]") {
  simulation story;
  auto [alice, james] = park_alice(story);
  auto& carol = story.registered("carol", "104");
  auto& eve = story.registered("eve", "107");
  story.net().lose_next([](const sighting& s) {
    return s.bytes.find("*88") != s.bytes.npos && s.bytes.substr(0, 11) == "SIP/2.0 200";
  });
  carol.call("*88");
  story.run_for(10ms);
  carol.unplug();
  story.run_for(40s);
  CHECK(alice.line().talking());
  CHECK(story.hears("alice") == "music");
  auto& taken = eve.call("*88104");
  story.run_for(1s);
  CHECK(taken.talking());
  check_end(story);
}

TEST_CASE("a retrieved call is an ordinary one: held, resumed, parked again, retrieved again",
          "[park][retrieve]") {
  simulation story{{.seed = GENERATE(seeds(10))}};
  auto [alice, james] = park_alice(story);
  auto& carol = story.registered("carol", "104");
  carol.call("*88");
  story.run_for(1s);
  carol.line().hold();
  story.run_for(1s);
  CHECK(story.hears("alice") == "music");
  carol.line().resume();
  story.run_for(1s);
  CHECK(story.hears("alice") == "carol");
  carol.line().refer("*68103");
  story.run_for(1s);
  CHECK(story.hears("alice") == "music");
  auto& back = james.call("*88");
  story.run_for(1s);
  REQUIRE(back.talking());
  CHECK(back.seen().shown_first == "Alice <106>");
  CHECK(story.hears("alice") == "james");
  CHECK(alice.line().seen().shown == "James <103>");
  alice.line().hang_up();
  story.run_for(1s);
  CHECK(back.ended());
  check_end(story);
}

TEST_CASE("re-INVITE and refresh of the parked party are answered, and music goes on",
          "[park][retrieve]") {
  simulation story{{.seed = GENERATE(seeds(5))}};
  auto [alice, james] = park_alice(story, {.session_timer = 120});
  story.run_for(50s);
  CHECK(alice.line().talking());
  alice.line().hold();
  story.run_for(1s);
  CHECK(alice.line().seen().offer_status == 200);
  alice.line().resume();
  story.run_for(1s);
  CHECK(alice.line().seen().offer_status == 200);
  CHECK(story.hears("alice") == "music");
  check_end(story);
}

TEST_CASE("two tenants with the same numbers never meet", "[park][retrieve][tenants]") {
  office other{.name = "other", .domain = "other.test", .password = "theirs", .is_default = false};
  story_terms terms;
  terms.more_offices = {other};
  simulation story{terms};
  auto [alice, james] = park_alice(story);
  auto& stranger =
    story.registered("stranger", "104", {.password = "theirs", .domain = "other.test"});
  auto& own = stranger.call("*88104");
  auto& theirs = stranger.call("*88104@pbx.test");
  story.run_for(2s);
  CHECK(own.seen().status == 404);
  CHECK(theirs.ended());
  CHECK(theirs.seen().status >= 401);
  CHECK(story.hears("alice") == "music");
  check_end(story);
}

TEST_CASE("where only group and owner may retrieve, others get 403", "[park][retrieve]") {
  story_terms terms;
  terms.change = [](tenant& t) { t.call_park.scope = retrieve_scope::group_or_owner; };
  simulation story{terms};
  auto [alice, james] = park_alice(story);
  auto& eve = story.registered("eve", "107");
  auto& bob = story.registered("bob", "102");
  auto& refused = eve.call("*88104");
  story.run_for(1s);
  CHECK(refused.seen().status == 403);
  CHECK(story.hears("alice") == "music");
  auto& taken = bob.call("*88104");
  story.run_for(1s);
  CHECK(taken.talking());
  check_end(story);
}
