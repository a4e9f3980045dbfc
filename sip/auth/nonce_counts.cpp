#include "sip/auth/nonce_counts.hpp"

namespace parkway::sip {

bool nonce_counts::take(std::uint64_t serial, std::uint32_t count) {
  constexpr std::uint32_t window = 32;
  place& p = places_[serial % places_max];
  if (serial < p.serial) return false;
  if (serial > p.serial) {
    p = {serial, count, 1};
    return true;
  }
  if (count > p.highest) {
    const auto ahead = count - p.highest;
    p.seen = ahead < window ? p.seen << ahead | 1 : 1;
    p.highest = count;
    return true;
  }
  const auto behind = p.highest - count;
  if (behind >= window || (p.seen >> behind & 1) != 0) return false;
  p.seen |= std::uint32_t{1} << behind;
  return true;
}

}  // namespace parkway::sip
