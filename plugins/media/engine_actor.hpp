#pragma once

#include "kernel/config/settings.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <memory>
#include <vector>

namespace parkway::media {

/// Spawns a media engine on every worker of the loop scheduler, in the order of the workers: what
/// context::media holds. Commands and events: kernel/messages/media.hpp, and owner_died.
/// They share the ports of the configuration. Takes a tenth of a second, for the tune. Empty where
/// the scheduler has no loops. An engine that gets no descriptors for itself dies at once.
std::vector<caf::actor> start_engines(caf::actor_system& system,
                                      const std::shared_ptr<const settings>& node);

}  // namespace parkway::media
