#pragma once

#include "tests/sim/story.hpp"

namespace parkway::sim {

/// Alice (106) and James (103), talking.
struct two_people {
  phone& alice;
  phone& james;
};

/// Registers both, lets Alice call and James answer.
inline two_people talk(simulation& story, phone_habits alices = {}, phone_habits jamess = {}) {
  using namespace std::chrono_literals;
  auto& alice = story.registered("alice", "106", std::move(alices));
  auto& james = story.registered("james", "103", std::move(jamess));
  alice.call("103");
  REQUIRE(story.run_until([&] { return james.has_call(); }));
  story.run_for(200ms);
  james.line().answer();
  REQUIRE(story.run_until([&] { return alice.line().talking() && !james.line().busy(); }));
  story.run_for(100ms);
  return {alice, james};
}

}  // namespace parkway::sim
