#pragma once

/// The only header a plugin needs. It hands the kernel actors and gets mailboxes; docs of the
/// messages: kernel/messages/messages.hpp.

#include "kernel/config/settings.hpp"
#include "kernel/messages/messages.hpp"
#include "kernel/runtime/actor.hpp"
#include "kernel/runtime/bus.hpp"
#include "kernel/runtime/context.hpp"

#include <caf/actor.hpp>

#include <memory>
#include <vector>

namespace parkway {

/// Raised whenever plugin_manifest, plugin_context or a message changes.
inline constexpr int plugin_abi = 1;

/// What the kernel lends a plugin.
struct plugin_context {
  caf::actor bus;                        ///< Send it watch{topic} to be told of events.
  std::shared_ptr<const settings> node;  ///< The configuration at the start of the node.
  context_ptr kernel;  ///< Mailboxes of the node. The media plugin sees only `system` and `node`.
};

/// What a plugin is. Strings live as long as the process.
struct plugin_manifest {
  int abi;              ///< plugin_abi it was built with.
  const char* name;     ///< As in [plugins] load.
  const char* version;  ///< Free text, for the log.
  const char* summary;  ///< One sentence, for the log.
  /// Spawns its actors, one at least; called again after one of them has died. What it throws is
  /// caught by the host and counts as a death.
  std::vector<caf::actor> (*start)(const plugin_context&);
};

}  // namespace parkway

/// The one symbol of a shared object NAME.so that the kernel looks up:
///   extern "C" const parkway::plugin_manifest parkway_plugin{...};
/// Loading is spawning; unloading is an exit message. The object is never unmapped, because
/// messages of its types may still be on their way.
extern "C" const parkway::plugin_manifest parkway_plugin __attribute__((visibility("default")));
