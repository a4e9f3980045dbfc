#include "actors/call/call.hpp"
#include "actors/call/fork.hpp"
#include "actors/common/offer_answer.hpp"
#include "actors/park/parked_call.hpp"
#include "actors/park/shown_identity.hpp"
#include "kernel/runtime/log.hpp"

namespace parkway {
namespace {

/// A number in `final` that does not answer in this time ends the call.
constexpr auto final_rings_for = std::chrono::seconds{60};

std::string in_words(std::chrono::steady_clock::duration span) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(span).count()) + " s";
}

/// Why a recall was not answered, with what the phone said.
std::string in_words(const refusal& why) {
  std::string text = "not answered";
  if (why.code == fault_code::busy) text = "busy";
  if (why.code == fault_code::not_reachable) text = "no phone reachable";
  if (why.code == fault_code::declined) text = "declined";
  if (why.code == fault_code::no_such_number) text = "nobody has that number any more";
  if (why.code == fault_code::unavailable && !why.text.empty()) text = "not rung: " + why.text;
  if (why.status != 0) text += " (" + std::to_string(why.status) + ")";
  return text;
}

}  // namespace

void parked_call::recall() {
  const auto now = self->clock().now();
  if (first_ring_at) return make(plan.pause_over(now - *first_ring_at));
  first_ring_at = now;
  if (terms->failed.empty())
    note("recall: nobody took it within recall_time = " + in_words(terms->recall.recall_time));
  else
    note(terms->failed + ", and the parker has hung up: it is rung back at once");
  // Who hung up on a failed park is rung itself, whatever recall_to says of parked calls.
  if (!terms->failed.empty()) return make({recall_step::ring_parker, terms->recall.ring_time});
  make(plan.begin());
}

void parked_call::make(const recall_move& move) {
  using std::chrono::ceil;
  using std::chrono::seconds;
  switch (move.step) {
    case recall_step::ring_parker:
      self->become(recalling());
      change(park_state::recalling);
      return ring(terms->parker.extension, seen_in_recall(*terms), ceil<seconds>(move.span), true);
    case recall_step::pause:
      note("again in " + in_words(move.span));
      recall_at.set(self, self->clock().now() + move.span);
      self->become(parked_state());
      return change(park_state::parked);
    case recall_step::ring_group:
    case recall_step::ring_number:
      note(terms->recall.target == recall_target::user_first_then_ring_group
             ? "the parker was tried for recall_ring_group_time = "
                 + in_words(terms->recall.ring_group_time)
             : std::string{"recall_to names somebody else than the parker"});
      was_handed_on = true;
      self->become(handed_on());
      change(park_state::handed_on, park_end::recalled);
      return ring(move.step == recall_step::ring_group ? terms->recall.ring_group
                                                       : terms->recall.recall_number,
                  seen_in_recall(*terms), terms->recall.ring_time, true);
    case recall_step::finally:
      return come_to_the_end("nobody is left to be rung");
  }
}

caf::behavior parked_call::recalling() {
  return caf::message_handler{
    [this](const retrieve& r) { claim(r); },
    [this](const fork_answered& a) { recall_answered(a); },
    [this](const fork_failed& f) {
      if (self->current_sender() == ringing) recall_unanswered(f.why);
    },
    [this](const tick& t) {
      if (final_at.due(self, t)) come_to_the_end("max_park_time is over");
    },
  }
    .or_else(whatever_state());
}

/// The call belongs to a ring group or a number now: it is not retrievable any more.
caf::behavior parked_call::handed_on() {
  return caf::message_handler{
    [this](const retrieve& r) { pass_on(r, caf::actor_cast<caf::actor>(self->current_sender())); },
    [this](const fork_answered& a) { recall_answered(a); },
    [this](const fork_failed& f) {
      if (self->current_sender() == ringing) recall_unanswered(f.why);
    },
    [this](const tick& t) {
      if (final_at.due(self, t)) come_to_the_end("max_park_time is over");
    },
  }
    .or_else(whatever_state());
}

void parked_call::ring(const number& whom, const party& shown, std::chrono::seconds span,
                       bool as_recall) {
  auto now = control.context().tenants->find(in->name);
  if (!now) now = in;
  ringing_whom = whom;
  if (!now->extension(whom) && !now->ring_groups.contains(whom))
    return recall_unanswered({fault_code::no_such_number, 0, {}});
  note("ringing " + whom.text + " for " + in_words(span));
  log(log_area::park).info("{}: ringing {} as \"{}\"", id.text, whom.text, shown_name(shown));
  fork_order order{now, {whom, shown, {}, std::nullopt, false}, self, nullptr, control.relays(),
                   span};
  if (as_recall) order.target.recall = recall_notice{id, terms->place};
  const auto heard = agreed(parked.local, parked.remote);
  order.offer = control.relays()
                  ? make_offer(heard.empty() ? own_codecs() : heard, 0, media_direction::sendrecv)
                  : cross_offer(parked.remote);
  ringing = spawn_fork(self, control.shared_context(), std::move(order));
  late.expect();
}

/// One that ended by itself has said so; one that died has not.
void parked_call::fork_is_down(const caf::down_msg& down) {
  if (!ringing || down.source != ringing.address()) return;
  if (!down.reason || down.reason == caf::exit_reason::normal) return;
  ringing = nullptr;
  recall_unanswered({fault_code::internal, 0, {}});
}

/// A recall answered is an ordinary call.
void parked_call::recall_answered(const fork_answered& a) {
  if (self->current_sender() != ringing) return control.dismiss(*in, a.leg);
  ringing = nullptr;
  taken_by = a.leg.who;
  const auto joined = spawn_joining_call(self, control.shared_context(), in, a.leg);
  self->send(joined, leg_joins{parked});
  control.hand_over(a.leg, joined);
  control.hand_over(parked, joined);
  finish(at_the_end ? park_end::expired : park_end::recalled);
}

void parked_call::recall_unanswered(const refusal& why) {
  ringing = nullptr;
  note(ringing_whom.text + ": " + in_words(why));
  if (at_the_end || was_handed_on) return come_to_the_end("nobody is left to be rung");
  // Without an end of its own it would be music for ever.
  if (why.code == fault_code::no_such_number && !plan.final_after())
    return come_to_the_end("the parker is no extension any more");
  make(plan.parker_unanswered(self->clock().now() - *first_ring_at));
}

/// max_park_time is over, or whoever was to take it did not: `final`, never silence.
void parked_call::come_to_the_end(const std::string& why) {
  const bool rings = !at_the_end && terms->recall.final_number;
  note(why + (rings ? ": final = " + terms->recall.final_number->text : ": hung up"));
  stop_ringing(hang_up_reason::normal);
  final_at.clear();
  recall_at.clear();
  if (rings) {
    at_the_end = true;
    // Whatever it is: a ring group that hunts may have more time than that.
    final_at.set_after(self, final_rings_for);
    self->become(handed_on());
    change(park_state::handed_on, park_end::expired);
    return ring(*terms->recall.final_number, seen_at_the_end(*terms), final_rings_for, false);
  }
  control.dismiss(*in, parked);
  finish(park_end::expired);
}

void parked_call::stop_ringing(hang_up_reason reason) {
  if (ringing) self->send(ringing, stop_fork{reason});
  ringing = nullptr;
}

}  // namespace parkway
