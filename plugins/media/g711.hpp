#pragma once

#include <cstdint>

namespace parkway::media {

/// G.711 µ-law ("PCMU", RFC 3551 §4.5.14) of a 16-bit linear sample. The two lowest bits are beyond
/// its 14.
std::uint8_t to_pcmu(std::int16_t sample);
/// The 16-bit sample a code stands for.
std::int16_t from_pcmu(std::uint8_t code);

/// G.711 A-law ("PCMA") of a 16-bit linear sample. The three lowest bits are beyond its 13.
std::uint8_t to_pcma(std::int16_t sample);
/// The 16-bit sample a code stands for.
std::int16_t from_pcma(std::uint8_t code);

}  // namespace parkway::media
