#pragma once

/// What every story test includes: the simulation, seeds, and the ladder of a story that failed.

#include "tests/sim/simulation.hpp"

#define CATCH_CONFIG_EXTERNAL_INTERFACES  // For the listener below.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace parkway::sim {

/// A seed from the environment, or none.
inline std::optional<std::uint64_t> number_in_environment(const char* name) {
  auto* text = std::getenv(name);
  return text ? std::optional<std::uint64_t>(std::strtoull(text, nullptr, 10)) : std::nullopt;
}

/// The seeds a story is played with: 0 … count-1, in a nightly build 0 … nightly-1.
/// PARKWAY_SEED=n plays that one alone, PARKWAY_SEEDS=n that many; PARKWAY_PART=k PARKWAY_PARTS=n
/// plays every n-th from k on, so that programs can share the work.
inline Catch::Generators::GeneratorWrapper<std::uint64_t> seeds(
  std::uint64_t count, [[maybe_unused]] std::uint64_t nightly = 0) {
  using Catch::Generators::range;
  if (auto one = number_in_environment("PARKWAY_SEED")) return range<std::uint64_t>(*one, *one + 1);
#ifdef PARKWAY_NIGHTLY
  count = nightly > 0 ? nightly : count * 20;
#endif
  count = number_in_environment("PARKWAY_SEEDS").value_or(count);
  auto parts = number_in_environment("PARKWAY_PARTS").value_or(1);
  auto part = number_in_environment("PARKWAY_PART").value_or(0);
  return range<std::uint64_t>(part, std::max(count, part + 1), parts);
}

/// The end of every story: nothing is left over.
inline void check_end(simulation& story) {
  CHECK(story.end() == std::vector<std::string>{});
}

/// The shell command that plays a story again.
inline std::string replay_command(std::uint64_t seed, const std::string& story) {
  std::string name;
  for (char c : story)
    name += c == ',' || c == '[' ? std::string("\\") + c : std::string(1, c);
  return "PARKWAY_SEED=" + std::to_string(seed) + " " + program_invocation_name + " '" + name + "'";
}

/// Prints the ladder of the first failure of each story, and the command that plays it again.
struct ladder_printer : Catch::TestEventListenerBase {
  using TestEventListenerBase::TestEventListenerBase;
  std::string story_name;

  void testCaseStarting(const Catch::TestCaseInfo& info) override { story_name = info.name; }

  bool assertionEnded(const Catch::AssertionStats& stats) override {
    static const simulation* printed = nullptr;
    static std::uint64_t printed_seed = 0;
    auto* story = simulation::current;
    if (stats.assertionResult.isOk() || !story) return true;
    if (printed == story && printed_seed == story->seed()) return true;
    printed = story;
    printed_seed = story->seed();
    std::cerr << "\nseed " << story->seed()
              << " fails; again: " << replay_command(story->seed(), story_name) << '\n'
              << story->ladder({.times = true,
                                .trying = true,
                                .acks = true,
                                .challenges = true,
                                .repetitions = true,
                                .from = last_moments(*story)})
              << '\n';
    return true;
  }

 private:
  /// A ladder of a crowd has hundreds of thousands of rungs: its end is enough.
  static timeline::time_point last_moments(simulation& story) {
    constexpr std::size_t rungs = 10'000;
    auto& seen = story.net().seen();
    return seen.size() <= rungs ? timeline::start : seen[seen.size() - rungs].at;
  }
};

}  // namespace parkway::sim

using parkway::sim::ladder_printer;
CATCH_REGISTER_LISTENER(ladder_printer)
