#include "plugins/media/g711.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

namespace parkway::media {

namespace {

/// Both laws are eight segments of sixteen steps; a segment's steps are twice the former's.
constexpr unsigned bias = 33;             ///< µ-law: makes each segment begin at a power of two.
constexpr unsigned largest = 8158;        ///< µ-law: the last decision value below the end.
constexpr std::uint8_t even_bits = 0x55;  ///< A-law: these are inverted on the line.

/// Code of a 13-bit magnitude, without sign, not yet inverted.
constexpr std::uint8_t mu_magnitude(unsigned magnitude) {
  const auto biased = std::min(magnitude, largest) + bias;
  const auto segment = static_cast<unsigned>(std::bit_width(biased)) - 6;
  return static_cast<std::uint8_t>(segment << 4 | (biased >> (segment + 1) & 0x0F));
}

/// Code of a 12-bit magnitude. The two lowest segments have equal steps.
constexpr std::uint8_t a_magnitude(unsigned magnitude) {
  if (magnitude < 32) return static_cast<std::uint8_t>(magnitude >> 1);
  const auto segment = static_cast<unsigned>(std::bit_width(magnitude)) - 5;
  return static_cast<std::uint8_t>(segment << 4 | (magnitude >> segment & 0x0F));
}

template <std::size_t size>
constexpr std::array<std::uint8_t, size> tabulate(std::uint8_t (*code)(unsigned)) {
  std::array<std::uint8_t, size> table{};
  for (std::size_t i = 0; i < size; ++i)
    table[i] = code(static_cast<unsigned>(i));
  return table;
}

constexpr auto mu_table = tabulate<8193>(mu_magnitude);
constexpr auto a_table = tabulate<4096>(a_magnitude);

}  // namespace

std::uint8_t to_pcmu(std::int16_t sample) {
  const int wide = sample;
  const auto magnitude = static_cast<std::size_t>(wide < 0 ? -wide : wide) >> 2;
  // All bits inverted; the highest says "positive" then.
  return static_cast<std::uint8_t>(~(mu_table[magnitude] | (wide < 0 ? 0x80 : 0)));
}

std::int16_t from_pcmu(std::uint8_t code) {
  const auto plain = static_cast<std::uint8_t>(~code);
  const unsigned segment = plain >> 4 & 7u, step = plain & 0x0Fu;
  const int magnitude = static_cast<int>(((2 * step + bias) << segment) - bias) * 4;
  return static_cast<std::int16_t>(plain & 0x80 ? -magnitude : magnitude);
}

std::uint8_t to_pcma(std::int16_t sample) {
  const int wide = sample;
  // The ones' complement of a negative: A-law has no zero, −1 is the first negative step.
  const auto magnitude = static_cast<std::size_t>(wide < 0 ? ~wide : wide) >> 3;
  return static_cast<std::uint8_t>((a_table[magnitude] | (wide < 0 ? 0 : 0x80)) ^ even_bits);
}

std::int16_t from_pcma(std::uint8_t code) {
  const auto plain = static_cast<std::uint8_t>(code ^ even_bits);
  const unsigned segment = plain >> 4 & 7u, step = plain & 0x0Fu;
  // Half a step up: a code stands for the middle of its step.
  const unsigned half = segment == 0 ? 2 * step + 1 : (2 * step + 33) << (segment - 1);
  const int magnitude = static_cast<int>(half) * 8;
  return static_cast<std::int16_t>(plain & 0x80 ? magnitude : -magnitude);
}

}  // namespace parkway::media
