#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace parkway::media {

/// Encodes a loop of 16 kHz samples, an even number of them, as G.722 at 64 kbit/s (RFC 3551
/// §4.5.2): a byte for two samples. The codec adapts: at the beginning of the loop it is as it was
/// left at its end, so that a listener hears no seam.
std::vector<std::uint8_t> to_g722(std::span<const std::int16_t> loop);

}  // namespace parkway::media
