#pragma once

#include "kernel/messages/park.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <chrono>
#include <optional>

namespace parkway {

/// The durability port: what must outlive the process is sent here, and is on disk when the answer
/// comes. A store plugin is one; without it the null journal answers at once.

/// A parked call as it must be found again. parked_call → journal; the reply is kept.
struct keep_parked {
  park_id id;
  park_terms_ptr terms;
  park_state state = park_state::parking;
  std::chrono::system_clock::time_point parked_at;
  std::optional<std::chrono::system_clock::time_point> recall_at;  ///< Absolute deadline.
};
/// It is on disk; or why not, and then the park is refused.
struct kept {
  park_id id;
  std::optional<fault> why;
};

/// A parked call is over. No answer.
struct drop_parked {
  park_id id;
};

/// Spawns the journal of a node without a store.
caf::actor spawn_null_journal(caf::actor_system& system);

}  // namespace parkway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::keep_parked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::kept)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::drop_parked)
