/// Lets libFuzzer begin with a target's seeds and insert its words, without a folder of files.

#include "tests/fuzz/fuzz.hpp"

#include <algorithm>
#include <cstring>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max, unsigned seed) {
  static const auto seeds = parkway::fuzz::seeds(), words = parkway::fuzz::words();
  if (size < 4 || seed % 64 == 0) {
    const auto& text = seeds[seed / 64 % seeds.size()];
    size = std::min(text.size(), max);
    std::memcpy(data, text.data(), size);
  } else if (seed % 8 == 1) {
    const auto& word = words[seed / 8 % words.size()];
    const auto at = seed / 512 % (size + 1);
    if (size + word.size() > max) return size;
    std::memmove(data + at + word.size(), data + at, size - at);
    std::memcpy(data + at, word.data(), word.size());
    return size + word.size();
  }
  return LLVMFuzzerMutate(data, size, max);
}
