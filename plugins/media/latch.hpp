#pragma once

#include "plugins/media/out_stream.hpp"
#include "plugins/media/socket_address.hpp"

namespace parkway::media {

/// Where a party is, when its session description may be wrong because of NAT (RFC 4961,
/// RFC 7362 §4). Who has spoken first is the party; nobody else can take its place but the address
/// of the session description, and a new one.
class latch {
 public:
  /// The address of the session description; none or port 0: unknown. A changed one forgets who has
  /// spoken; what is still on its way from there does not count as a new voice for half a second.
  void aim(const socket_address& described, time_point now);
  /// Whether a packet from there is the party's. It may be its first.
  bool admit(const socket_address& from, time_point now);
  /// Where to send; none: nowhere yet.
  const socket_address& to() const;
  /// Whether that address is the one described.
  bool is_aimed_at(const socket_address& from) const { return described_ && from == described_; }

 private:
  socket_address described_;  ///< The last known one.
  bool unknown_ = true;       ///< The present description has none.
  socket_address source_;     ///< Who speaks.
  socket_address former_;     ///< Who spoke before the description changed …
  time_point former_until_;   ///< … and until when that does not count.
};

}  // namespace parkway::media
