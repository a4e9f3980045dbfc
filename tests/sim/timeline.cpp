#include "tests/sim/timeline.hpp"

#include <algorithm>

namespace parkway::sim {

timeline::event_id timeline::at(time_point when, action what) {
  auto place = events_.emplace(std::max(when, now_), event{++last_id_, std::move(what)});
  places_.emplace(last_id_, place);
  if (place->first == now_) due_.push_back(place);
  return last_id_;
}

void timeline::move_to(time_point t) {
  if (t <= now_) return;
  for (auto next = events_.upper_bound(now_); next != events_.end() && next->first <= t; ++next)
    due_.push_back(next);
  now_ = t;
}

void timeline::cancel(event_id id) {
  auto found = places_.find(id);
  if (found == places_.end()) return;
  if (found->second->first <= now_) std::erase(due_, found->second);
  events_.erase(found->second);
  places_.erase(found);
}

std::optional<timeline::time_point> timeline::next() const {
  if (events_.empty()) return std::nullopt;
  return events_.begin()->first;
}

bool timeline::run_one() {
  if (due_.empty()) return false;
  auto place = due_.begin() + static_cast<std::ptrdiff_t>(below(due_.size()));
  auto chosen = *place;
  due_.erase(place);
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
