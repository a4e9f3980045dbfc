#include "sip/auth/complaints.hpp"

#include <algorithm>
#include <utility>

namespace parkway::sip {

bool complaints::is_worth_a_line(std::string_view line, time_point now) {
  const auto what = hash_(line);
  const auto same =
    std::find_if(lately_.begin(), lately_.end(), [&](const written& w) { return w.what == what; });
  if (same != lately_.end() && now - same->at < repeated_after) return false;
  if (now - counted_from_ >= lines_within) {
    counted_from_ = now;
    lines_ = 0;
  }
  if (lines_ >= lines_max) {
    ++unwritten_;
    return false;
  }
  ++lines_;
  if (same != lately_.end())
    same->at = now;
  else
    lately_[next_++ % lately_.size()] = {what, now};
  return true;
}

std::uint64_t complaints::take_unwritten() {
  return std::exchange(unwritten_, 0);
}

}  // namespace parkway::sip
