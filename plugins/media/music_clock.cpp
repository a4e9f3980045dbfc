#include "plugins/media/music_clock.hpp"

#include <algorithm>

namespace parkway::media {

void music_clock::add(music_listener& one, time_point now) {
  if (one.listening()) return;
  auto& with = phase_for_one_more();
  one.phase = static_cast<std::uint8_t>(&with - phases_.data());
  one.place = static_cast<std::uint32_t>(with.listeners.size());
  // A phase nobody was in has not ticked; what it missed is nobody's.
  if (with.listeners.empty()) with.last = std::max(with.last, tick_at(one.phase, now));
  with.listeners.push_back(&one);
}

/// The first that is no burst yet; when all are, the smallest.
music_clock::phase& music_clock::phase_for_one_more() {
  const auto size = [](const phase& p) { return p.listeners.size(); };
  const auto roomy =
    std::find_if(phases_.begin(), phases_.end(), [&](const phase& p) { return size(p) < burst; });
  if (roomy != phases_.end()) return *roomy;
  return *std::min_element(phases_.begin(), phases_.end(),
                           [&](const phase& a, const phase& b) { return size(a) < size(b); });
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
