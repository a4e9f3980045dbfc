#include "tests/sim/timeline.hpp"

#include <algorithm>

namespace parkway::sim {

void timeline::cancel(event_id id) {
  auto found = places_.find(id);
  if (found == places_.end()) return;
  events_.erase(found->second);
  places_.erase(found);
}

std::optional<timeline::time_point> timeline::next() const {
  if (events_.empty()) return std::nullopt;
  return events_.begin()->first;
}

bool timeline::run_one() {
  auto ready = due();
  if (ready == 0) return false;
  auto chosen = events_.begin();
  std::advance(chosen, static_cast<std::ptrdiff_t>(below(ready)));
  auto what = std::move(chosen->second.what);
  places_.erase(chosen->second.id);
  events_.erase(chosen);
  what();
  return true;
}

void timeline::run_for(duration span) {
  auto end = now_ + span;
  while (next() && *next() <= end) {
    move_to(*next());
    while (run_one()) {
    }
  }
  move_to(end);
}

timeline::duration timeline::between(duration low, duration high) {
  if (high <= low) return low;
  return low
         + duration(
           static_cast<duration::rep>(below(static_cast<std::uint64_t>((high - low).count()) + 1)));
}

}  // namespace parkway::sim
