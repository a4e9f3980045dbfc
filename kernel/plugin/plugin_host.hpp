#pragma once

#include "kernel/plugin/plugin.hpp"
#include "kernel/values/result.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace parkway {

/// The manifest of a shared object. It stays mapped for ever: messages of its types may be on their
/// way when its actors are gone. Faults: unavailable (cannot be loaded), unsupported (another ABI),
/// malformed (no manifest, or one of another name).
result<const plugin_manifest*> load_plugin(const std::filesystem::path& file,
                                           std::string_view name);

/// What the host is to keep running.
struct hosted_plugin {
  const plugin_manifest* manifest = nullptr;
  /// Its actors, where whoever spawns the host has started it already.
  std::vector<caf::actor> running;
  /// Hears of the actors after each start of the host's; may be empty.
  std::function<void(const std::vector<caf::actor>&)> started;
};

/// Spawns the supervisor of the plugins. It starts them in order, monitors every actor of theirs
/// and starts a plugin anew when one of its actors dies: after 1 s, doubled each time up to 60 s,
/// and from 1 s again when it has held for that long. An exit message to the host ends them all.
caf::actor spawn_plugin_host(caf::actor_system& system, plugin_context lent,
                             std::vector<hosted_plugin> plugins);

/// Stands for an actor that may be replaced: passes every message on to it, sender and all.
caf::actor spawn_seat(caf::actor_system& system, caf::actor holder);

/// Told to a seat: from now on this is the holder.
struct take_seat {
  caf::actor holder;
};

}  // namespace parkway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::take_seat)
