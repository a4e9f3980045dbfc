#pragma once

#include "kernel/messages/leg.hpp"
#include "sip/message/keyed_hash.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parkway::sip {

/// What a tag of ours says about its dialog.
struct tag_origin {
  std::uint16_t shard = 0;
  std::uint64_t serial = 0;  ///< leg_id::serial; 0: no leg was made for it.
};

/// Makes the words of one shard that must be unique and unguessable: branches, tags, Call-IDs
/// (RFC 3261 §8.1.1.7, §19.3). Each branch and tag begins with the shard's index, four hex digits,
/// so that a message which lands on another shard finds home; and ends with a seal, 32 bits of a
/// keyed hash, so that a made-up one is known for what it is. Confined to the shard's thread.
class id_source {
 public:
  /// `seed` 0: the system's random numbers. Anything else: the same words each run, for tests only.
  /// `seal`: secret, the same for all shards of a process.
  id_source(std::uint16_t shard, std::uint64_t seed, std::uint64_t seal = 0);

  /// "z9hG4bK" + shard + 64 random bits + seal.
  std::string branch();
  /// Tag of a leg: shard + serial + 32 random bits + seal.
  std::string leg_tag(std::uint64_t serial);
  /// Tag of an answer for which nothing is kept: the same for the same request (RFC 3261 §8.2.7).
  std::string stateless_tag(std::string_view call_id, std::string_view from_tag,
                            std::string_view branch) const;
  /// 96 random bits.
  std::string call_id();
  /// Evenly from 0 up to, not including, `limit`.
  std::uint32_t below(std::uint32_t limit);
  std::uint64_t random();

  /// Which shard made this branch; none where no shard of ours did.
  std::optional<std::uint16_t> shard_of_branch(std::string_view branch) const;
  /// False: no Via of this header block has a branch of ours. Does not read the header block.
  bool may_hold_branch(std::string_view header) const;
  /// Whose leg's tag this is; none where no shard of ours made it for a leg.
  std::optional<tag_origin> origin_of(std::string_view tag) const;
  /// What this tag says, if it has the form of ours. Whoever made it up says what he likes.
  static std::optional<tag_origin> read_tag(std::string_view tag);

 private:
  void refill();
  void append_seal(std::string& word) const;
  bool is_sealed(std::string_view word) const;

  const std::uint16_t shard_;
  const keyed_hash seal_;
  std::uint64_t seed_;           ///< State of the test generator; 0: system randomness.
  std::uint64_t stateless_key_;  ///< Keys stateless_tag, so that nobody can compute ours.
  std::array<std::uint64_t, 64> pool_{};
  std::size_t used_ = 64;
};

/// The leg whose dialog `name` is, by the tag of ours in it: phones give the two tags in either
/// order (RFC 3891 §3 and what is seen in the field). Serial 0: neither is ours. Not looked up.
leg_id leg_named_by(const dialog_name& name);

}  // namespace parkway::sip
