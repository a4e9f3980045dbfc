#pragma once

#include "actors/common/call_control.hpp"
#include "actors/common/deadline.hpp"

#include <optional>

namespace parkway {

/// What a phone asked for by calling a park code while it has another call.
struct consultation_order {
  incoming_call from;
  std::optional<number> place;  ///< None: hunt in the parker's group.
};

/// The second call of a phone that parks by calling a code: it stands until the phone has shown
/// that the first one is parked, then both end.
///
///   asking --call_to_park--> parking --park_done--> confirming --> showing (2 s) --> end
///      | no call                | refused                  phone hangs up --> end
///      v                        v
///     end                      end
struct park_by_invite {
  static inline const char* name = "park_by_invite";

  caf::event_based_actor* const self;
  const call_control control;
  const tenant_ptr in;
  const consultation_order order;

  leg_id leg;             ///< Empty once it is over.
  caf::actor other_call;  ///< Whose call is parked.
  bool done = false;
  deadline over{1};

  park_by_invite(caf::event_based_actor* actor, context_ptr context, tenant_ptr tenant,
                 consultation_order what);
  caf::behavior make_behavior();

 private:
  void parked(const park_done& p);
  void refuse_with(const refusal& why);
  void finish();
};

/// Spawns it as a monitored child of `parent`.
caf::actor spawn_consultation(caf::event_based_actor* parent, const context_ptr& context,
                              tenant_ptr tenant, consultation_order order);

}  // namespace parkway
