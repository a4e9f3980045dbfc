#include "plugins/media/music_file.hpp"

#include <catch2/catch.hpp>
#include <sndfile.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <numbers>
#include <vector>

using namespace parkway;
using namespace parkway::media;

namespace {

/// A file that is gone after the test.
struct scratch {
  std::filesystem::path path =
    std::filesystem::temp_directory_path() / ("parkway-music-" + std::to_string(getpid()) + ".tmp");
  ~scratch() { std::filesystem::remove(path); }
};

void write_sound(const std::filesystem::path& path, int format, int rate, int channels,
                 const std::vector<float>& samples) {
  SF_INFO info{};
  info.samplerate = rate;
  info.channels = channels;
  info.format = format;
  auto* const file = sf_open(path.c_str(), SFM_WRITE, &info);
  REQUIRE(file);
  sf_writef_float(file, samples.data(),
                  static_cast<sf_count_t>(samples.size() / static_cast<std::size_t>(channels)));
  sf_close(file);
}

/// Strength of a tone (Goertzel), 1 for a full-scale sine.
double strength(const std::vector<std::int16_t>& samples, double frequency, double rate) {
  double re = 0, im = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto phase = 2 * std::numbers::pi * frequency * static_cast<double>(i) / rate;
    re += samples[i] * std::cos(phase);
    im += samples[i] * std::sin(phase);
  }
  return 2 * std::hypot(re, im) / static_cast<double>(samples.size()) / 32767;
}

}  // namespace

TEST_CASE("a stereo file of 44.1 kHz is heard at 8 and 16 kHz, both sides of it", "[media][file]") {
  const int format = GENERATE(SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                              SF_FORMAT_OGG | SF_FORMAT_VORBIS);
  scratch file;
  std::vector<float> samples;
  for (int i = 0; i < 2 * 44100; ++i) {
    const auto t = 2 * std::numbers::pi * i / 44100;
    samples.push_back(static_cast<float>(0.5 * std::sin(440 * t)));
    samples.push_back(static_cast<float>(0.5 * std::sin(1000 * t)));
  }
  write_sound(file.path, format, 44100, 2, samples);

  const auto read = read_music(file.path);
  REQUIRE(read);
  CHECK(read->narrow.size() == Approx(16000).margin(100));
  CHECK(read->wide.size() == Approx(32000).margin(100));
  CHECK(strength(read->narrow, 440, 8000) == Approx(0.25).margin(0.02));
  CHECK(strength(read->narrow, 1000, 8000) == Approx(0.25).margin(0.02));
  CHECK(strength(read->wide, 440, 16000) == Approx(0.25).margin(0.02));
  CHECK(strength(read->wide, 1000, 16000) == Approx(0.25).margin(0.02));
  CHECK(strength(read->wide, 700, 16000) < 0.01);
}

TEST_CASE("what a telephone line does not carry does not fold back into it", "[media][file]") {
  scratch file;
  std::vector<float> samples;
  for (int i = 0; i < 48000; ++i)
    samples.push_back(static_cast<float>(0.8 * std::sin(2 * std::numbers::pi * 5000 * i / 48000)));
  write_sound(file.path, SF_FORMAT_WAV | SF_FORMAT_PCM_24, 48000, 1, samples);
  const auto read = read_music(file.path);
  REQUIRE(read);
  CHECK(strength(read->wide, 5000, 16000) > 0.7);
  CHECK(strength(read->narrow, 3000, 8000) < 0.01);
}

TEST_CASE("of a long file the first ten minutes are read", "[media][file]") {
  scratch file;
  write_sound(file.path, SF_FORMAT_WAV | SF_FORMAT_PCM_U8, 8000, 1,
              std::vector<float>(11 * 60 * 8000));
  const auto read = read_music(file.path);
  REQUIRE(read);
  CHECK(read->narrow.size() == Approx(10 * 60 * 8000).margin(100));
}

TEST_CASE("samples beyond full scale, and what is no number, are made harmless", "[media][file]") {
  scratch file;
  std::vector<float> samples(16000, 7.0F);
  for (std::size_t i = 8000; i < 8100; ++i)
    samples[i] = std::numeric_limits<float>::quiet_NaN();
  write_sound(file.path, SF_FORMAT_WAV | SF_FORMAT_FLOAT, 16000, 1, samples);
  const auto read = read_music(file.path);
  REQUIRE(read);
  CHECK(read->wide[4000] == 32767);
  CHECK(read->wide[8050] == 0);
}

TEST_CASE("a file that is no sound says what is wrong", "[media][file]") {
  scratch file;
  CHECK(read_music("/nowhere/none.wav").error().code == fault_code::unavailable);
  CHECK(read_music("/tmp").error().code == fault_code::unavailable);
  CHECK(read_music("/dev/zero").error().code == fault_code::unavailable);
  std::ofstream{file.path} << "this is not music";
  CHECK(read_music(file.path).error().code == fault_code::unsupported);
  write_sound(file.path, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, {});
  CHECK(read_music(file.path).error().code == fault_code::malformed);
  write_sound(file.path, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 1000, 1, std::vector<float>(5000));
  CHECK(read_music(file.path).error().code == fault_code::malformed);
}
