/// Drives a fuzz target without libFuzzer: mutations of its seeds, the same ones in every run.

#include "tests/fuzz/fuzz.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace {

/// Mutates texts by a fixed random sequence.
class mutator {
 public:
  mutator(std::vector<std::string> seeds, std::vector<std::string> words, std::uint32_t seed)
    : seeds_(std::move(seeds)), words_(std::move(words)), random_(seed) {}

  std::string next() {
    std::string text = seeds_[below(seeds_.size())];
    for (std::size_t n = below(6); n > 0; --n)
      mutate(text);
    return text;
  }

 private:
  std::size_t below(std::size_t bound) { return bound ? random_() % bound : 0; }

  void mutate(std::string& text) {
    const std::size_t at = below(text.size() + 1),
                      size = below(std::min<std::size_t>(64, text.size()));
    switch (below(8)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(random_());
        break;
      case 1:
        text.insert(at, 1, static_cast<char>(random_()));
        break;
      case 2:
        text.erase(at, size);
        break;
      case 3:
        text.insert(at, words_[below(words_.size())]);
        break;
      case 4:
        text.insert(at, text.substr(below(text.size()), size));
        break;
      case 5:
        text.resize(at);
        break;
      case 6: {
        const auto piece = text.substr(at, size);
        for (std::size_t n = below(70); n > 0 && text.size() < 80000; --n)
          text.insert(at, piece);
        break;
      }
      default: {
        const auto& other = seeds_[below(seeds_.size())];
        text.insert(at, other.substr(below(other.size())));
      }
    }
  }

  std::vector<std::string> seeds_, words_;
  std::mt19937 random_;
};

}  // namespace

/// Arguments: seconds to run, seed of the sequence. Files after them are inputs to run once.
int main(int count, char** arguments) {
  const auto run = [](const std::string& text) {
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  };
  const double seconds = count > 1 ? std::atof(arguments[1]) : 2.0;
  const auto seed = count > 2 ? static_cast<std::uint32_t>(std::atoi(arguments[2])) : 4475u;
  for (const auto& text : parkway::fuzz::seeds())
    run(text);
  mutator mutations(parkway::fuzz::seeds(), parkway::fuzz::words(), seed);
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  std::size_t runs = 0;
  for (; runs % 64 != 0 || std::chrono::steady_clock::now() < end; ++runs)
    run(mutations.next());
  std::printf("%zu runs, sequence %u: no promise broken\n", runs, seed);
}
