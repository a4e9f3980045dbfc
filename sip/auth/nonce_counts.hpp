#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace parkway::sip {

/// Which counts (nc) of which nonces one shard has seen (RFC 7616 §3.4): the same answer is good
/// once. Constant memory, constant time.
///
/// A nonce is remembered from its first right answer on. One of the same place that was made later
/// takes it over, and the earlier nonce is good no more: what is forgotten is never believed. That
/// is 65 536 challenges away, unless half a million phones log in within one `nonce_life`.
class nonce_counts {
 public:
  nonce_counts() : places_(places_max) {}

  /// The serial of a new nonce.
  std::uint64_t next_serial() { return ++last_serial_; }
  /// A right answer with this count came. False: it has come before, or the nonce is forgotten.
  /// Counts may overtake each other on their way, by less than 32.
  bool take(std::uint64_t serial, std::uint32_t count);

 private:
  static constexpr std::size_t places_max = 65'536;  ///< 16 bytes each.

  struct place {
    std::uint64_t serial = 0;  ///< 0: nobody's.
    std::uint32_t highest = 0;
    std::uint32_t seen = 0;  ///< Bit n: highest - n.
  };

  std::vector<place> places_;
  std::uint64_t last_serial_ = 0;
};

}  // namespace parkway::sip
