#pragma once

#include "kernel/runtime/context.hpp"

#include <caf/actor.hpp>

#include <cstdint>

namespace parkway {

/// Spawns the switchboard of a shard: incoming calls arrive at it, it reads what was dialled and
/// starts the actor that deals with the call. It monitors them: what a dead one owned is ended.
caf::actor spawn_switchboard(const context_ptr& context, std::uint16_t shard);

/// Teaches the directory how extensions, park groups and ring groups come to life.
void furnish_registry(const context_ptr& context);

}  // namespace parkway
