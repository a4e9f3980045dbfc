#include "tests/park/entry_path.hpp"
#include "tests/sim/park_rules.hpp"

using namespace parkway;
using namespace parkway::sim;
using namespace std::chrono_literals;

/// Park, retrieve and hang up while every tenth message is lost and others are doubled and late.

TEST_CASE("a call is parked, retrieved and hung up through a bad network, whatever the seed",
          "[park][network]") {
  simulation story{{.seed = GENERATE(seeds(200))}};
  auto path = static_cast<entry_path>(story.seed() % 4);
  // A BYE that overtakes its REFER is not among them: it comes from a phone that has asked nothing.
  auto after = static_cast<goodbye>(1 + story.seed() / 4 % 4);
  auto [alice, james] = talk(story, {}, {.after_park = after});
  auto& carol = story.registered("carol", "104");
  story.net().set_terms(link_terms::bad());
  park_by(story, path, james, "*68104");
  REQUIRE(story.run_until([&] { return story.hears("alice") == "music"; }, 40s));
  REQUIRE(story.run_until([&] { return james.live_calls() == 0; }, 60s));
  REQUIRE(story.run_until([&] { return carol.screen().first == "106"; }, 60s));
  auto& taken = carol.call("*88");
  REQUIRE(story.run_until([&] { return taken.talking() || taken.ended(); }, 60s));
  REQUIRE(taken.talking());
  CHECK(taken.seen().shown_first == "Alice <106>");
  CHECK(story.run_until([&] { return story.hears("alice") == "carol"; }, 40s));
  CHECK(story.hears("carol") == "alice");
  CHECK(story.run_until([&] { return !carol.screen().lit(); }, 60s));
  story.run_for(story.time().between(0ms, 2s));
  auto& hangs_up = story.time().chance(0.5) ? alice.line() : taken;
  auto& hears_it = &hangs_up == &taken ? alice.line() : taken;
  hangs_up.hang_up();
  // A BYE that comes before its ACK gives the retrieve up: the caller waits on, and is not lost.
  auto waits_on = [&] { return &hangs_up == &taken && parked_calls(story).size() == 1; };
  CHECK(story.run_until([&] { return hears_it.ended() || waits_on(); }, 40s));
  check_end(story);
}
