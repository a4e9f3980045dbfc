#include "sip/transport/local_addresses.hpp"

#include <algorithm>

namespace parkway::sip {

/// Its index, or `count`.
std::size_t local_addresses::place(const ip_address& address, std::size_t count) const {
  const auto* const end = known_.data() + count;
  return static_cast<std::size_t>(std::find(known_.data(), end, address) - known_.data());
}

std::uint64_t local_addresses::number_of(const ip_address& address) {
  auto count = count_.load(std::memory_order_acquire);
  auto i = place(address, count);
  if (i < count) return i + 1;
  const std::lock_guard lock{adding_};
  count = count_.load(std::memory_order_relaxed);
  i = place(address, count);
  if (i < count) return i + 1;
  if (count == max) return 0;
  known_[count] = address;
  count_.store(count + 1, std::memory_order_release);
  return count + 1;
}

const ip_address* local_addresses::numbered(std::uint64_t number) const {
  if (number == 0 || number > count_.load(std::memory_order_acquire)) return nullptr;
  return &known_[number - 1];
}

}  // namespace parkway::sip
