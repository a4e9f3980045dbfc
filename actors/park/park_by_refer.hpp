#pragma once

#include "actors/common/call_control.hpp"
#include "actors/common/deadline.hpp"

#include <optional>

namespace parkway {

/// A park asked for from outside of the call (REFER to the park server): finds the call, has it
/// parked, reports.
///
///   finding --leg_found--> parking --park_done, park_refused--> end
struct park_by_refer {
  static inline const char* name = "park_by_refer";

  caf::event_based_actor* const self;
  const call_control control;
  const tenant_ptr in;
  const outside_transfer asked;
  const std::optional<number> place;  ///< None: hunt in the parker's group.
  caf::actor call;
  deadline over{1};

  park_by_refer(caf::event_based_actor* actor, context_ptr context, tenant_ptr tenant,
                outside_transfer what, std::optional<number> where);
  caf::behavior make_behavior();

 private:
  void report(std::optional<refusal> why);
};

/// Spawns it as a monitored child of `parent`.
caf::actor spawn_referral(caf::event_based_actor* parent, const context_ptr& context,
                          tenant_ptr tenant, outside_transfer what, std::optional<number> place);

}  // namespace parkway
