#pragma once

#include <algorithm>
#include <chrono>

namespace parkway::sip {

/// So many a second in the long run, and so many at once.
struct request_rate {
  float per_second;
  float at_once;
};

/// What is left of a rate. Full at first.
class token_bucket {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Takes one; false: there is none.
  bool take(const request_rate& rate, time_point now) {
    const std::chrono::duration<float> passed = now - filled_at_;
    tokens_ = std::min(rate.at_once, tokens_ + rate.per_second * passed.count());
    filled_at_ = now;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  time_point filled_at_{};
  float tokens_ = 1e9F;
};

}  // namespace parkway::sip
