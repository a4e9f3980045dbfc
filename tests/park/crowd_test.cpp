#include "tests/sim/park_rules.hpp"
#include "tests/sim/story.hpp"

using namespace parkway;
using namespace parkway::sim;
using namespace std::chrono_literals;

/// S24: a site with very many parked calls and watchers, and everybody retrieves at once. A nightly
/// build plays it in full, the others a hundredth of it.

namespace {

#ifdef PARKWAY_NIGHTLY
constexpr int parked_count = 10'000, watcher_count = 50'000;
#else
constexpr int parked_count = 100, watcher_count = 500;
#endif
constexpr int per_desk = 100;  ///< Keys on one attendant's panel.

std::string number_of(int i) {
  return std::to_string(100'000 + i);
}

/// Places 100000…, one for each call to be parked; attendants behind them; callers behind those.
story_terms site() {
  story_terms terms{.shards = 2};
  terms.change = [](tenant& t) {
    auto person = t.extensions.begin()->second;
    for (int i = 0; i < 3 * parked_count + watcher_count / per_desk; ++i) {
      person.number = number{number_of(i)};
      person.secret = secret_of(person.number.text, {});
      t.extensions[person.number] = person;
    }
    t.call_park.recall.recall_time = 0s;
  };
  terms.configure = [](settings& s) { s.calls_max = 1'000'000; };
  return terms;
}

}  // namespace

TEST_CASE("S24: many parked calls, many watchers, and a burst of retrieves", "[park][crowd][S24]") {
  simulation story{site()};
  phone_habits quiet{.remembers_challenge = true, .keeps_registered = false};
  std::vector<phone*> places, callers, parkers, desks;
  auto hire = [&](const std::string& role, int count, int first, std::vector<phone*>& into) {
    for (int i = 0; i < count; ++i) {
      into.push_back(&story.add_phone(role + std::to_string(i), number_of(first + i), quiet));
      into.back()->register_for();
    }
    REQUIRE(story.run_until([&] { return into.back()->registered(); }));
  };
  hire("place", parked_count, 0, places);
  hire("caller", parked_count, parked_count, callers);
  hire("parker", parked_count, 2 * parked_count, parkers);
  hire("desk", watcher_count / per_desk, 3 * parked_count, desks);
  for (int i = 0; i < watcher_count; ++i)
    desks[std::size_t(i / per_desk)]->watch("dialog", number_of(i % parked_count));
  story.run_for(2s);

  for (int i = 0; i < parked_count; ++i) {
    parkers[std::size_t(i)]->habits().answer_after = 10ms;
    callers[std::size_t(i)]->call(number_of(2 * parked_count + i));
  }
  story.run_for(2s);
  for (int i = 0; i < parked_count; ++i)
    parkers[std::size_t(i)]->line().refer("*68" + number_of(i));
  story.run_for(300ms);
  CHECK(parked_calls(story).size() == std::size_t(parked_count));
  CHECK(lying_lamps(story) == std::vector<std::string>{});

  story.run_for(5s);
  for (int i = 0; i < parked_count; ++i)
    places[std::size_t(i)]->call("*88");
  story.run_for(300ms);
  CHECK(parked_calls(story).empty());
  CHECK(lying_lamps(story) == std::vector<std::string>{});
  std::vector<std::string> lost;
  for (int i = 0; i < parked_count; ++i)
    if (auto caller = "caller" + std::to_string(i);
        story.hears(caller) != "place" + std::to_string(i))
      lost.push_back(caller + " hears " + story.hears(caller));
  CHECK(lost == std::vector<std::string>{});
  check_end(story);
}
