#pragma once

#include "actors/common/call_control.hpp"
#include "actors/common/deadline.hpp"
#include "actors/common/linger.hpp"
#include "kernel/config/dial_plan.hpp"

#include <array>
#include <optional>

namespace parkway {

/// What a call is doing about a park that one of its phones asked for.
struct parking_request {
  std::size_t parker;                ///< Index of the leg that parks; the other one is parked.
  std::optional<transfer_id> asked;  ///< By REFER: reports go there.
  bool silent = false;               ///< They are not sent: the phone takes it for done.
  caf::actor consultation;           ///< By a second call: it is told.
  park_terms_ptr terms = nullptr;    ///< What was asked of the place: its answer names them.
  bool parker_gone = false;          ///< Hung up already: the parked party must not fall.
  bool refused = false;              ///< Refused, and the phone has not acknowledged that yet.
  bool rings_back = false;           ///< Refused and hung up: the parker is being rung back.
  bool outside = false;              ///< Asked for by a REFER from outside of the call.
  leg_id announced{};                ///< That REFER is here, its park is still on its way.
};

/// What a call is doing about a transfer that one of its phones asked for.
struct transfer_request {
  std::size_t transferor;  ///< Index of the leg that transfers its peer.
  transfer_id asked;
  bool silent = false;           ///< As with a park.
  bool transferor_gone = false;  ///< Hung up already: its peer must not fall.
  bool failed = false;           ///< Failed, and the phone has not acknowledged that yet.
};

/// Direct mode: an offer of one phone on its way to the other, or two legs that are being brought
/// together.
struct direct_exchange {
  enum class stage : std::uint8_t {
    opening_music,  ///< A hold: our port for the music is being opened.
    asking_peer,    ///< The other phone is asked.
    aligning,       ///< Who waited is asked where it listens; who came learns it then.
  } now;
  std::size_t who;    ///< Index of the leg that offers; aligning: that came.
  session_ptr offer;  ///< Aligning: null.
  media_id music;     ///< The port that is being opened.

  /// A phone waits for an answer.
  bool has_asker() const { return now != stage::aligning; }
};

/// Two legs and how they are joined.
///
///   setting_up --fork_answered--> talking --place_ready--> leaving --> end
///       | refused, cancelled            | either leg ends        ^ parker's leg only
///       v                               v                        |
///      end                             end        joining --leg_joins--> talking
///
/// `joining` is where a call begins whose legs were answered apart: retrieve, recall.
struct call {
  static inline const char* name = "call";
  using legs_t = std::array<call_leg, 2>;

  caf::event_based_actor* const self;
  const call_control control;
  tenant_ptr in;
  legs_t legs;  ///< [0] called, or came to who waited; [1] was called, or waited.
  std::optional<ring_target> target;  ///< Whom the caller wants; none when joining.
  caf::actor ringing;                 ///< The fork, while setting up.
  std::optional<parking_request> parking;
  std::optional<transfer_request> moving;
  call_leg departing;             ///< The transferor's leg, when its place is taken.
  caf::actor retrieval;           ///< A retrieval that replaces a leg of ours.
  std::size_t claimed_index = 0;  ///< The leg it takes over from us.
  std::optional<direct_exchange> exchange;
  deadline guard{1};      ///< Ends a wait that nobody else ends.
  deadline departure{2};  ///< The transferor's phone hangs up, or we do.
  linger late;

  /// A phone of the tenant calls `called`.
  call(caf::event_based_actor* actor, context_ptr context, tenant_ptr tenant,
       const incoming_call& from, const number& called);
  /// An answered leg that comes to a party who waits: leg_joins brings that one.
  call(caf::event_based_actor* actor, context_ptr context, tenant_ptr tenant, call_leg newcomer);

  caf::behavior make_behavior();

 private:
  // call.cpp: from the INVITE to the answer
  caf::behavior setting_up();
  caf::behavior awaiting_offer_answer();
  caf::behavior joining();
  void open_caller_media();
  void start_fork();
  void fork_is_down(const caf::down_msg& down);
  void caller_rings(const fork_ringing& r);
  void callee_answered(const fork_answered& a);
  void give_up(const refusal& why);
  session_ptr answer_for_caller(const session_ptr& answer);
  void join(const call_leg& other);

  // call_media.cpp: offers and answers of two people who talk, and who hears what
  void session_offered(const leg_offered& o);
  void answer_here(std::size_t who, const session_ptr& offered);
  void other_answered(const offer_answered& a);
  void peer_follows(std::size_t who);
  void settle_media();
  void align_sessions(std::size_t who_came);

  // direct_media.cpp: the same in direct mode
  void direct_offered(std::size_t who, const session_ptr& offered);
  void direct_answered(std::size_t who, const session_ptr& answer);
  void other_refused(const offer_refused& r);
  void relay_to_other(std::size_t who, const session_ptr& offered);
  void hold_in_direct_mode(std::size_t who, const session_ptr& offered);
  void music_port_ready(const media_opened& m);
  void answer_or_refuse(const call_leg& asker);
  void align_directly(std::size_t who_came);
  void tell_newcomer(std::size_t who_waited);
  void offers_lapse();

  // call_talking.cpp: while two people talk, and the end
  caf::behavior talking();
  void wait_is_over();
  void leg_over(const leg_ended& e);
  void end();
  caf::behavior ended();
  std::optional<std::size_t> index_of(const leg_id& leg) const;
  void note(std::size_t who, leg_activity activity) const;
  void note_idle(std::size_t who) const;

  // call_parking.cpp: one of them parks the other
  void transfer_asked(const transfer_requested& t);
  void park_announced_by(const leg_id& leg);
  void park_asked(const park_call& p);
  void park(parking_request request, std::optional<number> place);
  void park_is_ready(const place_ready& p);
  void park_is_refused(const refusal& why);
  void refusal_was_told(const transfer_reported& t);
  void refusal_is_past();
  void ask_place(const caf::actor& asked, park_terms terms);
  void ring_back(const char* label);
  bool announcement_is_past();
  void parker_left();
  void parked_party_left();
  bool is_same_park(const transfer_requested& t) const;
  caf::behavior leaving();
  void give_away(call_leg& leg, const caf::actor& to);
  void report(const std::optional<refusal>& why, const place_ready* done = nullptr);

  // call_transfer.cpp: one of them sends the other elsewhere
  caf::message_handler transfers();
  void transfer(std::size_t who, const transfer_requested& t, const route& to);
  bool is_moving() const { return moving && !moving->failed; }
  bool is_parking() const {
    return parking && !parking->refused && (!parking->announced || parking->parker_gone);
  }
  void ring_target_of_transfer(const number& called);
  void replace_transferor(call_leg newcomer);
  void transfer_failed(const refusal& why);
  void transferor_left();
  void give_peer(const take_leg& g);
  void claim(const claim_peer& c);
  void claim_lapses();
  void hand_claimed(const bridged& b);
};

/// Spawns the call of a phone that dialled `called`, as a monitored child of `parent`.
caf::actor spawn_call(caf::event_based_actor* parent, const context_ptr& context, tenant_ptr tenant,
                      const incoming_call& from, const number& called);

/// Spawns a call around a leg that comes to a party who waits. Whoever spawns it hands the leg
/// over, and has the other one brought by leg_joins within seconds.
caf::actor spawn_joining_call(caf::event_based_actor* parent, const context_ptr& context,
                              tenant_ptr tenant, call_leg newcomer);

}  // namespace parkway
