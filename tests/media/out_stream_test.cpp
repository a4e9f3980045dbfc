#include "plugins/media/out_stream.hpp"

#include <catch2/catch.hpp>

using namespace parkway::media;
using namespace std::chrono_literals;

namespace {

const time_point start{1h};

rtp_header said(std::uint16_t sequence, std::uint32_t timestamp, std::uint32_t ssrc = 7) {
  return {0, false, sequence, timestamp, ssrc};
}

/// Follows a source by 20 ms a packet.
struct follower {
  out_stream out{0xCAFE, 65534, 0xFFFFFF00};
  time_point now = start;

  rtp_header operator()(const rtp_header& in, std::chrono::milliseconds after = 20ms) {
    now += after;
    const auto sent = out.follow(in, 8000, 160, now);
    REQUIRE(sent);
    return *sent;
  }
};

}  // namespace

TEST_CASE("a stream begins at random and with a marker, and counts across the wraps",
          "[media][continuity]") {
  follower f;
  const auto first = f(said(65535, 0xFFFFFFFF));
  CHECK(first == rtp_header{0, true, 65534, 0xFFFFFF00, 0xCAFE});
  const auto second = f(said(0, 0xFFFFFFFF + 160));
  CHECK(second == rtp_header{0, false, 65535, 0xFFFFFFA0, 0xCAFE});
  const auto third = f(said(1, 0xFFFFFFFF + 320));
  CHECK(third == rtp_header{0, false, 0, 0x40, 0xCAFE});
}

TEST_CASE("losses and disorder inside a source are kept", "[media][continuity]") {
  follower f;
  const auto first = f(said(100, 16000));
  const auto after_loss = f(said(103, 16480));
  CHECK(after_loss.sequence == static_cast<std::uint16_t>(first.sequence + 3));
  const auto late = f(said(102, 16320));
  CHECK(late.sequence == static_cast<std::uint16_t>(first.sequence + 2));
  CHECK(late.timestamp == first.timestamp + 320);
  CHECK_FALSE(late.marker);
  const auto next = f(said(104, 16640));
  CHECK(next.sequence == static_cast<std::uint16_t>(first.sequence + 4));
}

TEST_CASE("a packet from before the switch has no place after it", "[media][continuity]") {
  follower f;
  f(said(100, 16000));
  f.out.switch_source();
  f(said(500, 80000, 8));
  CHECK_FALSE(f.out.follow(said(499, 79840, 8), 8000, 160, f.now));
}

TEST_CASE("from source to source the number is the next and the time what has passed",
          "[media][continuity]") {
  follower f;
  const auto last = f(said(100, 16000));
  SECTION("another SSRC") {
    const auto first = f(said(9000, 5, 8), 100ms);
    CHECK(first.sequence == static_cast<std::uint16_t>(last.sequence + 1));
    CHECK(first.timestamp == last.timestamp + 800);
    CHECK(first.marker);
    CHECK(first.ssrc == last.ssrc);
  }
  SECTION("the same SSRC that begins anew") {
    const auto first = f(said(30000, 5), 40ms);
    CHECK(first.sequence == static_cast<std::uint16_t>(last.sequence + 1));
    CHECK(first.timestamp == last.timestamp + 320);
    CHECK(first.marker);
  }
  SECTION("never less than a packet") {
    f.out.switch_source();
    CHECK(f(said(1, 5), 1ms).timestamp == last.timestamp + 160);
  }
  SECTION("at the clock of the new codec") {
    f.out.switch_source();
    const auto first = f.out.follow(said(1, 5), 48000, 100, f.now + 1s);
    REQUIRE(first);
    CHECK(first->timestamp == last.timestamp + 48000);
  }
  SECTION("music between two voices") {
    const auto m1 = [&] {
      f.out.switch_source();
      return f.out.generate(8, 8000, 160, false, 160, f.now + 60ms);
    }();
    CHECK(m1
          == rtp_header{8, true, static_cast<std::uint16_t>(last.sequence + 1),
                        last.timestamp + 480, 0xCAFE});
    const auto m2 = f.out.generate(8, 8000, 160, false, 160, f.now + 80ms);
    CHECK(m2
          == rtp_header{8, false, static_cast<std::uint16_t>(last.sequence + 2),
                        last.timestamp + 640, 0xCAFE});
    CHECK_FALSE(f.out.source());
    f.out.switch_source();
    const auto voice = f(said(101, 16160), 100ms);
    CHECK(voice.marker);
    CHECK(voice.sequence == static_cast<std::uint16_t>(last.sequence + 3));
    CHECK(voice.timestamp == last.timestamp + 800);
  }
}

TEST_CASE("the sender's counts are of what was sent, whoever spoke", "[media][continuity]") {
  follower f;
  f(said(1, 0));
  f(said(2, 160));
  f.out.switch_source();
  f.out.generate(0, 8000, 160, false, 160, f.now);
  CHECK(f.out.packets() == 3);
  CHECK(f.out.octets() == 480);
}

TEST_CASE("extended numbers map by one offset, however often they wrap", "[media][continuity]") {
  follower f;
  std::uint32_t sent = 65534;
  for (std::uint32_t i = 0; i < 200'000; ++i, ++sent) {
    const auto out = f(said(static_cast<std::uint16_t>(40000 + i), i * 160));
    if (out.sequence != static_cast<std::uint16_t>(sent)) FAIL("at packet " << i);
  }
  // What a receiver reports as its highest is `sent - 1`; to the source that is 40000 + 199999.
  CHECK(sent - 1 - f.out.source()->sequence == 40000 + 199'999);
}
