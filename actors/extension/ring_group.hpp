#pragma once

#include "kernel/runtime/context.hpp"

#include <caf/actor.hpp>

namespace parkway {

/// Spawns the actor of a ring group: it says in which order its members ring now. Which of them
/// comes first in a cyclic hunt is all it remembers.
caf::actor spawn_ring_group(const context_ptr& context, const tenant_name& in, const number& n);

}  // namespace parkway
