#pragma once

#include "kernel/config/device_profiles.hpp"
#include "kernel/config/settings.hpp"
#include "kernel/config/tenants.hpp"
#include "kernel/values/names.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace parkway {

class registry;

/// What the kernel lends to every actor: mailboxes and immutable values. Filled by the composition
/// root before the first message; read-only afterwards, from any thread.
struct node_context {
  caf::actor_system* system = nullptr;
  std::shared_ptr<const settings> node;
  std::shared_ptr<tenant_book> tenants;
  std::shared_ptr<const device_profiles> profiles = device_profiles::built_in();
  std::shared_ptr<registry> actors;      ///< name → actor: extensions, groups.
  std::vector<caf::actor> shards;        ///< By leg_id::shard.
  std::vector<caf::actor> switchboards;  ///< By shard: where incoming calls go.
  std::vector<caf::actor> media;         ///< By media_id::engine; empty: no media plugin.
  caf::actor bus;                        ///< The one broadcast (bus.hpp).
  caf::actor journal;                    ///< The durability port (journal.hpp).
  std::chrono::system_clock::time_point wall_base;         ///< Wall time at …
  std::chrono::steady_clock::time_point wall_base_steady;  ///< … this moment of the actor clock.

  /// A leg id never used before, on that shard.
  leg_id fresh_leg(std::uint16_t shard) const { return {shard, ++*serial}; }
  /// A media id never used before, on the engine that serves the tenant.
  media_id fresh_media(const tenant_name& t) const {
    return {media.empty() ? std::uint16_t{0}
                          : static_cast<std::uint16_t>(std::hash<tenant_name>{}(t) % media.size()),
            ++*serial};
  }
  /// Wall time of a moment of the actor clock: the only way to it for actors.
  std::chrono::system_clock::time_point wall(std::chrono::steady_clock::time_point t) const {
    return wall_base
           + std::chrono::duration_cast<std::chrono::system_clock::duration>(t - wall_base_steady);
  }

  std::shared_ptr<std::atomic<std::uint64_t>> serial =
    std::make_shared<std::atomic<std::uint64_t>>(0);
};

using context_ptr = std::shared_ptr<const node_context>;

}  // namespace parkway
