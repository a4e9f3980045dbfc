#pragma once

#include "kernel/messages/park.hpp"

#include <caf/actor.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

/// What a call is doing while two people talk, beside talking. One thing at a time: the rule is the
/// type. Legs are named by their index in the call.

namespace parkway {

/// Who asked for a park, and so who hears what became of it.
struct park_asker {
  std::optional<transfer_id> refer = {};  ///< A REFER in the call: reports go to it.
  bool silent = false;          ///< Refer-Sub: false (RFC 4488): the phone waits for none.
  caf::actor second_call = {};  ///< The actor of an INVITE, or of a REFER, of a code.
  bool outside = false;         ///< That was a REFER from outside of the call.
};

/// One phone parks its peer.
///
///   announced --park_call--> reserving --place_ready--> last_leg
///       |                        | park_refused
///       | nothing came           |---- parker hung up ----> ringing_back --place_ready--> end
///       '------------------------'---- it is told ---> refused --acknowledged--> talking
struct park_activity {
  enum class stage : std::uint8_t {
    announced,     ///< A REFER from outside is here, its park_call on its way.
    reserving,     ///< A place is asked for.
    refused,       ///< The phone may have hung up before it saw that: its BYE still means "parked".
    ringing_back,  ///< Refused and hung up: the parker's extension is asked to ring it.
  } now = stage::reserving;
  std::size_t parker = 0;
  park_asker by = {};
  bool parker_gone = false;   ///< Hung up: the parked party must not fall.
  leg_id announced = {};      ///< The parker's leg, while a park_call that names it is awaited.
  park_terms_ptr terms = {};  ///< What was asked of the place: its answer names them.

  /// A park that will be answered; nothing else may begin.
  bool is_under_way() const {
    return now == stage::reserving || now == stage::ringing_back || is_sought();
  }
  /// The parker has left, and its park is looked for.
  bool is_sought() const { return now == stage::announced && parker_gone; }
};

/// One phone sends its peer elsewhere (RFC 3515, RFC 5589).
struct transfer_activity {
  enum class stage : std::uint8_t {
    finding,  ///< The call that Replaces names is looked for, and asked for its leg.
    ringing,  ///< The target rings.
    failed,   ///< As with a park that was refused.
  } now = stage::finding;
  std::size_t transferor = 0;
  transfer_id asked = 0;
  bool silent = false;
  bool transferor_gone = false;  ///< Hung up already: its peer must not fall.
};

/// Another phone takes the place of one of ours (RFC 3891).
struct claim_activity {
  caf::actor retrieval;      ///< Of the newcomer; its leg is not up yet.
  std::size_t replaced = 0;  ///< The leg it takes over from us.
};

/// One phone is left, whose peer has been parked or given away: it hangs up, or we do.
struct last_leg {
  std::size_t who = 0;
  park_terms_ptr done = {};  ///< The park; null: its peer went to another call.
};

using call_activity =
  std::variant<std::monostate, park_activity, transfer_activity, claim_activity, last_leg>;

/// Something is under way that nothing else may interrupt.
inline bool is_busy(const std::monostate&) {
  return false;
}
inline bool is_busy(const park_activity& p) {
  return p.is_under_way();
}
inline bool is_busy(const transfer_activity& t) {
  return t.now != transfer_activity::stage::failed;
}
inline bool is_busy(const claim_activity&) {
  return true;
}
inline bool is_busy(const last_leg&) {
  return true;
}
inline bool is_busy(const call_activity& a) {
  return std::visit([](const auto& one) { return is_busy(one); }, a);
}

}  // namespace parkway
