#pragma once

/// What every story test includes: the simulation, seeds, and the ladder of a story that failed.

#include "tests/sim/simulation.hpp"

#define CATCH_CONFIG_EXTERNAL_INTERFACES  // For the listener below.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

namespace parkway::sim {

/// The seeds a story is played with: 0 … count-1. PARKWAY_SEED=n plays that one alone;
/// PARKWAY_SEEDS=n plays that many; a nightly build plays twenty times as many.
inline Catch::Generators::GeneratorWrapper<std::uint64_t> seeds(std::uint64_t count) {
  if (auto* one = std::getenv("PARKWAY_SEED")) {
    auto seed = std::strtoull(one, nullptr, 10);
    return Catch::Generators::range<std::uint64_t>(seed, seed + 1);
  }
#ifdef PARKWAY_NIGHTLY
  count *= 20;
#endif
  if (auto* many = std::getenv("PARKWAY_SEEDS")) count = std::strtoull(many, nullptr, 10);
  return Catch::Generators::range<std::uint64_t>(0, count);
}

/// The end of every story: nothing is left over.
inline void check_end(simulation& story) {
  CHECK(story.end() == std::vector<std::string>{});
}

/// Prints seed and ladder of the first failure of each story.
struct ladder_printer : Catch::TestEventListenerBase {
  using TestEventListenerBase::TestEventListenerBase;

  bool assertionEnded(const Catch::AssertionStats& stats) override {
    static const simulation* printed = nullptr;
    static std::uint64_t printed_seed = 0;
    auto* story = simulation::current;
    if (stats.assertionResult.isOk() || !story) return true;
    if (printed == story && printed_seed == story->seed()) return true;
    printed = story;
    printed_seed = story->seed();
    std::cerr
      << "\nPARKWAY_SEED=" << story->seed() << " fails:"
      << story->ladder(
           {.times = true, .trying = true, .acks = true, .challenges = true, .repetitions = true})
      << '\n';
    return true;
  }
};

}  // namespace parkway::sim

using parkway::sim::ladder_printer;
CATCH_REGISTER_LISTENER(ladder_printer)
