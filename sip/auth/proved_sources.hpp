#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace parkway::sip {

/// From which sources somebody has proved who he is lately, whichever shard saw it. Shared by all
/// shards of a process, any thread. Of two sources that fall on one place the latter is remembered:
/// to the former this does no harm but that it may be banned where it would have been slowed.
class proved_sources {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `source`: a hash that all shards agree upon.
  void note(std::uint64_t source, time_point at) {
    place_of(source).store(mark_of(source) | second_of(at), std::memory_order_relaxed);
  }
  bool has_since(std::uint64_t source, time_point since) const {
    const auto noted = place_of(source).load(std::memory_order_relaxed);
    return noted != 0 && (noted ^ mark_of(source)) >> 32 == 0
           && static_cast<std::uint32_t>(noted) >= second_of(since);
  }

 private:
  using place = std::atomic<std::uint64_t>;
  static constexpr std::size_t places_max = 8192;

  static std::uint64_t mark_of(std::uint64_t source) { return source >> 32 << 32; }
  static std::uint32_t second_of(time_point t) {
    return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count());
  }
  place& place_of(std::uint64_t source) { return places_[source % places_max]; }
  const place& place_of(std::uint64_t source) const { return places_[source % places_max]; }

  std::array<place, places_max> places_{};
};

}  // namespace parkway::sip
