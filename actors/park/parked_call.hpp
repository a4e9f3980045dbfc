#pragma once

#include "actors/common/call_control.hpp"
#include "actors/common/deadline.hpp"
#include "actors/common/linger.hpp"
#include "actors/park/recall_plan.hpp"

#include <deque>
#include <optional>

namespace parkway {

/// One call parked at an extension. It alone decides who gets the call: the first who claims it.
///
///   parking --leg_parked--> parked --recall_at--> recalling --answered--> ended (recalled)
///      | caller_gone          |  ^                 |     | unanswered, busy: pause, then again
///      v                      |  +-----------------+     | on to ring group or number: handed_on
///    ended                    |                          v
///                  retrieve   +--> bridging <-- retrieve (rung phones are cancelled)
///                                   | bridged --> ended (retrieved)
///                                   | bridge_failed --> parked
///   any: the parked party hangs up --> ended (abandoned)
///   parked, recalling: final_at --> `final` number, or hang up --> ended (expired)
struct parked_call {
  static inline const char* name = "parked_call";
  static constexpr std::size_t waiting_max = 16;  ///< Retrieves while parking is not finished.

  caf::event_based_actor* const self;
  const call_control control;
  const tenant_ptr in;
  const park_id id;
  const park_terms_ptr terms;
  const caf::actor place;     ///< The extension's actor: hears place_changed.
  const caf::actor asked_by;  ///< The call that parks, or the group that hunts: hears place_ready.
  const recall_plan plan;

  /// A retrieve that came while parking, and who passed it on.
  struct early_retrieve {
    retrieve what;
    caf::actor asked_at;
  };

  call_leg parked;
  std::chrono::system_clock::time_point parked_at;
  std::deque<early_retrieve> waiting;
  caf::actor ringing;          ///< The fork of a recall, or of `final`.
  number ringing_whom;         ///< Whom it rings, or rang last.
  bool was_handed_on = false;  ///< The ring group or the number has its only chance.
  bool lit = false;            ///< The phones have been told of it.
  bool at_the_end = false;     ///< `ringing` is the number in `final`.
  std::optional<deadline::time_point> first_ring_at;
  caf::actor retrieval;  ///< The retrieval, while bridging.
  party taken_by;
  deadline handed_over{1};  ///< parking: the leg must come.
  deadline recall_at{2};
  deadline final_at{3};
  deadline bridge_by{4};  ///< bridging: the retriever's leg must come up.
  linger late;

  parked_call(caf::event_based_actor* actor, context_ptr context, tenant_ptr tenant, park_id named,
              park_terms_ptr agreed, caf::actor extension, caf::actor call);
  caf::behavior make_behavior();

 private:
  // parked_call.cpp: parking, parked, the end
  caf::behavior parking();
  caf::behavior parked_state();
  caf::message_handler whatever_state();
  void take_over(const call_leg& leg);
  void play();
  void play_on();
  void place_is_reserved();
  void caller_left();
  caf::behavior ended();
  void session_offered(const leg_offered& o);
  void light(park_state state, park_end why);
  void change(park_state state, park_end why = park_end::retrieved);
  void note(std::string what);
  void finish(park_end why);
  void pass_on(const retrieve& r, const caf::actor& asked_at);
  void refuse_retrieve(const retrieve& r, fault_code why);

  // parked_call_retrieve.cpp: somebody takes it
  void claim(const retrieve& r);
  caf::behavior bridging();
  void bridge(const bridged& b);
  void parked_again();
  void withdraw_claim();

  // parked_call_recall.cpp: nobody does
  void recall();
  void fork_is_down(const caf::down_msg& down);
  void make(const recall_move& move);
  caf::behavior recalling();
  caf::behavior handed_on();
  void ring(const number& whom, const party& shown, std::chrono::seconds span, bool as_recall);
  void recall_answered(const fork_answered& a);
  void recall_unanswered(const refusal& why);
  void come_to_the_end(const std::string& why);
  void stop_ringing(hang_up_reason reason);
};

/// Spawns a parked call as a monitored child of its extension.
caf::actor spawn_parked_call(caf::event_based_actor* extension, const context_ptr& context,
                             tenant_ptr tenant, park_id id, park_terms_ptr terms,
                             caf::actor asked_by);

}  // namespace parkway
