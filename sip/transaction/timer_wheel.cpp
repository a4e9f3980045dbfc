#include "sip/transaction/timer_wheel.hpp"

#include <algorithm>
#include <bit>

namespace parkway::sip {

timer_wheel::timer_wheel(time_point start) : start_(start) {
}

/// Whole ticks that have passed at `t`.
std::uint64_t timer_wheel::ticks_before(time_point t) const {
  return t <= start_ ? 0 : static_cast<std::uint64_t>((t - start_) / tick);
}

/// The first tick at or after `t`: a timer does not fire early.
std::uint64_t timer_wheel::ticks_until(time_point t) const {
  if (t <= start_) return 0;
  constexpr std::uint64_t last = (std::uint64_t{1} << level_bits * level_count) - 1;
  const auto ticks = static_cast<std::uint64_t>((t - start_) / tick);
  return std::min(last, ticks + ((t - start_) % tick != duration::zero() ? 1 : 0));
}

std::uint32_t timer_wheel::take_free() {
  constexpr std::uint32_t chunk_size = 1u << chunk_bits;
  if (free_ == none) {
    const auto first = static_cast<std::uint32_t>(chunks_.size()) << chunk_bits;
    chunks_.push_back(std::make_unique<node[]>(chunk_size));
    for (std::uint32_t i = chunk_size; i-- > 0;) {
      at(first + i).next = free_;
      free_ = first + i;
    }
  }
  const std::uint32_t index = free_;
  free_ = at(index).next;
  return index;
}

/// The level is that of the highest digit (base 256) in which the due tick differs from now: so a
/// slot of a higher level is looked at exactly when its first tick begins.
void timer_wheel::place(std::uint32_t index) {
  node& n = at(index);
  const std::uint64_t due = std::max(n.due, now_);
  const std::uint64_t differs = due ^ now_;
  const unsigned level =
    differs == 0 ? 0 : static_cast<unsigned>(std::bit_width(differs) - 1) / level_bits;
  const auto digit = static_cast<unsigned>(due >> level_bits * level) & (slots_per_level - 1);
  n.slot = level * slots_per_level + digit;
  list& l = slots_[n.slot];
  n.next = none;
  n.previous = l.last;
  (l.last == none ? l.first : at(l.last).next) = index;
  l.last = index;
  used_[level][digit / 64] |= std::uint64_t{1} << digit % 64;
}

void timer_wheel::unlink(std::uint32_t index) {
  const node& n = at(index);
  list& l = slots_[n.slot];
  (n.previous == none ? l.first : at(n.previous).next) = n.next;
  (n.next == none ? l.last : at(n.next).previous) = n.previous;
  if (l.first != none) return;
  const unsigned digit = n.slot % slots_per_level;
  used_[n.slot / slots_per_level][digit / 64] &= ~(std::uint64_t{1} << digit % 64);
}

void timer_wheel::release(std::uint32_t index) {
  node& n = at(index);
  n.slot = none;
  if (++n.generation == 0) n.generation = 1;
  n.next = free_;
  free_ = index;
  --size_;
}

timer_id timer_wheel::add(time_point due, std::uint64_t cookie) {
  const std::uint32_t index = take_free();
  node& n = at(index);
  n.due = ticks_until(due);
  n.cookie = cookie;
  place(index);
  ++size_;
  return {index, n.generation};
}

bool timer_wheel::cancel(timer_id timer) {
  if (!timer || timer.index >> chunk_bits >= chunks_.size()) return false;
  const node& n = at(timer.index);
  if (n.generation != timer.generation || n.slot == none) return false;
  unlink(timer.index);
  release(timer.index);
  return true;
}

std::optional<timer_wheel::stop> timer_wheel::next_stop() const {
  // Slots of a lower level come first: they lie within the present slot of every higher one.
  for (unsigned level = 0; level < level_count; ++level) {
    const unsigned shift = level_bits * level;
    const auto here = static_cast<unsigned>(now_ >> shift) & (slots_per_level - 1);
    for (unsigned word = here / 64; word < slots_per_level / 64; ++word) {
      std::uint64_t bits = used_[level][word];
      if (word == here / 64) bits &= ~std::uint64_t{0} << here % 64;
      if (bits == 0) continue;
      const std::uint64_t digit = word * 64 + static_cast<unsigned>(std::countr_zero(bits));
      const std::uint64_t above = now_ >> (shift + level_bits) << level_bits;
      return stop{level, (above | digit) << shift};
    }
  }
  return std::nullopt;
}

/// Time has come to the first tick of a slot of a higher level: its timers go further down.
void timer_wheel::spread(const stop& where) {
  const auto digit =
    static_cast<unsigned>(where.at >> level_bits * where.level) & (slots_per_level - 1);
  list& l = slots_[where.level * slots_per_level + digit];
  std::uint32_t index = l.first;
  l = {};
  used_[where.level][digit / 64] &= ~(std::uint64_t{1} << digit % 64);
  while (index != none) {
    const std::uint32_t next = at(index).next;
    place(index);
    index = next;
  }
}

std::optional<std::uint64_t> timer_wheel::pop_due(time_point now) {
  const std::uint64_t target = std::max(now_, ticks_before(now));
  while (const auto found = next_stop()) {
    if (found->at > target) break;
    now_ = found->at;
    if (found->level > 0) {
      spread(*found);
      continue;
    }
    const std::uint32_t index = slots_[now_ & (slots_per_level - 1)].first;
    const std::uint64_t cookie = at(index).cookie;
    unlink(index);
    release(index);
    return cookie;
  }
  now_ = target;
  return std::nullopt;
}

std::optional<timer_wheel::time_point> timer_wheel::next_due() const {
  const auto found = next_stop();
  if (!found) return std::nullopt;
  return start_ + tick * static_cast<duration::rep>(found->at);
}

}  // namespace parkway::sip
