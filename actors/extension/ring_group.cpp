#include "actors/extension/ring_group.hpp"

#include "actors/common/call_control.hpp"

#include <algorithm>

namespace parkway {
namespace {

struct ring_group {
  static inline const char* name = "ring_group";

  caf::event_based_actor* const self;
  const call_control control;
  const tenant_name in;
  const number me;
  std::size_t turn = 0;  ///< Who begins the next cyclic hunt.

  ring_group(caf::event_based_actor* actor, context_ptr context, tenant_name tenant, number n)
    : self(actor), control(actor, std::move(context)), in(std::move(tenant)), me(std::move(n)) {}

  caf::behavior make_behavior() {
    return {
      [this](show_ring_order) { return order(); },
    };
  }

  ring_order order() {
    const auto now = control.context().tenants->find(in);
    const auto found = now ? now->ring_groups.find(me) : decltype(now->ring_groups.end()){};
    if (!now || found == now->ring_groups.end()) return {};
    const auto& group = found->second;
    if (group.strategy == ring_strategy::simultaneous) return {{group.members}, group.ring_time};
    auto members = group.members;
    if (group.strategy == ring_strategy::cyclic && !members.empty())
      std::rotate(members.begin(),
                  members.begin() + static_cast<std::ptrdiff_t>(turn++ % members.size()),
                  members.end());
    ring_order hunt{{}, group.ring_time};
    for (auto& m : members)
      hunt.stages.push_back({std::move(m)});
    return hunt;
  }
};

}  // namespace

caf::actor spawn_ring_group(const context_ptr& context, const tenant_name& in, const number& n) {
  return spawn_actor<ring_group>(*context->system, context, in, n);
}

}  // namespace parkway
