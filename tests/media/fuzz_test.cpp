#include "plugins/media/rtcp.hpp"
#include "tests/media/phone.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <random>

using namespace parkway::media;

namespace {

#ifdef PARKWAY_NIGHTLY
constexpr int rounds = 20'000'000;
#else
constexpr int rounds = 400'000;
#endif

/// A copy in memory of exactly that size, so that a sanitizer sees one byte too far.
struct exact {
  explicit exact(const bytes& from)
    : size(from.size()), held(std::make_unique<std::uint8_t[]>(from.size())) {
    std::copy(from.begin(), from.end(), held.get());
  }
  std::span<std::uint8_t> span() { return {held.get(), size}; }
  std::size_t size;
  std::unique_ptr<std::uint8_t[]> held;
};

/// Some bytes changed, cut off or added.
bytes mangle(bytes packet, std::mt19937& random) {
  for (auto changes = random() % 4; changes > 0 && !packet.empty(); --changes)
    packet[random() % std::min<std::size_t>(packet.size(), 40)] =
      static_cast<std::uint8_t>(random());
  if (random() % 3 == 0) packet.resize(random() % (packet.size() + 30));
  return packet;
}

}  // namespace

TEST_CASE("whatever comes as RTP is refused or comes out as RTP", "[media][fuzz]") {
  std::mt19937 random{20240607};
  const bytes plain = rtp({0, true, 1, 2, 3}, bytes(20, 9));
  bytes rich = rtp({8, false, 1, 2, 3}, bytes(60, 1));
  rich[0] = 0xB2;  // Padding, extension, two CSRCs.
  put16(&rich[22], 2);
  rich.back() = 4;
  REQUIRE(read_rtp(rich));
  int accepted = 0;
  for (int i = 0; i < rounds; ++i) {
    exact packet{mangle(i % 2 ? rich : plain, random)};
    const auto header = read_rtp(packet.span());
    if (!header) continue;
    ++accepted;
    auto changed = *header;
    changed.payload_type = static_cast<std::uint8_t>(random() % 128);
    changed.sequence = static_cast<std::uint16_t>(random());
    write_rtp(packet.span(), changed);
    if (read_rtp(packet.span()) != changed) FAIL("round " << i);
  }
  CHECK(accepted > rounds / 10);
  CHECK(accepted < rounds);
}

TEST_CASE("whatever comes as RTCP is refused or comes out as RTCP", "[media][fuzz]") {
  std::mt19937 random{19700101};
  out_stream spoken{1, 2, 3}, heard{4, 5, 6};
  spoken.follow({0, false, 1, 1, 0x11111111}, 8000, 160, time_point{});
  heard.follow({0, false, 1, 1, 0x22222222}, 8000, 160, time_point{});
  bytes good(4 * (7 + 12), 0x11);
  put32(&good[0], 0x82C8'0012);
  put32(&good[28], 4);
  bytes tail{0x80, 203, 0, 1, 0, 0, 0, 1};
  good.insert(good.end(), tail.begin(), tail.end());
  REQUIRE(is_rtcp(good));
  int relayed = 0;
  for (int i = 0; i < rounds; ++i) {
    exact packet{mangle(good, random)};
    if (!is_rtcp(packet.span())) continue;
    exact room{bytes(packet.size + rtcp_growth_max)};
    const auto size = relay_rtcp(packet.span(), {spoken, heard, "0123456789abcdef"}, room.span());
    if (size == 0) continue;
    ++relayed;
    if (size > room.size || !is_rtcp(room.span().first(size))) FAIL("round " << i);
  }
  CHECK(relayed > rounds / 10);
}
