#pragma once

#include "actors/call/activity.hpp"
#include "actors/common/call_control.hpp"
#include "actors/common/deadline.hpp"
#include "actors/common/linger.hpp"
#include "kernel/config/dial_plan.hpp"

#include <array>
#include <optional>

namespace parkway {

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
  call_activity activity;             ///< What is going on beside talking.
  call_leg departing;                 ///< The transferor's leg, when its place is taken.
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
  void note(std::size_t who, leg_activity what) const;
  void note_idle(std::size_t who) const;

  void wait_is_over(std::monostate&) {}
  void wait_is_over(park_activity& park);
  void wait_is_over(transfer_activity& transfer);
  void wait_is_over(claim_activity&) { claim_lapses(); }
  void wait_is_over(last_leg&) { end(); }
  void party_left(std::monostate&, std::size_t) { end(); }
  void party_left(park_activity& park, std::size_t who);
  void party_left(transfer_activity& transfer, std::size_t who);
  void party_left(claim_activity& claim, std::size_t who);
  void party_left(last_leg&, std::size_t) { end(); }
  /// The activity, where it is one of that type; and in that stage.
  template <class A>
  A* doing() {
    return std::get_if<A>(&activity);
  }
  template <class A>
  const A* doing(typename A::stage now) const {
    const auto* found = std::get_if<A>(&activity);
    return found && found->now == now ? found : nullptr;
  }
  template <class A>
  A* doing(typename A::stage now) {
    auto* found = doing<A>();
    return found && found->now == now ? found : nullptr;
  }

  // call_parking.cpp: one of them parks the other
  void transfer_asked(const transfer_requested& t);
  void park_announced_by(const leg_id& leg);
  void park_asked(const park_call& p);
  void park(park_activity request, std::optional<number> place);
  park_terms terms_of(std::size_t who_parks) const;
  void park_is_ready(const place_ready& p);
  void park_is_refused(const refusal& why);
  void refusal_was_told(const transfer_reported& t);
  void refusal_ends_within(bool unseen);
  void ask_place(const caf::actor& asked, park_terms terms);
  void ring_back(std::size_t parker, const char* label);
  void announcement_is_past();
  void parker_left(park_activity& park);
  void parked_party_left(park_activity& park);
  bool is_same_park(const transfer_requested& t) const;
  caf::behavior leaving();
  void give_away(call_leg& leg, const caf::actor& to);
  void report(const park_activity& park, const std::optional<refusal>& why,
              const place_ready* done = nullptr);

  // call_transfer.cpp: one of them sends the other elsewhere, or its place is taken
  caf::message_handler transfers();
  void transfer(std::size_t who, const transfer_requested& t, const route& to);
  bool transfer_under_way() const {
    const auto* found = std::get_if<transfer_activity>(&activity);
    return found && is_busy(*found);
  }
  bool can_be_taken() const;
  void ring_target_of_transfer(const number& called);
  void replace_transferor(call_leg newcomer);
  void transfer_failed(const refusal& why);
  void transferor_left(transfer_activity& transfer);
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
