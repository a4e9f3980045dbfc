#pragma once

#include "kernel/runtime/actor.hpp"
#include "sip/shard/lane.hpp"
#include "sip/shard/shard.hpp"

#include <string>

namespace parkway::sip {

/// shard → shard: a message that landed on the wrong one, whole, as it came.
struct stray_message {
  flow from;
  std::string bytes;
  passage counted;
};

/// shard → shard: please send this on a connection that is yours.
struct outbound_message {
  flow to;
  std::string bytes;
  passage counted;
};

/// shard → shard: who is at the far side of this connection of yours has proved who it is.
struct proved_connection {
  flow which;
};

/// How many of its requests are not answered yet? Asked by who stops the node.
struct show_unanswered {};
struct unanswered {
  std::size_t requests;
};

/// shard → shard: an authentication of that user (admission::user_of) from that source failed.
struct authentication_failed {
  ip_address source;
  std::uint64_t user = 0;
};

/// The actor that is a shard's face: mailbox in, shard::command() out, with the time of the actor
/// clock. Runs on the shard's own loop (kernel/runtime/loop_scheduler.hpp pins it), so that nothing
/// in the shard is ever touched by two threads. The shard outlives it.
///
///   auto face = spawn_actor<shard_actor>(system, &shard);   // tests; in production: pinned
struct shard_actor {
  static inline const char* name = "shard";
  caf::event_based_actor* const self;
  shard* const served;

  shard_actor(caf::event_based_actor* actor, shard* of) : self(actor), served(of) {}

  caf::behavior make_behavior();
};

}  // namespace parkway::sip

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::sip::stray_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::sip::outbound_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::sip::proved_connection)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::sip::authentication_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::sip::show_unanswered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::sip::unanswered)
