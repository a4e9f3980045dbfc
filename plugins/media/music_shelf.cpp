#include "plugins/media/music_shelf.hpp"

namespace parkway::media {

namespace {

constexpr std::chrono::seconds retry_time{30};

}  // namespace

music_shelf::found music_shelf::find(const std::string& file, time_point now) {
  if (file.empty()) return {tune_, false};
  auto known = files_.find(file);
  if (known == files_.end()) {
    if (files_.size() >= files_max) return {tune_, false};
    known = files_.emplace(file, tune_).first;
    known->second.retry_after = now;
  }
  auto& slot = known->second;
  const bool fetch = !slot.here && !slot.wanted && now >= slot.retry_after;
  slot.wanted = slot.wanted || fetch;
  return {slot, fetch};
}

void music_shelf::put(const std::string& file, music_ptr loaded) {
  const auto known = files_.find(file);
  if (known == files_.end()) return;
  known->second = {std::move(loaded), false, true, {}};
}

void music_shelf::miss(const std::string& file, time_point now) {
  const auto known = files_.find(file);
  if (known == files_.end()) return;
  known->second.wanted = false;
  known->second.retry_after = now + retry_time;
}

}  // namespace parkway::media
