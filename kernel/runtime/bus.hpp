#pragma once

#include "kernel/messages/events.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>

namespace parkway {

/// What a watcher of the bus wants to hear; values are or-ed.
enum class topic : std::uint8_t { park = 1, call = 2, registration = 4, all = 7 };

/// Sent to the bus: from now on tell `watcher` of these events. A watcher that dies is forgotten.
struct watch {
  caf::actor watcher;
  topic topics = topic::all;
};

/// Spawns the bus: the one broadcast of the kernel. Send it events; it passes them to watchers.
caf::actor spawn_bus(caf::actor_system& system);

}  // namespace parkway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::watch)
