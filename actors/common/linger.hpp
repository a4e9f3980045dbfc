#pragma once

#include "kernel/runtime/actor.hpp"

#include <cstddef>
#include <utility>

namespace parkway {

/// Delays quit() until no child can still deliver a leg: a fork that was answered in the very
/// instant it was stopped, a retrieval whose leg came up when the claim was withdrawn. Who quits
/// before they are gone leaves a leg without an owner.
class linger {
 public:
  explicit linger(caf::event_based_actor* self) : self_(self) {}

  /// One more may come late.
  void expect() { ++count_; }
  /// One of them cannot any more.
  void gone() {
    if (count_ > 0 && --count_ == 0 && leaving_) self_->quit();
  }
  /// Quits, at once or when the last one is gone; until then `meanwhile` turns them away.
  void quit(caf::behavior meanwhile) {
    leaving_ = true;
    if (count_ == 0) return self_->quit();
    self_->become(std::move(meanwhile));
  }
  /// True once quit() was called: nothing is decided any more.
  bool leaving() const { return leaving_; }

 private:
  caf::event_based_actor* self_;
  std::size_t count_ = 0;
  bool leaving_ = false;
};

}  // namespace parkway
