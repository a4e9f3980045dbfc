#include "plugins/media/port_pool.hpp"

namespace parkway::media {

namespace {

std::size_t pairs_between(std::uint32_t first, std::uint32_t max) {
  return max > first ? (max - first + 1) / 2 : 0;
}

}  // namespace

port_pool::port_pool(std::uint16_t min, std::uint16_t max)
  : first_(static_cast<std::uint16_t>(min + (min & 1))),
    taken_(pairs_between(min + (min & 1u), max)),
    free_(taken_.size()) {
}

std::optional<std::uint16_t> port_pool::take() {
  for (std::size_t tries = 0; tries < taken_.size(); ++tries) {
    // Looked at each time: when the last pair goes to another engine, the search ends.
    if (free_.load(std::memory_order_relaxed) == 0) return std::nullopt;
    const auto i = next_.fetch_add(1, std::memory_order_relaxed) % taken_.size();
    if (taken_[i].exchange(true, std::memory_order_acquire)) continue;
    free_.fetch_sub(1, std::memory_order_relaxed);
    return static_cast<std::uint16_t>(first_ + 2 * i);
  }
  return std::nullopt;
}

bool port_pool::take(std::uint16_t even_port) {
  const auto i = place(even_port);
  if (!i) return true;
  if (taken_[*i].exchange(true, std::memory_order_acquire)) return false;
  free_.fetch_sub(1, std::memory_order_relaxed);
  return true;
}

void port_pool::give_back(std::uint16_t even_port) {
  const auto i = place(even_port);
  if (i && taken_[*i].exchange(false, std::memory_order_release))
    free_.fetch_add(1, std::memory_order_relaxed);
}

std::optional<std::size_t> port_pool::place(std::uint16_t even_port) const {
  const std::size_t i = (even_port - first_) / 2;
  if (even_port < first_ || even_port % 2 != 0 || i >= taken_.size()) return std::nullopt;
  return i;
}

}  // namespace parkway::media
