#pragma once

/// Parking: who asks, who decides, who is told.
///
///   call ──park_here──► extension ──spawns──► parked_call ──place_ready──► call   (on disk)
///   call ──leg_parked──► parked_call                                       (legs, media move)
///   retrieval ──retrieve──► extension ──► parked_call ──claimed──► retrieval ──bridged──►

#include "kernel/config/tenants.hpp"
#include "kernel/messages/call.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace parkway {

/// How a call came to be parked.
enum class park_kind : std::uint8_t { direct, group };

/// Everything that is agreed when a call is to be parked. Shared and immutable.
struct park_terms {
  tenant_name tenant;
  number place;  ///< The extension it is parked at; empty: rung back, at no place.
  park_kind kind = park_kind::direct;
  group_name group;  ///< For a group park.
  party parker;      ///< Extension and name of who parks: the one recalls go to.
  device parker_phone;
  party parked;  ///< Who is parked.
  recall_terms recall;
  std::string music;
  std::string failed;           ///< At no place: what the parker is shown, "Park failed".
  bool parker_is_told = false;  ///< send_notification_to_parker.
};
using park_terms_ptr = std::shared_ptr<const park_terms>;

/// Where a parked call stands.
///   parking ──► parked ──► recalling ──► parked | ended
///   parked, recalling ──► bridging ──► ended | parked
enum class park_state : std::uint8_t { parking, parked, recalling, handed_on, bridging, ended };

/// Why a parked call is one no longer.
enum class park_end : std::uint8_t { retrieved, recalled, abandoned, expired, failed };

// --- call → extension → parked_call --------------------------------------------------------------

/// Park here. `call` hears place_ready or park_refused.
struct park_here {
  park_terms_ptr terms;
  caf::actor call;
  bool only_if_free = false;  ///< Hunting: refuse when another call is parked here.
};

/// The place is reserved and on disk: hand over the leg.
struct place_ready {
  caf::actor parked_call;
  park_id id;
  number place;
  park_terms_ptr terms;
};

/// It cannot be parked; the call is as it was.
struct park_refused {
  refusal why;
};

/// The parked party, with its leg and media: they are the parked_call's now. call → parked_call.
struct leg_parked {
  call_leg leg;
};

/// The parked party hung up before the leg was handed over. call → parked_call.
struct caller_gone {};

// --- park_by_invite → call -------------------------------------------------

/// Park the peer of `leg`. The sender hears park_done or park_refused.
struct park_call {
  leg_id leg;                   ///< The parker's leg in this call.
  std::optional<number> place;  ///< None: hunt in the parker's group.
  caf::actor asked_by;
  bool outside = false;  ///< By a REFER from outside of the call, announced by park_announced.
  bool silent = false;   ///< Its phone is not told what becomes of it.
};

/// It is parked.
struct park_done {
  park_id id;
  number place;
};

/// The parker has seen it: hang up its leg. park_by_invite → call.
struct park_confirmed {};

// --- retrieval -----------------------------------------------------------------------------------

/// Who wants a parked call, and what it can hear.
struct retriever {
  tenant_name tenant;
  party who;
  session_ptr offer;  ///< Null: it wants our offer.
};
using retriever_ptr = std::shared_ptr<const retriever>;

/// Take a parked call. retrieval → extension or park_group → parked_call. The retrieval hears
/// claimed or retrieve_refused.
struct retrieve {
  caf::actor retrieval;
  retriever_ptr by;
  park_id which;                ///< Empty: the longest-parked one.
  std::vector<park_id> passed;  ///< Asked already, and gone.
};

/// As retrieve, for the peer of a leg in a call (INVITE with Replaces). retrieval → call.
struct claim_peer {
  leg_id leg;
  caf::actor retrieval;
  retriever_ptr by;
};

/// The call is yours once your leg is confirmed: send bridged or bridge_failed. Until then the
/// parked_call keeps the leg.
struct claimed {
  caf::actor parked_call;
  park_id id;
  call_leg leg;               ///< The parked party.
  std::vector<codec> common;  ///< What both understand, the parked party's choice first, numbered
                              ///< as the retriever offered them.
  park_terms_ptr terms;
};

struct retrieve_refused {
  refusal why;
};

/// The retriever's leg is up: `call` takes the parked leg (leg_joins). retrieval → parked_call.
struct bridged {
  caf::actor call;
  party with;
};

/// The retriever's leg did not come up: the call is parked again. retrieval → parked_call.
struct bridge_failed {};

/// The parked party hung up while you were taking it. parked_call → retrieval.
struct claim_cancelled {};

// --- hunting: park_group → extension -------------------------------------------------------------

/// How free is the place? The reply is place_status.
struct show_place {};
struct place_status {
  number place;
  bool registered = false;
  std::uint32_t parked_count = 0;
  /// When its last call or retrieve ended, by the actor clock; none: never had one.
  std::optional<std::chrono::steady_clock::time_point> idle_since;
};

// --- parked_call → extension ---------------------------------------------------------------------

/// A call parked at this extension has changed its state.
struct place_changed {
  park_id id;
  park_state state;
  park_end why = park_end::retrieved;  ///< Where state is ended.
};

}  // namespace parkway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::park_here)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::place_ready)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::park_refused)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::leg_parked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::caller_gone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::park_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::park_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::park_confirmed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::retrieve)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::claim_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::claimed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::retrieve_refused)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::bridged)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::bridge_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::claim_cancelled)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::show_place)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::place_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::place_changed)
