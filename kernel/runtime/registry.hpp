#pragma once

#include "kernel/values/names.hpp"

#include <caf/actor.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace parkway {

/// What kind of actor a directory entry names.
enum class registry_kind : std::uint8_t { extension, park_group, ring_group };

/// Name → actor: spawns on first use, forgets the dead. Any thread. Whether the tenant has such a
/// number is for the caller to know (kernel/config/tenants.hpp); the registry asks nobody.
///
/// The one lock of the kernel, as in CAF's own registry: a look-up is needed inside handlers that
/// cannot wait for an answer. It is split by hash, and held for a look-up or a spawn only.
class registry {
 public:
  /// Spawns the actor of an entry.
  using spawner = std::function<caf::actor(const tenant_name&, const std::string& name)>;

  /// How entries of a kind come to life. Before the first look-up.
  void spawn_with(registry_kind kind, spawner how);
  /// The entry's actor, spawned if need be.
  caf::actor find(registry_kind kind, const tenant_name& tenant, const std::string& name);
  caf::actor extension(const tenant_name& tenant, const number& n) {
    return find(registry_kind::extension, tenant, n.text);
  }
  caf::actor park_group(const tenant_name& tenant, const group_name& n) {
    return find(registry_kind::park_group, tenant, n.text);
  }
  caf::actor ring_group(const tenant_name& tenant, const number& n) {
    return find(registry_kind::ring_group, tenant, n.text);
  }
  /// The entry's actor where it lives already, else null.
  caf::actor living(registry_kind kind, const tenant_name& tenant, const std::string& name);
  /// All living actors.
  std::vector<caf::actor> everybody();
  /// Forgets all entries (shutdown).
  void clear();

 private:
  struct key {
    registry_kind kind;
    std::string tenant, name;
    bool operator==(const key&) const = default;
  };
  struct key_hash {
    std::size_t operator()(const key& k) const noexcept;
  };
  struct part {
    std::mutex mutex;
    std::unordered_map<key, caf::actor, key_hash> entries;
  };

  part& part_of(const key& k) { return parts_[key_hash{}(k) % parts_.size()]; }
  void forget(const key& k, caf::actor_id whose);

  std::array<spawner, 3> spawners_;
  std::array<part, 16> parts_;
};

}  // namespace parkway
