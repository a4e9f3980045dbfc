#include "sip/message/keyed_hash.hpp"

#include <bit>
#include <cstddef>
#include <cstring>

namespace parkway::sip {

keyed_hash::keyed_hash(std::uint64_t seed)
  : k0_(seed * 0x9E3779B97F4A7C15u + 0xD1B54A32D192ED03u),
    k1_(std::rotl(seed, 32) * 0xD6E8FEB86659FD93u + 0xA0761D6478BD642Fu) {
}

std::uint64_t keyed_hash::operator()(std::string_view bytes) const {
  std::uint64_t v0 = k0_ ^ 0x736F6D6570736575u, v1 = k1_ ^ 0x646F72616E646F6Du;
  std::uint64_t v2 = k0_ ^ 0x6C7967656E657261u, v3 = k1_ ^ 0x7465646279746573u;
  const auto round = [&] {
    v0 += v1, v1 = std::rotl(v1, 13) ^ v0, v0 = std::rotl(v0, 32);
    v2 += v3, v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3, v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1, v1 = std::rotl(v1, 17) ^ v2, v2 = std::rotl(v2, 32);
  };
  const auto take = [&](std::uint64_t word) { v3 ^= word, round(), v0 ^= word; };
  const std::size_t whole = bytes.size() / 8 * 8;
  for (std::size_t i = 0; i < whole; i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, 8);
    take(word);
  }
  std::uint64_t rest = static_cast<std::uint64_t>(bytes.size()) << 56;
  if (whole < bytes.size()) {
    std::uint64_t tail = 0;
    std::memcpy(&tail, bytes.data() + whole, bytes.size() - whole);
    rest |= tail;
  }
  take(rest);
  v2 ^= 0xFF;
  round(), round(), round();
  return v0 ^ v1 ^ v2 ^ v3;
}

}  // namespace parkway::sip
