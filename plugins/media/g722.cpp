#include "plugins/media/g722.hpp"

extern "C" {
#include <spandsp/telephony.h>
// It needs the former.
#include <spandsp/g722.h>
}

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

namespace parkway::media {

namespace {

constexpr int bits_per_second = 64000;
/// What the codec needs to forget how it began.
constexpr std::size_t settling = 16000;

struct free_encoder {
  void operator()(g722_encode_state_t* state) const { g722_encode_free(state); }
};

}  // namespace

std::vector<std::uint8_t> to_g722(std::span<const std::int16_t> loop) {
  const std::unique_ptr<g722_encode_state_t, free_encoder> state{
    g722_encode_init(nullptr, bits_per_second, 0)};
  std::vector<std::uint8_t> encoded(loop.size() / 2);
  if (!state) throw std::bad_alloc{};
  const auto tail = loop.last(std::min(settling, loop.size()));
  g722_encode(state.get(), encoded.data(), tail.data(), static_cast<int>(tail.size()));
  g722_encode(state.get(), encoded.data(), loop.data(), static_cast<int>(loop.size()));
  return encoded;
}

}  // namespace parkway::media
