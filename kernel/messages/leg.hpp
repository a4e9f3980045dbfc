#pragma once

/// What a shard (sip/) and the owner of a leg (actors/) say to each other.
///
/// A leg has exactly one owner at any time. Events go to it; only it sends commands. The owner of
/// an outbound leg is whoever sent place_call, of an inbound one the switchboard until somebody
/// adopts it. After hang_up, refuse, leg_refused or leg_ended a leg does not exist: no further
/// event comes, and commands for it are ignored.
///
/// Sessions: an offer and its answer alternate per leg (RFC 3264). The shard adds origin,
/// version and our address; it refuses what breaks the order (491, 500) by itself.

#include "kernel/values/names.hpp"
#include "kernel/values/party.hpp"
#include "kernel/values/result.hpp"
#include "kernel/values/session.hpp"

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace parkway {

/// Why something is refused. A phone's own status travels along untouched in `status`.
struct refusal {
  fault_code code = fault_code::internal;
  std::uint16_t status = 0;  ///< What a phone answered (RFC 3261 §21); 0: derived from `code`.
  std::string text;          ///< For a Warning header and the log; may be empty.
};

/// A dialog as a phone names it (RFC 3891 Replaces). Tags in the order the phone gave them.
struct dialog_name {
  std::string call_id;
  std::string to_tag;
  std::string from_tag;
  bool early_only = false;
  bool operator==(const dialog_name&) const = default;
};

/// Why a leg ended.
enum class end_cause : std::uint8_t {
  hung_up,    ///< BYE of the phone.
  cancelled,  ///< CANCEL of the phone, before an answer.
  no_ack,     ///< Our 200 was never acknowledged (RFC 3261 §13.3.1.4).
  expired,    ///< Session timer ran out or refresh unanswered (RFC 4028).
  lost,       ///< The phone does not know the dialog any more, or does not answer (408, 481).
  shut_down,  ///< Parkway stops.
};

/// Number of one REFER in a leg (its CSeq), for its reports.
using transfer_id = std::uint32_t;

// --- shard → switchboard ---------------------------------------------------------------------

/// An authenticated phone calls. 100 Trying is on its way; the receiver decides within a second.
struct incoming_call {
  leg_id leg;
  caf::actor shard;  ///< Where commands for the leg go.
  tenant_name tenant;
  party caller;  ///< Number: the authenticated extension. Name: the directory's.
  device phone;
  std::string dialled;  ///< User part of the Request-URI, unescaped: "*68104".
  std::string orbit;    ///< URI parameter orbit=, or empty.
  session_ptr offer;    ///< Null: the phone wants our offer.
  std::optional<dialog_name> replaces;
  leg_id replaces_leg;  ///< The leg that dialog is, where its tag is ours; not looked up.
  ip_version media_version = ip_version::v4;
  bool reliable = false;  ///< It understands reliable provisional answers (100rel, RFC 3262).
};

// --- shard → owner ---------------------------------------------------------------------------

/// An outbound leg rings (101–199). `early`: answer with early media, or null.
struct leg_ringing {
  leg_id leg;
  std::uint16_t status;
  session_ptr early;
  bool reliable = false;  ///< The phone sent it reliably (RFC 3262).
};

/// An outbound leg was answered; it is acknowledged already, unless we placed it without an offer:
/// then `session` is the phone's offer and the owner sends confirm.
struct leg_answered {
  leg_id leg;
  session_ptr session;
  device phone;
};

/// An outbound leg was refused, or nobody answered it: it is gone.
struct leg_refused {
  leg_id leg;
  refusal why;
};

/// Our 200 was acknowledged. `answer`: where our 200 carried an offer, else null. Also after an
/// answer_offer to a re-INVITE without offer.
struct leg_confirmed {
  leg_id leg;
  session_ptr answer;
};

/// The leg is over. `unconfirmed`: it ended before its 200 was acknowledged.
struct leg_ended {
  leg_id leg;
  end_cause cause;
  bool unconfirmed = false;
};

/// The phone proposes another session (re-INVITE, UPDATE). Null: it wants our offer. The owner
/// sends answer_offer or refuse_offer; refreshes without change are answered by the shard.
struct leg_offered {
  leg_id leg;
  session_ptr offer;
};

/// The phone accepted what the owner offered by `offer`.
struct offer_answered {
  leg_id leg;
  session_ptr answer;
};

/// The phone refused what the owner offered; the former session goes on.
struct offer_refused {
  leg_id leg;
  refusal why;
};

/// The phone sent an INFO (RFC 6086 legacy use); answered 200 already.
struct leg_info {
  leg_id leg;
  std::string content_type;
  std::string body;
};

/// The phone refers its peer elsewhere (RFC 3515): 202 and, unless `silent`, a first report (100)
/// are on their way. The owner sends report_transfer until one is final.
struct transfer_requested {
  leg_id leg;
  transfer_id id;
  std::string dialled;  ///< User part of Refer-To, unescaped.
  std::string orbit;    ///< Its URI parameter orbit=, or empty.
  std::optional<dialog_name> replaces;
  leg_id replaces_leg;  ///< As in incoming_call.
  bool silent = false;  ///< Refer-Sub: false (RFC 4488): nobody waits for reports.
};

/// The phone acknowledged the final report of a transfer, or let its time pass. Comes for silent
/// ones too; not where the leg ended before.
struct transfer_reported {
  leg_id leg;
  transfer_id id;
};

/// A phone refers the peer of one of its calls by a REFER of its own, outside that call's dialog
/// (RFC 3515, RFC 5359 §2.15). shard → switchboard. Reported by report_transfer on `id`; nothing
/// else can be said to it.
struct outside_transfer {
  leg_id id;
  caf::actor shard;
  tenant_name tenant;
  party by;
  std::string dialled;  ///< Of the Request-URI, or of Refer-To where that says more.
  std::string orbit;
  leg_id replaces_leg;  ///< Its leg in the call that is meant. Serial 0: none of ours.
  bool silent = false;  ///< Refer-Sub: false.
};

/// The phone of a leg wants its peer parked, and has said so from outside of the call: park_call
/// comes by another way, and its BYE may be here before. shard → owner; transfer_reported with
/// id 0 follows when the phone has seen what became of it.
struct park_announced {
  leg_id leg;
};
/// The same between shards: whose phone asks for it. `reported`: it has seen what became of it.
struct outside_park {
  leg_id leg;
  tenant_name tenant;
  number by;
  bool reported = false;
};

// --- owner → shard -----------------------------------------------------------------------

/// Says to a phone that this is a recalled call, not a new one.
struct recall_notice {
  park_id id;
  number place;  ///< Empty when it never reached one.
};

/// Calls a phone. Answered by leg_ringing, then leg_answered or leg_refused.
struct place_call {
  leg_id leg;  ///< Fresh, of this shard's shard.
  caf::actor owner;
  tenant_name tenant;
  number extension;  ///< Whose phone it is.
  binding to;
  party from;         ///< Who is shown.
  session_ptr offer;  ///< Null: the phone is to offer.
  std::optional<recall_notice> recall;
  bool reliable = false;  ///< Offer 100rel (RFC 3262) because the caller has it.
};

/// Provisional answer to an inbound leg (101–199).
struct send_ringing {
  leg_id leg;
  std::uint16_t status = 180;
  session_ptr early;
  bool reliable = false;  ///< Send it reliably where the phone supports that.
};

/// Answers an inbound leg. `connected`: who is shown as answering (P-Asserted-Identity, RFC 3325).
struct answer_call {
  leg_id leg;
  session_ptr session;
  std::optional<party> connected;
};

/// Refuses an inbound leg that is not answered yet.
struct reject_call {
  leg_id leg;
  refusal why;
};

/// What a hung-up leg is told (Reason, RFC 3326).
enum class hang_up_reason : std::uint8_t { normal, answered_elsewhere, failed };

/// Ends a leg in whatever state it is: CANCEL, final answer or BYE, and what crosses them.
struct hang_up {
  leg_id leg;
  hang_up_reason reason = hang_up_reason::normal;
};

/// Proposes another session to the phone (re-INVITE). Answered by offer_answered or offer_refused;
/// glare is retried by the shard. A second one before that replaces the first if it waits.
struct send_offer {
  leg_id leg;
  session_ptr session;
  std::optional<party> connected;
};

/// Accepts leg_offered (the answer, or our offer where it had none).
struct answer_offer {
  leg_id leg;
  session_ptr session;
};

/// Refuses leg_offered; the former session goes on.
struct refuse_offer {
  leg_id leg;
  refusal why;
};

/// Acknowledges leg_answered of a leg placed without offer, with our answer.
struct confirm {
  leg_id leg;
  session_ptr answer;
};

/// Tells the phone who it talks to now (UPDATE with P-Asserted-Identity, RFC 3311, where its Allow
/// has UPDATE; otherwise nothing). No answer comes.
struct show_identity {
  leg_id leg;
  party connected;
};

/// Sends an INFO. No answer comes.
struct send_info {
  leg_id leg;
  std::string content_type;
  std::string body;
};

/// Reports on a transfer (NOTIFY, sipfrag). `final`: the last one. The status is `why`'s, or 200.
struct report_transfer {
  leg_id leg;
  transfer_id id;
  std::optional<refusal> why;
  bool final = true;
};

/// From now on `owner` hears the events of the leg. Sent by the present owner. If the leg is over
/// already, `owner` hears leg_ended (lost) at once: its end may have crossed this.
struct adopt {
  leg_id leg;
  caf::actor owner;
};

/// An owner died without a word: all it owned is ended.
struct owner_died {
  caf::actor_addr owner;
};

/// Ends every leg, answers what is pending; replies stopped{} when all is sent.
struct shut_down {};
struct stopped {};

}  // namespace parkway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::incoming_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::leg_ringing)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::leg_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::leg_refused)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::leg_confirmed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::leg_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::leg_offered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::offer_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::offer_refused)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::leg_info)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::transfer_requested)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::transfer_reported)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::outside_transfer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::park_announced)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::outside_park)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::place_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::send_ringing)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::answer_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::reject_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::hang_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::send_offer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::answer_offer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::refuse_offer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::confirm)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::show_identity)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::send_info)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::report_transfer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::adopt)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::owner_died)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::shut_down)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::stopped)
