#include "plugins/media/music_clock.hpp"

#include <algorithm>

namespace parkway::media {

void music_clock::add(music_listener& one, time_point now) {
  if (one.listening()) return;
  const auto least = std::min_element(phases_.begin(), phases_.end(), [](auto& a, auto& b) {
    return a.listeners.size() < b.listeners.size();
  });
  one.phase = static_cast<std::uint8_t>(least - phases_.begin());
  one.place = static_cast<std::uint32_t>(least->listeners.size());
  // A phase nobody was in has not ticked; what it missed is nobody's.
  if (least->listeners.empty()) least->last = std::max(least->last, tick_at(one.phase, now));
  least->listeners.push_back(&one);
}

void music_clock::remove(music_listener& one) {
  if (!one.listening()) return;
  auto& there = phases_[one.phase].listeners;
  there[one.place] = there.back();
  there[one.place]->place = one.place;
  there.pop_back();
  one.phase = music_listener::nowhere;
}

std::size_t music_clock::listeners() const {
  std::size_t sum = 0;
  for (const auto& p : phases_)
    sum += p.listeners.size();
  return sum;
}

std::optional<time_point> music_clock::next_due() const {
  std::optional<time_point> next;
  for (std::size_t i = 0; i < phases_.size(); ++i) {
    if (phases_[i].listeners.empty()) continue;
    const auto due = start_of(i) + frame * (phases_[i].last + 1);
    if (!next || due < *next) next = due;
  }
  return next;
}

}  // namespace parkway::media
