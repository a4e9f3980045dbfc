#include "kernel/config/tenants.hpp"

#include <algorithm>

namespace parkway {

const extension_entry* tenant::extension(const parkway::number& n) const {
  const auto found = extensions.find(n);
  return found == extensions.end() ? nullptr : &found->second;
}

const park_group_entry* tenant::park_group_of(const parkway::number& n) const {
  const auto found = group_of.find(n);
  return found == group_of.end() ? nullptr : &park_groups[found->second];
}

const park_group_entry* tenant::park_group(const group_name& n) const {
  const auto found = std::find_if(park_groups.begin(), park_groups.end(),
                                  [&](const auto& group) { return group.name == n; });
  return found == park_groups.end() ? nullptr : &*found;
}

void tenant_list::add(const tenant_ptr& t) {
  by_name[t->name] = t;
  by_domain[t->domain] = t;
  if (t->is_default) fallback = t;
}

std::vector<user_name> revoked_users(const tenant_list& before, const tenant_list& after) {
  std::vector<user_name> revoked;
  for (const auto& [name, old] : before.by_name) {
    const auto found = after.by_name.find(name);
    const auto* const now = found == after.by_name.end() ? nullptr : found->second.get();
    if (now == old.get()) continue;
    for (const auto& [who, entry] : old->extensions) {
      const auto* const kept = now && now->domain == old->domain ? now->extension(who) : nullptr;
      if (!kept || kept->secret != entry.secret) revoked.push_back({name, who});
    }
  }
  return revoked;
}

tenant_ptr tenant_book::find(const tenant_name& name) const {
  const auto list = current();
  const auto found = list->by_name.find(name);
  return found == list->by_name.end() ? nullptr : found->second;
}

}  // namespace parkway
