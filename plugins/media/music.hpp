#pragma once

#include "kernel/values/session.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace parkway::media {

/// What we can encode. All three tick at 8000 Hz in RTP, G.722 by an old mistake (RFC 3551 §4.5.2).
enum class music_codec : std::uint8_t { pcmu, pcma, g722 };

/// Bytes, and RTP ticks, of 20 ms in each of them.
inline constexpr std::size_t music_frame_size = 160;
inline constexpr std::uint32_t music_clock_rate = 8000;

/// Mono sound at the two rates that telephones know.
struct sound {
  std::vector<std::int16_t> narrow;  ///< 8 kHz
  std::vector<std::int16_t> wide;    ///< 16 kHz
};

/// A loop of music, encoded once: a listener needs only a header of its own. Immutable, shared by
/// the engines.
class music {
 public:
  /// Whole frames only; what is left at the end is cut off. At least one frame of each.
  explicit music(const sound& played);

  std::size_t frames() const { return frames_; }
  /// Goes round.
  std::span<const std::uint8_t, music_frame_size> frame(music_codec c, std::uint64_t index) const {
    const auto& ring = rings_[static_cast<std::size_t>(c)];
    return std::span<const std::uint8_t, music_frame_size>{
      ring.data() + index % frames_ * music_frame_size, music_frame_size};
  }

 private:
  std::size_t frames_;
  std::array<std::vector<std::uint8_t>, 3> rings_;
};

using music_ptr = std::shared_ptr<const music>;

/// A party's codec that music can be sent in.
struct music_format {
  music_codec codec;
  std::uint8_t payload_type;
};

/// The first of them, or none.
std::optional<music_format> choose_format(const std::vector<codec>& codecs);

}  // namespace parkway::media
