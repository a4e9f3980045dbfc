#pragma once

#include "kernel/values/result.hpp"
#include "plugins/media/music.hpp"

#include <chrono>
#include <filesystem>

namespace parkway::media {

/// What lies beyond in a music file is not read: 10 min are 14 MB of frames.
inline constexpr std::chrono::minutes music_time_max{10};

/// Reads a sound file of any kind libsndfile knows (WAV, FLAC, OGG …), all its channels mixed, at 8
/// and 16 kHz. Takes seconds: never on a loop thread. Fails with unavailable (no such file),
/// unsupported (not a sound file) or malformed (no sound in it, or an unlikely rate).
result<sound> read_music(const std::filesystem::path& file);

}  // namespace parkway::media
