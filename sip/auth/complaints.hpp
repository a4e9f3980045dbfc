#pragma once

#include "sip/message/keyed_hash.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace parkway::sip {

/// Which refusals are worth a line of the log: a phone asks again and again, and a stranger as
/// often as he likes. Constant memory.
class complaints {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit complaints(std::uint64_t hash_seed) : hash_(hash_seed) {}

  /// Whether to write this line: not where the same was written lately, nor where so many were.
  bool is_worth_a_line(std::string_view line, time_point now);
  /// How many lines were not written since this was asked last, repetitions aside.
  std::uint64_t take_unwritten();

 private:
  static constexpr std::chrono::minutes repeated_after{5};
  static constexpr std::uint32_t lines_max = 20;
  static constexpr std::chrono::seconds lines_within{10};

  struct written {
    std::uint64_t what = 0;
    time_point at{};
  };

  const keyed_hash hash_;
  std::array<written, 256> lately_{};  ///< A ring.
  std::size_t next_ = 0;
  time_point counted_from_{};
  std::uint32_t lines_ = 0;  ///< Since then.
  std::uint64_t unwritten_ = 0;
};

}  // namespace parkway::sip
