#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace parkway::sip {

/// Names one pending timer. A value: after it fired or was cancelled it names nothing.
struct timer_id {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;  ///< 0: no timer.

  explicit operator bool() const { return generation != 0; }
  auto operator<=>(const timer_id&) const = default;
};

/// The timers of one shard: a hierarchical wheel of 10 ms ticks. add, cancel and firing cost the
/// same whether ten or a million are pending; a pending timer takes 32 bytes. A timer never fires
/// early, and late by less than a tick where the owner looks in time. No clock in here, no thread.
class timer_wheel {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  static constexpr std::chrono::milliseconds tick{10};

  /// `start` is the zero of the wheel: no timer fires before it.
  explicit timer_wheel(time_point start);

  /// Adds a timer. `cookie` says to its owner what it is about. Nothing bounds their number: each
  /// owner adds a few for each thing it keeps, and those are bounded.
  timer_id add(time_point due, std::uint64_t cookie);
  /// Removes a timer; false where it has fired or been cancelled before.
  bool cancel(timer_id timer);
  /// Takes the next timer that is due at `now`, in order of ticks, then of add(); the timer is gone
  /// when its cookie is returned. Call it until nothing is returned.
  std::optional<std::uint64_t> pop_due(time_point now);
  /// When to call pop_due next: never after the first timer is due, and up to four times before it
  /// (far timers are sorted in steps). Nothing where none is pending.
  std::optional<time_point> next_due() const;
  /// Number of pending timers.
  std::size_t size() const { return size_; }

 private:
  static constexpr unsigned level_bits = 8;
  static constexpr unsigned slots_per_level = 1u << level_bits;
  static constexpr unsigned level_count = 5;  ///< 2^40 ticks: 348 years.
  static constexpr unsigned chunk_bits = 10;
  static constexpr std::uint32_t none = 0xFFFFFFFFu;

  struct node {
    std::uint64_t due = 0;  ///< In ticks.
    std::uint64_t cookie = 0;
    std::uint32_t next = none;
    std::uint32_t previous = none;
    std::uint32_t generation = 1;
    std::uint32_t slot = none;  ///< none: free.
  };
  struct list {
    std::uint32_t first = none;
    std::uint32_t last = none;
  };
  /// What must be looked at next, and when.
  struct stop {
    unsigned level = 0;
    std::uint64_t at = 0;
  };

  node& at(std::uint32_t index) {
    return chunks_[index >> chunk_bits][index & ((1u << chunk_bits) - 1)];
  }
  std::uint32_t take_free();
  void place(std::uint32_t index);
  void unlink(std::uint32_t index);
  void release(std::uint32_t index);
  std::optional<stop> next_stop() const;
  void spread(const stop& where);
  std::uint64_t ticks_before(time_point t) const;
  std::uint64_t ticks_until(time_point t) const;

  const time_point start_;
  std::uint64_t now_ = 0;  ///< In ticks; every timer due at it or before has been taken, but those
                           ///< in the current slot of level 0.
  std::size_t size_ = 0;
  std::uint32_t free_ = none;
  std::vector<std::unique_ptr<node[]>> chunks_;  ///< Nodes never move.
  std::array<list, level_count * slots_per_level> slots_{};
  std::array<std::array<std::uint64_t, slots_per_level / 64>, level_count>
    used_{};  ///< A bit a slot.
};

}  // namespace parkway::sip
