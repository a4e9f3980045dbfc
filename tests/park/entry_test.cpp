#include "tests/park/entry_path.hpp"
#include "tests/sim/park_rules.hpp"

using namespace parkway;
using namespace parkway::sim;
using namespace std::chrono_literals;

/// What must come out the same by whatever path a phone asks for a park.

namespace {

/// The retriever's call is with Alice, and it saw her name in the first answer.
void check_has_alice(simulation& story, phone& retriever, phone_call& call) {
  REQUIRE(story.run_until([&] { return call.talking(); }, 2s));
  story.run_for(500ms);
  CHECK(call.seen().shown_first == "Alice <106>");
  CHECK(story.hears("alice") == retriever.name());
  CHECK(story.hears(retriever, call) == "alice");
}

void check_parked(simulation& story, phone& parker, const std::string& place) {
  REQUIRE(parked_calls(story).size() == 1);
  CHECK(parked_calls(story).front().terms->place.text == place);
  CHECK(parker.live_calls() == 0);
  CHECK(story.hears("alice") == "music");
  CHECK(lying_lamps(story) == std::vector<std::string>{});
}

}  // namespace

TEST_CASE("S01: parked at the own extension, taken at another phone of it", "[park][entry][S01]") {
  auto path = every_entry_path();
  auto code = GENERATE(std::string("*68"), std::string("*68#"));
  if (path == entry_path::outside && code == "*68#") return;
  simulation story{{.seed = GENERATE(seeds(3))}};
  auto [alice, james] = talk(story);
  auto& soft = story.registered("soft", "103");
  REQUIRE(
    park_by(story, path, james, code == "*68#" && path == entry_path::outside ? "*68" : code));
  check_parked(story, james, "103");
  // The parker is told where the call is parked at itself; both its phones are.
  CHECK(james.screen().first == "106");
  CHECK(soft.screen().first == "106");
  check_has_alice(story, soft, soft.call("*88"));
  CHECK_FALSE(james.screen().lit());
  check_end(story);
}

TEST_CASE("S02: parked at 104, taken there by either code, or by a third one",
          "[park][entry][S02]") {
  auto path = every_entry_path();
  auto who = GENERATE(0, 1, 2);
  simulation story{{.seed = GENERATE(seeds(3))}};
  auto [alice, james] = talk(story);
  auto& carol = story.registered("carol", "104");
  auto& frank = story.registered("frank", "108");
  auto& key = frank.watch("dialog", "104");
  story.run_for(500ms);
  REQUIRE(park_by(story, path, james, "*68104"));
  check_parked(story, james, "104");
  CHECK(carol.screen().first == "106");
  CHECK(key.shown().lit());
  auto& retriever = who == 2 ? frank : carol;
  check_has_alice(story, retriever, retriever.call(who == 0 ? "*88" : "*88104"));
  CHECK_FALSE(carol.screen().lit());
  CHECK(key.shown().parked.empty());
  check_end(story);
}

TEST_CASE("S03: a group park finds its place, all members are told, another member takes it",
          "[park][entry][group][S03]") {
  auto path = every_entry_path();
  simulation story{{.seed = GENERATE(seeds(3))}};
  auto [alice, james] = talk(story);
  auto& bob = story.registered("bob", "102");
  auto& carol = story.registered("carol", "104");
  auto& frank = story.registered("frank", "108");
  REQUIRE(park_by(story, path, james, "*58"));
  // 101 is not registered.
  check_parked(story, james, "102");
  for (auto* member : {&bob, &carol})
    CHECK(member->screen().first == "106");
  CHECK_FALSE(james.screen().lit());
  CHECK_FALSE(frank.screen().lit());
  check_has_alice(story, carol, carol.call("*88"));
  for (auto* member : {&bob, &carol})
    CHECK_FALSE(member->screen().lit());
  check_end(story);
}

TEST_CASE("S11: what cannot be parked leaves the call as it was, whatever the path",
          "[park][entry][refused][S11]") {
  auto path = every_entry_path();
  auto [code, status] =
    GENERATE(table<std::string, int>({{"*68199", 404}, {"*68104", 486}, {"*68102", 403}}));
  story_terms terms{.seed = GENERATE(seeds(2))};
  bool off = status == 403;
  terms.change = [off](tenant& t) {
    t.call_park.parked_per_extension_max = 1;
    if (off) t.call_park.enabled = false;
  };
  simulation story{terms};
  if (status == 486) {
    // The place is taken already.
    auto& ann = story.registered("ann", "101", {.answer_after = 100ms});
    auto& other = story.registered("bob", "102").call("101");
    story.run_for(1s);
    other.refer("*68104");
    story.run_for(1s);
    REQUIRE(story.hears(ann, ann.line()) == "music");
  }
  auto [alice, james] = talk(story, {}, {.after_park = goodbye::never});
  auto begin = story.time().now();
  CHECK_FALSE(park_by(story, path, james, code));
  if (path == entry_path::refer) CHECK(james.line(0).seen().reports.back() == status);
  if (path == entry_path::second_call || path == entry_path::attended_transfer) {
    CHECK(james.line(1).seen().status == status);
    CHECK(story.hears("alice") == "music");
    james.line(0).resume();
    story.run_for(1s);
  }
  CHECK(story.ladder({.only = {"alice"}, .from = begin}) == "\n");
  CHECK(story.hears("alice") == "james");
  CHECK(story.hears(james, james.line(0)) == "alice");
  check_end(story);
}

TEST_CASE("S31: the attended transfer comes at whatever moment of the second call",
          "[park][entry][S31]") {
  auto after = GENERATE(0ms, 1ms, 3ms, 5ms, 8ms, 20ms, 500ms);
  auto forgets = GENERATE(false, true);
  CAPTURE(after.count());
  simulation story{{.seed = GENERATE(seeds(10)), .link = link_terms::jitter(3ms)}};
  auto [alice, james] = talk(
    story, {},
    {.remembers_challenge = true, .after_park = forgets ? goodbye::with_refer : goodbye::never});
  james.line().hold();
  story.run_for(1s);
  auto& code = james.call("*68104");
  story.run_for(after);
  // A phone that has heard no answer has no dialog to name: it transfers to the code blindly.
  james.line(0).refer("*68104", code.talking() ? &code : nullptr);
  story.run_for(10s);
  CHECK(james.live_calls() == 0);
  REQUIRE(parked_calls(story).size() == 1);
  CHECK(story.hears("alice") == "music");
  auto& carol = story.registered("carol", "104");
  check_has_alice(story, carol, carol.call("*88"));
  check_end(story);
}

TEST_CASE("S31: the second call is given up before it is answered: parked, or as it was",
          "[park][entry][S31]") {
  auto after = GENERATE(0ms, 2ms, 4ms, 5ms, 6ms, 7ms, 9ms);
  CAPTURE(after.count());
  simulation story{{.seed = GENERATE(seeds(10)), .link = link_terms::jitter(3ms)}};
  auto [alice, james] = talk(story, {}, {.remembers_challenge = true});
  james.line().hold();
  story.run_for(1s);
  auto& code = james.call("*68104");
  story.run_for(after);
  code.hang_up();
  story.run_for(10s);
  CHECK(story.hears("alice") == "music");
  CHECK(alice.line().talking());
  if (parked_calls(story).empty()) {
    CHECK(james.line(0).talking());
    james.line(0).resume();
    story.run_for(1s);
    CHECK(story.hears("alice") == "james");
  } else {
    CHECK(james.line(0).ended());
    auto& carol = story.registered("carol", "104");
    check_has_alice(story, carol, carol.call("*88"));
  }
  check_end(story);
}
