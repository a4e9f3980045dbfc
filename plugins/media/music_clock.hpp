#pragma once

#include "plugins/media/out_stream.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace parkway::media {

/// Whom a music_clock ticks for; the clock keeps its place here.
struct music_listener {
  static constexpr std::uint8_t nowhere = 0xFF;
  std::uint8_t phase = nowhere;
  std::uint32_t place = 0;

  bool listening() const { return phase != nowhere; }
};

/// One clock for all listeners of an engine: each has its turn every 20 ms. Turns are spread over
/// ten phases, 2 ms apart, so that a thousand packets are ten small bursts with time for calls in
/// between; a few share one phase, because each wakes the loop 50 times a second. After a stall
/// nobody gets two at once: ticks that were missed are gone.
class music_clock {
 public:
  /// `now`: nobody listens before. Counting begins a frame earlier, so that a tick is never
  /// negative.
  explicit music_clock(time_point now) : epoch_(now - frame) {}

  /// Its first turn is within 20 ms of `now`. A listener must leave before it dies.
  void add(music_listener& one, time_point now);
  void remove(music_listener& one);
  std::size_t listeners() const;
  /// When the next turn is; none: nobody listens.
  std::optional<time_point> next_due() const;

  /// Calls `turn(listener, tick)` for all whose turn has come. `tick` counts 20 ms, also those
  /// missed. `turn` must neither add nor remove.
  template <class Turn>
  void run(time_point now, Turn&& turn) {
    for (std::size_t i = 0; i < phases_.size(); ++i) {
      auto& turns = phases_[i];
      const auto tick = tick_at(i, now);
      if (turns.listeners.empty() || tick <= turns.last) continue;
      turns.last = tick;
      for (auto* const one : turns.listeners)
        turn(*one, static_cast<std::uint64_t>(tick));
    }
  }

 private:
  static constexpr std::size_t phase_count = 10;
  /// Packets sent in a row before another phase is opened: a quarter of a millisecond.
  static constexpr std::size_t burst = 64;
  static constexpr std::chrono::milliseconds frame{20};
  static constexpr std::chrono::milliseconds apart = frame / phase_count;

  struct phase {
    std::vector<music_listener*> listeners;
    std::int64_t last = 0;  ///< Tick.
  };

  phase& phase_for_one_more();
  time_point start_of(std::size_t i) const { return epoch_ + apart * i; }
  std::int64_t tick_at(std::size_t i, time_point now) const { return (now - start_of(i)) / frame; }

  const time_point epoch_;
  std::array<phase, phase_count> phases_;
};

}  // namespace parkway::media
