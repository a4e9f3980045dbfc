#include "plugins/media/tune.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace parkway::media {

namespace {

constexpr double beat = 0.8;  ///< s; 75 a minute.
constexpr double bar = 4 * beat;
constexpr std::size_t bars = 8;
constexpr double peak = 0.45;  ///< Of full scale: about −7 dB, loud enough beside a voice.

/// A chord of a bar: bass, three of the pad, four the bells wander through. MIDI note numbers.
struct chord {
  int bass;
  std::array<int, 3> pad;
  std::array<int, 4> bells;
};

/// C, A minor, F, G and once round by E and D minor, home through G: nowhere a full stop, so that
/// the end leads into the beginning.
constexpr std::array<chord, bars> progression{{
  {48, {60, 64, 67}, {72, 76, 79, 83}},
  {45, {60, 64, 69}, {72, 76, 79, 81}},
  {53, {60, 65, 69}, {72, 76, 77, 81}},
  {43, {59, 62, 67}, {71, 74, 76, 79}},
  {52, {59, 64, 67}, {71, 74, 76, 79}},
  {45, {60, 64, 69}, {72, 76, 79, 84}},
  {50, {60, 65, 69}, {74, 77, 81, 84}},
  {43, {60, 62, 67}, {72, 74, 77, 79}},
}};

/// Which of the four a bell strikes on each half beat; a rest is −1.
constexpr std::array<int, 8> pattern{0, 1, 2, 3, 2, 1, 2, -1};

/// How a voice sounds.
struct voice {
  std::array<double, 4> partials;  ///< Strength of the fundamental and its multiples.
  double attack, length, release;  ///< s
  double decay;                    ///< s until it has faded to 1/e; 0: it does not fade.
};

constexpr voice pad{{1.0, 0.30, 0.12, 0.04}, 0.9, bar + 0.9, 0.9, 0.0};
constexpr voice bell{{1.0, 0.35, 0.18, 0.06}, 0.006, 2.2, 0.4, 0.7};
constexpr voice bass{{1.0, 0.45, 0.15, 0.0}, 0.03, bar, 0.5, 2.2};

double frequency(int note) {
  return 440.0 * std::pow(2.0, (note - 69) / 12.0);
}

/// Rises and falls as half a cosine: no corner that could be heard as a click.
double swell(double t, const voice& v) {
  const auto ramp = [](double part) { return 0.5 - 0.5 * std::cos(std::numbers::pi * part); };
  if (t < v.attack) return ramp(t / v.attack);
  if (t > v.length - v.release) return ramp((v.length - t) / v.release);
  return 1.0;
}

class score {
 public:
  explicit score(unsigned rate)
    : rate_(rate), mix_(static_cast<std::size_t>(std::lround(bars * bar * rate))) {}

  /// Adds a note; what sounds beyond the end sounds at the beginning.
  void play(const voice& v, int note, double at, double strength) {
    const auto begin = static_cast<std::size_t>(std::lround(at * rate_));
    shape(v, strength);
    for (std::size_t k = 0; k < v.partials.size(); ++k) {
      const auto f = frequency(note) * static_cast<double>(k + 1);
      if (f > 0.42 * rate_) break;  // Beyond what the line carries.
      if (v.partials[k] > 0) add_partial(f, begin, v.partials[k]);
    }
  }

  std::vector<std::int16_t> finish() const {
    const auto loudest = *std::max_element(
      mix_.begin(), mix_.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
    const auto scale = peak * 32767 / std::abs(loudest);
    std::vector<std::int16_t> samples(mix_.size());
    std::transform(mix_.begin(), mix_.end(), samples.begin(),
                   [=](double x) { return static_cast<std::int16_t>(std::lround(x * scale)); });
    return samples;
  }

 private:
  /// How loud the note is at each of its samples: once for all its partials, because the tune is
  /// played while the program starts.
  void shape(const voice& v, double strength) {
    const auto fade = v.decay > 0 ? std::exp(-1.0 / (v.decay * rate_)) : 1.0;
    shape_.resize(static_cast<std::size_t>(v.length * rate_));
    for (std::size_t n = 0; n < shape_.size(); ++n, strength *= fade)
      shape_[n] = strength * swell(static_cast<double>(n) / rate_, v);
  }

  /// One sine, by the recurrence sin(n+1) = 2 cos(w) sin(n) − sin(n−1): no sine a sample.
  void add_partial(double f, std::size_t begin, double strength) {
    const auto w = 2 * std::numbers::pi * f / rate_;
    const auto turn = 2 * std::cos(w);
    double before = -std::sin(w), now = 0;
    auto at = begin % mix_.size();
    for (const auto level : shape_) {
      mix_[at] += strength * level * now;
      const auto next = turn * now - before;
      before = now;
      now = next;
      if (++at == mix_.size()) at = 0;
    }
  }

  const unsigned rate_;
  std::vector<double> mix_;
  std::vector<double> shape_;
};

std::vector<std::int16_t> perform(unsigned rate) {
  score s{rate};
  for (std::size_t b = 0; b < bars; ++b) {
    const auto& now = progression[b];
    const auto at = static_cast<double>(b) * bar;
    s.play(bass, now.bass, at, 0.55);
    for (const int note : now.pad)
      s.play(pad, note, at, 0.30);
    for (std::size_t i = 0; i < pattern.size(); ++i)
      if (pattern[i] >= 0)
        s.play(bell, now.bells[static_cast<std::size_t>(pattern[i])],
               at + static_cast<double>(i) * beat / 2, i == 0 ? 0.50 : 0.38);
  }
  return s.finish();
}

}  // namespace

sound play_tune() {
  return {perform(8000), perform(16000)};
}

}  // namespace parkway::media
