#include "kernel/runtime/registry.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>

namespace parkway {

std::size_t registry::key_hash::operator()(const key& k) const noexcept {
  const auto h = std::hash<std::string>{};
  return (h(k.tenant) * 0x9E3779B97F4A7C15u ^ h(k.name)) * 3 + static_cast<std::size_t>(k.kind);
}

void registry::spawn_with(registry_kind kind, spawner how) {
  spawners_[static_cast<std::size_t>(kind)] = std::move(how);
}

caf::actor registry::find(registry_kind kind, const tenant_name& tenant, const std::string& name) {
  key k{kind, tenant.text, name};
  auto& p = part_of(k);
  const std::lock_guard guard{p.mutex};
  auto& entry = p.entries[k];
  if (entry) return entry;
  entry = spawners_[static_cast<std::size_t>(kind)](tenant, name);
  // However it dies, the next look-up spawns another.
  auto* spawned = caf::actor_cast<caf::abstract_actor*>(entry);
  spawned->attach_functor([this, k = std::move(k), id = entry.id()] { forget(k, id); });
  return entry;
}

caf::actor registry::living(registry_kind kind, const tenant_name& tenant,
                            const std::string& name) {
  const key k{kind, tenant.text, name};
  auto& p = part_of(k);
  const std::lock_guard guard{p.mutex};
  const auto found = p.entries.find(k);
  return found == p.entries.end() ? caf::actor{} : found->second;
}

std::vector<caf::actor> registry::everybody() {
  std::vector<caf::actor> all;
  for (auto& p : parts_) {
    const std::lock_guard guard{p.mutex};
    for (const auto& [k, a] : p.entries)
      all.push_back(a);
  }
  return all;
}

void registry::clear() {
  for (auto& p : parts_) {
    std::unordered_map<key, caf::actor, key_hash> dropped;
    const std::lock_guard guard{p.mutex};
    dropped.swap(p.entries);
  }
}

void registry::forget(const key& k, caf::actor_id whose) {
  caf::actor dropped;
  auto& p = part_of(k);
  const std::lock_guard guard{p.mutex};
  const auto found = p.entries.find(k);
  if (found == p.entries.end() || found->second.id() != whose) return;
  dropped = std::move(found->second);
  p.entries.erase(found);
}

}  // namespace parkway
