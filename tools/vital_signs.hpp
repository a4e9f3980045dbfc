#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <atomic>
#include <string>
#include <utility>
#include <vector>

namespace parkway {

/// Watches actors the node cannot do without. When one dies, it says so in the log, sets `lost` and
/// asks the process to stop (SIGTERM), so that whoever supervises it starts it anew. An exit
/// message ends the watch.
caf::actor spawn_vital_signs(caf::actor_system& system,
                             std::vector<std::pair<std::string, caf::actor>> watched,
                             std::atomic<bool>& lost);

}  // namespace parkway
