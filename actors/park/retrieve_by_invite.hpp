#pragma once

#include "actors/common/call_control.hpp"
#include "actors/common/deadline.hpp"

#include <optional>

namespace parkway {

/// What a retrieval asks for.
struct retrieval_order {
  incoming_call from;
  std::optional<number> place;  ///< *88N; none: own extension, then own group.
  park_id which;                ///< One particular parked call; empty: the longest-parked.
  bool takes_over = false;      ///< INVITE with Replaces of a leg of its own: from.replaces_leg.
};

/// A phone wants a parked call: its leg, from the INVITE until it is part of a call.
///
///   opening --media--> asking --claimed--> bridging --leg_confirmed--> end (bridged)
///                        | refused            | leg ends, no ACK --> end (bridge_failed)
///                        v                    | claim_cancelled       --> end
///                       end
struct retrieve_by_invite {
  static inline const char* name = "retrieve_by_invite";

  caf::event_based_actor* const self;
  const call_control control;
  const tenant_ptr in;
  const retrieval_order order;

  call_leg mine;
  bool group_asked = false;
  std::optional<claimed> taken;
  deadline asked_by{1};  ///< Until it is taken: no phone waits for us for ever.

  retrieve_by_invite(caf::event_based_actor* actor, context_ptr context, tenant_ptr tenant,
                     retrieval_order what);
  caf::behavior make_behavior();

 private:
  void ask();
  void ask_group();
  void answer_with(const claimed& c);
  void refuse_with(refusal why);
  void bridge(const leg_confirmed& c);
  void leg_over();
  retriever_ptr who() const;
};

/// Spawns a retrieval as a monitored child of `parent`.
caf::actor spawn_retrieval(caf::event_based_actor* parent, const context_ptr& context,
                           tenant_ptr tenant, retrieval_order order);

}  // namespace parkway
