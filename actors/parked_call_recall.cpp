#include "actors/attempt.hpp"
#include "actors/call.hpp"
#include "actors/identity.hpp"
#include "actors/negotiation.hpp"
#include "actors/parked_call.hpp"
#include "kernel/log.hpp"

namespace parkway {
namespace {

/// A number in `final` that does not answer in this time ends the call.
constexpr auto final_rings_for = std::chrono::seconds{60};

}  // namespace

void parked_call::recall() {
  const auto now = self->clock().now();
  if (first_ring_at) return make(plan.pause_over(now - *first_ring_at));
  first_ring_at = now;
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
      recall_at.set(self, self->clock().now() + move.span);
      self->become(parked_state());
      return change(park_state::parked);
    case recall_step::ring_group:
    case recall_step::ring_number:
      was_handed_on = true;
      self->become(handed_on());
      change(park_state::handed_on);
      return ring(move.step == recall_step::ring_group ? terms->recall.ring_group
                                                       : terms->recall.recall_number,
                  seen_in_recall(*terms), terms->recall.ring_time, true);
    case recall_step::finally:
      return come_to_the_end();
  }
}

caf::behavior parked_call::recalling() {
  return caf::message_handler{
    [this](const retrieve& r) { claim(r); },
    [this](const attempt_answered& a) { recall_answered(a); },
    [this](const attempt_failed&) {
      if (self->current_sender() == ringing) recall_unanswered();
    },
    [this](const tick& t) {
      if (final_at.due(self, t)) come_to_the_end();
    },
  }
    .or_else(whatever_state());
}

/// The call belongs to a ring group or a number now: it is not retrievable any more.
caf::behavior parked_call::handed_on() {
  return caf::message_handler{
    [this](const retrieve& r) { pass_on(r, caf::actor_cast<caf::actor>(self->current_sender())); },
    [this](const attempt_answered& a) { recall_answered(a); },
    [this](const attempt_failed&) {
      if (self->current_sender() == ringing) recall_unanswered();
    },
    [this](const tick& t) {
      if (final_at.due(self, t)) come_to_the_end();
    },
  }
    .or_else(whatever_state());
}

void parked_call::ring(const number& whom, const party& shown, std::chrono::seconds span,
                       bool as_recall) {
  auto now = line.house().tenants->find(in->name);
  if (!now) now = in;
  if (!now->extension(whom) && !now->ring_groups.contains(whom)) return recall_unanswered();
  log(log_area::park).info("{}: ringing {} as \"{}\"", id.text, whom.text, shown_name(shown));
  attempt_order order{now, {whom, shown, {}, std::nullopt, false}, self, nullptr, line.relays(),
                      span};
  if (as_recall) order.target.recall = recall_notice{id, terms->place};
  const auto heard = agreed(parked.local, parked.remote);
  order.offer = line.relays()
                  ? make_offer(heard.empty() ? own_codecs() : heard, 0, media_direction::sendrecv)
                  : cross_offer(parked.remote);
  ringing = spawn_attempt(self, line.house_ptr(), std::move(order));
  late.expect();
}

/// One that ended by itself has said so; one that died has not.
void parked_call::attempt_is_down(const caf::down_msg& down) {
  if (!ringing || down.source != ringing.address()) return;
  if (!down.reason || down.reason == caf::exit_reason::normal) return;
  ringing = nullptr;
  recall_unanswered();
}

/// A recall answered is an ordinary call.
void parked_call::recall_answered(const attempt_answered& a) {
  if (self->current_sender() != ringing) return line.dismiss(*in, a.leg);
  ringing = nullptr;
  taken_by = a.leg.who;
  const auto joined = spawn_joining_call(self, line.house_ptr(), in, a.leg);
  self->send(joined, leg_joins{parked});
  line.hand_over(a.leg, joined);
  line.hand_over(parked, joined);
  finish(at_the_end ? park_end::expired : park_end::recalled);
}

void parked_call::recall_unanswered() {
  ringing = nullptr;
  if (at_the_end || was_handed_on) return come_to_the_end();
  make(plan.parker_unanswered(self->clock().now() - *first_ring_at));
}

/// max_park_time is over, or whoever was to take it did not: `final`, never silence.
void parked_call::come_to_the_end() {
  stop_ringing(hang_up_reason::normal);
  final_at.clear();
  recall_at.clear();
  if (!at_the_end && terms->recall.final_number) {
    at_the_end = true;
    // Whatever it is: a ring group that hunts may have more time than that.
    final_at.set_after(self, final_rings_for);
    self->become(handed_on());
    change(park_state::handed_on);
    return ring(*terms->recall.final_number, seen_at_the_end(*terms), final_rings_for, false);
  }
  line.dismiss(*in, parked);
  finish(park_end::expired);
}

void parked_call::stop_ringing(hang_up_reason reason) {
  if (ringing) self->send(ringing, stop_attempt{reason});
  ringing = nullptr;
}

}  // namespace parkway
