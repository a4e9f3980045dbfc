#pragma once

#include "kernel/messages/registration.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace parkway {

/// The registered contacts of one extension (RFC 3261 §10.3). Pure: time is given.
class bindings {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  /// Phones of one extension at once. A phone that reboots leaves its old contact behind until it
  /// expires: the one that expires first makes room, so that no phone is ever locked out.
  static constexpr std::size_t bindings_max = 16;

  /// Applies a REGISTER; all or nothing. The fault: an older CSeq of the same Call-ID (step 7).
  std::optional<fault> apply(const register_phone& request, time_point now);
  /// Whether this contact comes, or comes back after a restart: it may have forgotten its screen.
  bool is_new(const binding& contact, const std::string& call_id) const;
  /// The flows that phones of this REGISTER were reached by and are not any more: where from, where
  /// to. To be asked before it is applied. A phone is known by its contact, or its instance.
  std::vector<std::pair<flow, flow>> moved(const register_phone& request) const;
  /// Removes what has expired; true when something had.
  bool expire(time_point now);
  /// Removes those that came by this shard.
  void drop(std::uint16_t shard);
  /// When the next one expires.
  std::optional<time_point> next_expiry() const;
  /// By preference, then by age.
  const std::vector<binding>& all() const { return all_; }

 private:
  void put(const contact_change& change, const register_phone& request, time_point now);

  std::vector<binding> all_;
};

}  // namespace parkway
