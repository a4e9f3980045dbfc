#pragma once

/// What the actors of a call say to each other: forks that ring, calls that join two legs,
/// extensions that know which calls their phones have.

#include "kernel/messages/leg.hpp"
#include "kernel/messages/registration.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace parkway {

/// An answered leg, with all that joining it to another needs. Whoever owns the leg holds it.
struct call_leg {
  leg_id leg;
  media_id media;          ///< 0 in direct mode.
  std::uint16_t port = 0;  ///< Of the media port.
  number extension;        ///< Whose phone; empty: not one of ours.
  party who;               ///< As shown to others.
  device phone;
  ip_version media_version = ip_version::v4;
  session_ptr remote;  ///< What the phone last offered or answered.
  session_ptr local;   ///< What it was last given.
  bool holds = false;  ///< The phone has put us on hold.
};

/// Who is to be rung.
struct ring_target {
  number called;    ///< An extension or a ring group of the tenant.
  party shown;      ///< Who calls, as the phones show it.
  number shown_as;  ///< Empty, or whom the phones shall believe was called.
  std::optional<recall_notice> recall;
  bool reliable = false;
};

// --- fork → whoever started it --------------------------------------------------------------

/// A phone rings. `early`: an answer with early media from the first phone that has it; its media
/// is aimed already.
struct fork_ringing {
  std::uint16_t status;
  session_ptr early;
  call_leg leg;  ///< Of that phone.
  bool reliable = false;
};

/// A phone answered; its leg and media are the receiver's now, who adopts them. It is over.
struct fork_answered {
  call_leg leg;
};

/// Nobody answered; the fork is over.
struct fork_failed {
  refusal why;
};

/// Stops a fork: everything it rings is cancelled. It answers nothing any more.
struct stop_fork {
  hang_up_reason reason = hang_up_reason::normal;
};

// --- ring group ----------------------------------------------------------------------------------

/// In which order are the members rung now? fork → ring group; the reply is ring_order.
struct show_ring_order {};
/// Stages, one after the other; the numbers of one stage ring together.
struct ring_order {
  std::vector<std::vector<number>> stages;
  std::chrono::seconds ring_time{20};  ///< Of each stage.
};

// --- call → extension: what its phones are doing ---------------------------------------------

/// What a phone of the extension does with a call.
enum class leg_activity : std::uint8_t { calling, ringing, talking, holding };

/// A leg of this extension has begun or changed.
struct leg_active {
  leg_id leg;
  caf::actor call;  ///< Takes park_call, where it can.
  device phone;
  leg_activity activity = leg_activity::talking;
  party peer;
};

/// A leg of this extension is over, or is no longer this call's.
struct leg_idle {
  leg_id leg;
};

/// Which other call of this phone would be parked? park_by_invite → extension; the reply is
/// call_to_park: the one most recently put on hold, else the one most recently active.
struct find_call_to_park {
  device phone;
  leg_id except;  ///< The leg that asks.
};
struct call_to_park {
  std::optional<fault> why;  ///< no_call, or forbidden when none is answered yet.
  caf::actor call;
  leg_id leg;
};

// --- transfer (RFC 3515, 3891): legs that change their call -------------------------------------

/// Which call has this leg of yours? anybody → extension; the reply is leg_found.
struct find_leg {
  leg_id leg;
};
struct leg_found {
  leg_id leg;
  caf::actor call;  ///< Null: none of this extension's phones has it.
};

/// Give the peer of `leg` to another call; `leg` is over. call → call, for an attended transfer.
/// Answered by leg_taken or take_leg_refused.
struct take_leg {
  leg_id leg;
  caf::actor to;
};
struct leg_taken {
  call_leg leg;
};
struct take_leg_refused {
  refusal why;
  number still_ringing;  ///< Not answered yet: whom that call rings. Else empty.
};

/// An actor that owns legs and has no parent left: end what it owned should it die. → switchboard.
struct watch_over {
  caf::actor owner;
};

/// A leg for a call that is being joined. parked_call → call.
struct leg_joins {
  call_leg leg;
};

}  // namespace parkway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::fork_ringing)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::fork_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::fork_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::stop_fork)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::show_ring_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::ring_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::leg_active)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::leg_idle)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::find_call_to_park)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::call_to_park)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::watch_over)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::leg_joins)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::find_leg)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::leg_found)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::take_leg)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::leg_taken)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::take_leg_refused)
