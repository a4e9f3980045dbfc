#pragma once

#include <cstdint>
#include <string_view>

namespace parkway::sip {

/// SipHash-1-3 with a secret key: who does not know it cannot make two strings collide.
class keyed_hash {
 public:
  explicit keyed_hash(std::uint64_t seed);
  std::uint64_t operator()(std::string_view bytes) const;

 private:
  const std::uint64_t k0_, k1_;
};

}  // namespace parkway::sip
