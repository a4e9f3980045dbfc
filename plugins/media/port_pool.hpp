#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace parkway::media {

/// Which pairs of ports (even for RTP, the next for RTCP, RFC 3550 §11) of the configured range are
/// taken. Shared by the engines; any thread, no lock. Goes round, so that a port just closed, to
/// which late packets of the former call still come, is the last to be used again.
class port_pool {
 public:
  /// Both ends belong to the range; only pairs wholly inside count.
  port_pool(std::uint16_t min, std::uint16_t max);

  std::size_t capacity() const { return taken_.size(); }
  /// Pairs that a new call leaves to calls that are up: who is parked wants one more to be fetched.
  /// A tenth; one where there are only a few.
  std::size_t reserve() const {
    return taken_.size() < 5 ? 0 : std::max<std::size_t>(taken_.size() / 10, 1);
  }
  /// True while both parties of a new call find a pair, and the reserve is left.
  bool has_room_for_call() const { return free_.load(std::memory_order_relaxed) >= reserve() + 2; }
  /// The even port of a free pair, or none.
  std::optional<std::uint16_t> take();
  /// Takes that very pair. False: taken already. A port outside the range is nobody's: true.
  bool take(std::uint16_t even_port);
  /// Ignores ports outside the range.
  void give_back(std::uint16_t even_port);

 private:
  std::optional<std::size_t> place(std::uint16_t even_port) const;

  const std::uint16_t first_;
  std::vector<std::atomic<bool>> taken_;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::size_t> free_;
};

}  // namespace parkway::media
