#include "plugins/media/music_file.hpp"

#include <samplerate.h>
#include <sndfile.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <system_error>

namespace parkway::media {

namespace {

constexpr int rate_min = 4000, rate_max = 192000;
constexpr int channels_max = 32;
constexpr int narrow_rate = 8000, wide_rate = 16000;
constexpr sf_count_t block = 8192;  ///< Samples of each channel read at a time.

struct close_file {
  void operator()(SNDFILE* file) const { sf_close(file); }
};
struct delete_converter {
  void operator()(SRC_STATE* state) const { src_delete(state); }
};

/// Resamples a stream of blocks.
class resampler {
 public:
  resampler(int from, int to)
    : ratio_(static_cast<double>(to) / from), state_(src_new(SRC_SINC_FASTEST, 1, nullptr)) {}

  /// False: libsamplerate refuses.
  bool feed(std::span<const float> in, bool last, std::vector<float>& out) {
    if (!state_) return false;
    std::array<float, 4096> piece;
    SRC_DATA data{};
    data.src_ratio = ratio_;
    data.end_of_input = last;
    do {
      data.data_in = in.data();
      data.input_frames = static_cast<long>(in.size());
      data.data_out = piece.data();
      data.output_frames = static_cast<long>(piece.size());
      if (src_process(state_.get(), &data) != 0) return false;
      in = in.subspan(static_cast<std::size_t>(data.input_frames_used));
      out.insert(out.end(), piece.begin(), piece.begin() + data.output_frames_gen);
    } while (data.output_frames_gen > 0 || (!in.empty() && data.input_frames_used > 0));
    return true;
  }

 private:
  const double ratio_;
  const std::unique_ptr<SRC_STATE, delete_converter> state_;
};

/// The mean of all channels, in place: a loud stereo file does not clip.
std::size_t mix(std::vector<float>& samples, std::size_t frames, std::size_t channels) {
  for (std::size_t i = 0; i < frames; ++i) {
    float sum = 0;
    for (std::size_t c = 0; c < channels; ++c)
      sum += samples[i * channels + c];
    samples[i] = sum / static_cast<float>(channels);
  }
  return frames;
}

std::vector<std::int16_t> to_samples(const std::vector<float>& in) {
  std::vector<std::int16_t> out(in.size());
  std::transform(in.begin(), in.end(), out.begin(), [](float x) {
    // A broken float file may hold anything; lround of a NaN is undefined.
    const float sane = std::isfinite(x) ? std::clamp(x, -1.0F, 1.0F) : 0.0F;
    return static_cast<std::int16_t>(std::lround(sane * 32767));
  });
  return out;
}

/// All of the file at `rate`, or nothing.
std::optional<std::vector<float>> read_at(SNDFILE* file, const SF_INFO& info, int rate) {
  const auto channels = static_cast<std::size_t>(info.channels);
  std::vector<float> samples(static_cast<std::size_t>(block) * channels), out;
  resampler converter{info.samplerate, rate};
  sf_count_t left = info.samplerate * std::chrono::seconds{music_time_max}.count();
  while (true) {
    const auto got = sf_readf_float(file, samples.data(), std::min(block, left));
    const auto frames = mix(samples, static_cast<std::size_t>(got), channels);
    left -= got;
    const bool last = got == 0 || left == 0;
    if (!converter.feed({samples.data(), frames}, last, out)) return std::nullopt;
    if (last) return out;
  }
}

}  // namespace

result<sound> read_music(const std::filesystem::path& file) {
  std::error_code error;
  // Also keeps away from pipes and devices, which could be read for ever.
  if (!std::filesystem::is_regular_file(file, error))
    return fault{fault_code::unavailable, error ? error.message() : "not a regular file"};
  SF_INFO info{};
  const std::unique_ptr<SNDFILE, close_file> open{sf_open(file.c_str(), SFM_READ, &info)};
  if (!open) return fault{fault_code::unsupported, sf_strerror(nullptr)};
  if (info.samplerate < rate_min || info.samplerate > rate_max || info.channels < 1
      || info.channels > channels_max)
    return fault{fault_code::malformed, "sample rate or number of channels out of range"};
  const auto wide = read_at(open.get(), info, wide_rate);
  std::vector<float> narrow;
  // From the wide one: a quarter of the work, and the file is read once.
  if (!wide || !resampler{wide_rate, narrow_rate}.feed(*wide, true, narrow))
    return fault{fault_code::malformed, "cannot be resampled"};
  if (narrow.size() < music_frame_size || wide->size() < 2 * music_frame_size)
    return fault{fault_code::malformed, "shorter than 20 ms"};
  return sound{to_samples(narrow), to_samples(*wide)};
}

}  // namespace parkway::media
