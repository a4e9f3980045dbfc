#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <unordered_map>
#include <utility>
#include <vector>

namespace parkway::sim {

/// Virtual time and all that is due in it. What is due at the same moment happens in an order that
/// the seed chooses: the same seed is the same story.
class timeline {
 public:
  using clock = std::chrono::steady_clock;
  using time_point = clock::time_point;
  using duration = clock::duration;
  using action = std::function<void()>;
  using event_id = std::uint64_t;

  /// Where every story begins; not zero, so that "an hour ago" exists.
  static constexpr time_point start{std::chrono::hours(24)};

  explicit timeline(std::uint64_t seed) : dice_(seed) {}

  time_point now() const { return now_; }
  /// Time since the story began.
  duration elapsed() const { return now_ - start; }

  /// Plans an action; what is planned for the past is due now.
  event_id at(time_point when, action what);
  event_id in(duration span, action what) { return at(now_ + span, std::move(what)); }
  /// Forgets a planned action; nothing if it has happened.
  void cancel(event_id id);

  /// When the next action is due; none: never.
  std::optional<time_point> next() const;
  /// Moves the clock forward. The caller does not jump over what is due.
  void move_to(time_point t);
  /// How many actions are due now.
  std::size_t due() const { return due_.size(); }
  /// Runs one of the actions due now, the seed chooses which. False: nothing is due.
  bool run_one();
  /// Runs all that is due within the span, step by step.
  void run_for(duration span);

  /// A number below n, by the seed.
  std::uint64_t below(std::uint64_t n) { return dice_() % n; }
  /// True with that probability (0–1).
  bool chance(double p) { return p > 0 && static_cast<double>(below(1'000'000)) < p * 1'000'000; }
  /// A span between two, by the seed.
  duration between(duration low, duration high);

 private:
  struct event {
    event_id id;
    action what;
  };
  using event_table = std::multimap<time_point, event>;

  std::mt19937_64 dice_;
  time_point now_ = start;
  event_id last_id_ = 0;
  event_table events_;
  std::unordered_map<event_id, event_table::iterator> places_;
  /// Those due now, in the order of events_: a crowd has tens of thousands in one moment, and each
  /// is drawn by its place in line.
  std::vector<event_table::iterator> due_;
};

}  // namespace parkway::sim
