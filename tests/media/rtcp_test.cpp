#include "plugins/media/rtcp.hpp"

#include "tests/media/phone.hpp"

#include <catch2/catch.hpp>

using namespace parkway::media;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t alice = 0xA11CE, bob = 0xB0B;

void append(bytes& to, std::initializer_list<std::uint32_t> words) {
  for (const auto word : words) {
    to.resize(to.size() + 4);
    put32(&to[to.size() - 4], word);
  }
}

/// Alice's report on what she hears: sender's information, and a block on each of `about`.
bytes report_of_alice(std::vector<std::uint32_t> about, bool sends = true) {
  bytes made;
  const auto words = 1 + (sends ? 5 : 0) + 6 * about.size();
  append(made, {static_cast<std::uint32_t>(0x80000000u | about.size() << 24
                                           | (sends ? 200u : 201u) << 16 | words),
                alice});
  if (sends) append(made, {0x11111111, 0x22222222, 16000 + 800, 999, 99999});
  for (const auto ssrc : about)
    append(made, {ssrc, 0x05000003, 0x0001'0042, 17, 0x33333333, 0x44444444});
  return made;
}

/// Alice speaks to Bob and hears him.
struct streams {
  out_stream to_bob{0x0B0B0B0B, 1000, 5000};
  out_stream to_alice{0x0A0A0A0A, 0x20, 0};

  streams() {
    to_bob.follow({0, false, 100, 16000, alice}, 8000, 160, time_point{1h});
    to_alice.follow({0, false, 0x10, 0, bob}, 8000, 160, time_point{1h});
  }
  bytes relay(const bytes& in) const {
    bytes out(in.size() + rtcp_growth_max);
    out.resize(relay_rtcp(in, {to_bob, to_alice, "0123456789abcdef"}, out));
    return out;
  }
};

std::uint32_t word(const bytes& b, std::size_t i) {
  REQUIRE(b.size() >= 4 * i + 4);
  return get32(&b[4 * i]);
}

}  // namespace

TEST_CASE("a sender's report comes out in the names and numbers of our streams", "[media][rtcp]") {
  const streams s;
  const auto out = s.relay(report_of_alice({s.to_alice.ssrc()}));
  REQUIRE(is_rtcp(out));
  CHECK(word(out, 0) == (0x81000000u | 200u << 16 | 12));
  CHECK(word(out, 1) == s.to_bob.ssrc());
  CHECK(word(out, 2) == 0x11111111);  // NTP: the phone's own.
  CHECK(word(out, 3) == 0x22222222);
  CHECK(word(out, 4) == 5000 + 800);  // RTP time, as in our stream.
  CHECK(word(out, 5) == 1);
  CHECK(word(out, 6) == 160);
  CHECK(word(out, 7) == bob);
  CHECK(word(out, 8) == 0x05000003);
  CHECK(word(out, 9) == 0x0001'0042 - 0x10);  // Bob counts from 0x10, we from 0x20.
  CHECK(word(out, 10) == 17);
  CHECK(word(out, 11) == 0x33333333);
  CHECK(word(out, 12) == 0x44444444);
  CHECK(word(out, 13) == (0x81000000u | 202u << 16 | 6));
  CHECK(word(out, 14) == s.to_bob.ssrc());
  CHECK(bytes(out.begin() + 60, out.begin() + 78)
        == bytes{1, 16, '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e',
                 'f'});
}

TEST_CASE("blocks on other streams are left out", "[media][rtcp]") {
  const streams s;
  const auto out = s.relay(report_of_alice({1, s.to_alice.ssrc(), 2}, false));
  CHECK(word(out, 0) == (0x81000000u | 201u << 16 | 7));
  CHECK(word(out, 2) == bob);
  CHECK(word(s.relay(report_of_alice({1, 2}, false)), 0) == (0x80000000u | 201u << 16 | 1));
}

TEST_CASE("what a phone hears of music is nobody's report", "[media][rtcp]") {
  streams s;
  s.to_alice.switch_source();
  s.to_alice.generate(0, 8000, 160, false, 160, time_point{2h});
  CHECK(word(s.relay(report_of_alice({s.to_alice.ssrc()}, false)), 0)
        == (0x80000000u | 201u << 16 | 1));
}

TEST_CASE("a sender that is not the one being relayed is only a receiver", "[media][rtcp]") {
  streams s;
  s.to_bob.switch_source();
  CHECK(word(s.relay(report_of_alice({})), 0) == (0x80000000u | 201u << 16 | 1));
  s.to_bob.follow({0, false, 1, 1, alice + 1}, 8000, 160, time_point{2h});
  CHECK(word(s.relay(report_of_alice({})), 0) == (0x80000000u | 201u << 16 | 1));
}

TEST_CASE("BYE and SDES of a phone stay with us", "[media][rtcp]") {
  const streams s;
  auto in = report_of_alice({});
  append(in, {0x81CA0003, alice, 0x0106'6265, 0x6562'6500, 0x81CB0001, alice});
  REQUIRE(is_rtcp(in));
  const auto out = s.relay(in);
  CHECK(out == s.relay(report_of_alice({})));
}

TEST_CASE("what is no compound is not taken for one", "[media][rtcp]") {
  const auto good = report_of_alice({1});
  REQUIRE(is_rtcp(good));
  auto bad = good;
  SECTION("another version") {
    bad[0] = 0x41;
  }
  SECTION("no report first") {
    bad[1] = 203;
  }
  SECTION("padding in the first") {
    bad[0] |= 0x20;
  }
  SECTION("longer than it says") {
    bad.push_back(0);
  }
  SECTION("shorter than it says") {
    bad.pop_back();
  }
  SECTION("a second packet cut off") {
    append(bad, {0x80CA0005});
  }
  SECTION("nothing") {
    bad.clear();
  }
  SECTION("too big") {
    bad.assign(rtcp_size_max + 4, 0);
  }
  CHECK_FALSE(is_rtcp(bad));
}

TEST_CASE("more blocks than there is room for are not read", "[media][rtcp]") {
  const streams s;
  auto in = report_of_alice({1});
  in[0] = 0x80 | 31;
  REQUIRE(is_rtcp(in));
  CHECK(s.relay(in).empty());
}
