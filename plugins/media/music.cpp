#include "plugins/media/music.hpp"

#include "plugins/media/g711.hpp"
#include "plugins/media/g722.hpp"

#include <algorithm>
#include <cassert>

namespace parkway::media {

namespace {

std::vector<std::uint8_t> encode(std::span<const std::int16_t> samples,
                                 std::uint8_t (*code)(std::int16_t)) {
  std::vector<std::uint8_t> coded(samples.size());
  std::transform(samples.begin(), samples.end(), coded.begin(), code);
  return coded;
}

std::optional<music_codec> known(const codec& c) {
  if (c.clock_rate != music_clock_rate || c.channels != 1) return std::nullopt;
  if (c.name == "PCMU") return music_codec::pcmu;
  if (c.name == "PCMA") return music_codec::pcma;
  if (c.name == "G722") return music_codec::g722;
  return std::nullopt;
}

}  // namespace

music::music(const sound& played)
  : frames_(
    std::min(played.narrow.size() / music_frame_size, played.wide.size() / music_frame_size / 2)) {
  assert(frames_ > 0);
  const auto narrow = std::span{played.narrow}.first(frames_ * music_frame_size);
  const auto wide = std::span{played.wide}.first(2 * frames_ * music_frame_size);
  rings_ = {encode(narrow, to_pcmu), encode(narrow, to_pcma), to_g722(wide)};
}

std::optional<music_format> choose_format(const std::vector<codec>& codecs) {
  for (const auto& c : codecs)
    if (const auto coded = known(c)) return music_format{*coded, c.payload_type};
  return std::nullopt;
}

}  // namespace parkway::media
