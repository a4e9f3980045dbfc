#include "plugins/media/g711.hpp"
#include "plugins/media/g722.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <numbers>
#include <vector>

// Last: it defines lrint and others as macros.
extern "C" {
#include <spandsp/telephony.h>
// It needs the former.
#include <spandsp/g722.h>
}

using namespace parkway::media;

namespace {

/// G.711 table 2a/2b: where the steps of µ-law begin, in 14 bits.
std::vector<int> mu_beginnings() {
  std::vector<int> all{0};
  int at = 1;  // The first step is half a step.
  for (int segment = 0; segment < 8; ++segment)
    for (int step = segment == 0 ? 1 : 0; step < 16; ++step) {
      all.push_back(at);
      at += 2 << segment;
    }
  return all;
}

/// G.711 table 1a/1b: where the steps of A-law begin, in 13 bits.
std::vector<int> a_beginnings() {
  std::vector<int> all;
  int at = 0;
  for (int segment = 0; segment < 8; ++segment)
    for (int step = 0; step < 16; ++step) {
      all.push_back(at);
      at += segment == 0 ? 2 : 1 << segment;
    }
  return all;
}

/// The step a magnitude lies in.
int step_of(int magnitude, const std::vector<int>& beginnings) {
  int code = 0;
  while (code < 127 && magnitude >= beginnings[static_cast<std::size_t>(code) + 1])
    ++code;
  return code;
}

}  // namespace

TEST_CASE("µ-law is the table of G.711 for every sample", "[media][g711]") {
  const auto beginnings = mu_beginnings();
  REQUIRE(beginnings.back() == 7903);
  for (int x = -32768; x <= 32767; ++x) {
    const int code = step_of(std::abs(x) >> 2, beginnings);
    const int expected = 0xFF & ~(code | (x < 0 ? 0x80 : 0));
    if (to_pcmu(static_cast<std::int16_t>(x)) != expected) FAIL("sample " << x);
  }
  for (int code = 0; code < 256; ++code) {
    const auto i = static_cast<std::size_t>(~code & 0x7F);
    const int end = i == 127 ? 8159 : beginnings[i + 1];
    const int level = i == 0 ? 0 : 2 * (beginnings[i] + end);
    if (from_pcmu(static_cast<std::uint8_t>(code)) != (code & 0x80 ? level : -level))
      FAIL("code " << code);
  }
}

TEST_CASE("A-law is the table of G.711 for every sample", "[media][g711]") {
  const auto beginnings = a_beginnings();
  REQUIRE(beginnings.back() == 3968);
  for (int x = -32768; x <= 32767; ++x) {
    const int code = step_of((x < 0 ? -x - 1 : x) / 8, beginnings);
    const int expected = (code | (x < 0 ? 0 : 0x80)) ^ 0x55;
    if (to_pcma(static_cast<std::int16_t>(x)) != expected) FAIL("sample " << x);
  }
  for (int code = 0; code < 256; ++code) {
    const int plain = code ^ 0x55, i = plain & 0x7F;
    const int end = i == 127 ? 4096 : beginnings[static_cast<std::size_t>(i) + 1];
    const int middle = 4 * (beginnings[static_cast<std::size_t>(i)] + end);
    if (from_pcma(static_cast<std::uint8_t>(code)) != (plain & 0x80 ? middle : -middle))
      FAIL("code " << code);
  }
}

TEST_CASE("a code decoded and encoded again is the same code", "[media][g711]") {
  for (int code = 0; code < 256; ++code) {
    const auto c = static_cast<std::uint8_t>(code);
    // Minus zero of µ-law comes back as plus zero.
    if (c != 0x7F) CHECK(to_pcmu(from_pcmu(c)) == c);
    CHECK(to_pcma(from_pcma(c)) == c);
  }
}

TEST_CASE("G.722 decodes to what was encoded, the first time round as well as later",
          "[media][g722]") {
  std::vector<std::int16_t> tone(16000);
  for (std::size_t i = 0; i < tone.size(); ++i)
    tone[i] = static_cast<std::int16_t>(
      std::lround(8000 * std::sin(2 * std::numbers::pi * 440 * static_cast<double>(i) / 16000)));
  const auto coded = to_g722(tone);
  REQUIRE(coded.size() == tone.size() / 2);

  auto* const decoder = g722_decode_init(nullptr, 64000, 0);
  std::vector<std::int16_t> heard(tone.size());
  for (int round = 0; round < 2; ++round)
    g722_decode(decoder, heard.data(), coded.data(), static_cast<int>(coded.size()));
  g722_decode_free(decoder);

  double best = 0, power = 0;
  for (const auto x : tone)
    power += static_cast<double>(x) * x;
  for (std::size_t delay = 0; delay < 40; ++delay) {  // Two filters of 24 taps.
    double product = 0;
    for (std::size_t i = 0; i + 40 < tone.size(); ++i)
      product += static_cast<double>(tone[i]) * heard[i + delay];
    best = std::max(best, product / power);
  }
  CHECK(best > 0.95);
}
