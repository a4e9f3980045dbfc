#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// A fuzz target: one source, two programs. With clang and PARKWAY_FUZZ it is linked with
/// libFuzzer; otherwise with fuzz_driver.cpp, which mutates the target's seeds by a fixed random
/// sequence. A target aborts where a promise is broken.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace parkway::fuzz {

/// Well-formed inputs to begin with.
std::vector<std::string> seeds();
/// Pieces worth inserting anywhere.
std::vector<std::string> words();

/// Ends the program where a promise does not hold.
inline void promise(bool holds) {
  if (!holds) __builtin_trap();
}

}  // namespace parkway::fuzz
