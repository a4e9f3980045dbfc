#include "sip/shard/shard_core.hpp"

namespace parkway::sip {

void shard_core::place(const place_call& c) {
  auto whose = context_->tenants->find(c.tenant);
  if (!whose) {  // Removed from the directory a moment ago.
    caf::anon_send(c.owner, leg_refused{c.leg, {fault_code::no_such_number, 0, "no such tenant"}});
    return;
  }
  make_leg(c.leg, c.owner, std::move(whose), c.to.via).place(c);
}

void shard_core::end_legs_of(const caf::actor_addr& owner) {
  for (auto* one : all_legs())
    if (one->owner() && one->owner().address() == owner)
      one->command(hang_up{one->id, hang_up_reason::failed});
}

void shard_core::shut_down() {
  stopping_ = true;
  for (auto* one : all_legs())
    one->shut_down();
  while (!registrations_.empty())
    on_registration_timeout(registrations_.begin()->first);
}

}  // namespace parkway::sip
