#pragma once

#include "kernel/runtime/actor.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace parkway {

/// A hop of a deadline; only the deadline that sent it believes it.
struct tick {
  std::uint8_t which;
  std::uint64_t epoch;
};

/// An absolute moment at which an actor wants to act. CAF 0.17.6 cannot cancel a delayed message:
/// so a stale epoch is ignored, and a hop is a minute at most, which is how long the message waits
/// in vain. What an actor has not heard when it ends goes with it (kernel/runtime/loop_clock.hpp).
class deadline {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr auto hop_of_a_call = std::chrono::seconds{60};

  /// `which` tells the deadlines of one actor apart; `hop_max`: longer for one that never ends, so
  /// that it sleeps while nothing happens.
  explicit deadline(std::uint8_t which, std::chrono::seconds hop_max = hop_of_a_call)
    : which_(which), hop_max_(hop_max) {}

  void set(caf::event_based_actor* self, time_point at) {
    at_ = at;
    armed_ = true;
    ++epoch_;
    hop(self);
  }
  void set_after(caf::event_based_actor* self, std::chrono::milliseconds span) {
    set(self, self->clock().now() + span);
  }
  void clear() {
    armed_ = false;
    ++epoch_;
  }
  bool armed() const { return armed_; }
  time_point at() const { return at_; }

  /// True when `t` is this deadline and it is due: once. Hops on when it is not due yet.
  bool due(caf::event_based_actor* self, const tick& t) {
    if (!armed_ || t.which != which_ || t.epoch != epoch_) return false;
    if (self->clock().now() < at_) {
      hop(self);
      return false;
    }
    clear();
    return true;
  }

 private:
  void hop(caf::event_based_actor* self) {
    const auto left = std::max(at_ - self->clock().now(), time_point::duration::zero());
    self->delayed_send(self, std::min<time_point::duration>(left, hop_max_), tick{which_, epoch_});
  }

  std::uint8_t which_;
  bool armed_ = false;
  std::chrono::seconds hop_max_;
  std::uint64_t epoch_ = 0;
  time_point at_{};
};

}  // namespace parkway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::tick)
