#include "actors/park/park_by_invite.hpp"

#include "actors/common/offer_answer.hpp"
#include "actors/park/shown_identity.hpp"

namespace parkway {
namespace {

using std::chrono::seconds;

constexpr auto park_decided_within = seconds{20};
/// The phone shows "Parked at N" so long; a REFER of an attended transfer has time to arrive.
constexpr auto shown_for = seconds{2};
/// No RTP flows on this leg: it is inactive, and the discard port says so once more.
constexpr std::uint16_t discard_port = 9;

}  // namespace

park_by_invite::park_by_invite(caf::event_based_actor* actor, context_ptr context,
                               tenant_ptr tenant, consultation_order what)
  : self(actor),
    control(actor, std::move(context)),
    in(std::move(tenant)),
    order(std::move(what)),
    leg(order.from.leg) {
}

caf::behavior park_by_invite::make_behavior() {
  over.set_after(self, park_decided_within);
  self->send(control.extension(*in, order.from.caller.extension),
             find_call_to_park{order.from.phone, leg});
  return caf::message_handler{
    [this](const call_to_park& c) {
      if (c.why) return refuse_with({c.why->code, 0, c.why->detail});
      other_call = c.call;
      self->request(other_call, caf::infinite, park_call{c.leg, order.place, self})
        .then([] {},
              [this](const caf::error&) {
                refuse_with({fault_code::no_call, 0, "that call has ended"});
              });
    },
    [this](const park_done& p) { parked(p); },
    [this](const park_refused& r) { refuse_with(r.why); },
    [this](const leg_confirmed&) { over.set_after(self, shown_for); },
    [this](const leg_ended&) {
      // The park goes on: whether it is wanted no more cannot be told from a quick hang-up.
      leg = {};
      if (done) finish();
    },
    [this](const tick& t) {
      if (!over.due(self, t)) return;
      if (done) return finish();
      refuse_with({fault_code::unavailable, 0, "the park was not decided in time"});
    },
    [this](const transfer_requested& t) {
      control.leg(report_transfer{t.leg, t.id, refusal{fault_code::forbidden, 0, {}}, true});
    },
  }
    .or_else(control.other_events());
}

void park_by_invite::parked(const park_done& p) {
  done = true;
  if (!leg) return finish();
  session_ptr said;
  if (order.from.offer) {
    const auto* audio = audio_of(order.from.offer);
    auto heard = audio ? audio->codecs : std::vector<codec>{};
    if (heard.size() > 1) heard.resize(1);
    said = make_answer(order.from.offer, heard, discard_port, media_direction::inactive);
  } else {
    said = make_offer(own_codecs(), discard_port, media_direction::inactive);
  }
  control.leg(answer_call{leg, said, seen_by_parker(p.place)});
  over.set_after(self, park_decided_within);
}

void park_by_invite::refuse_with(const refusal& why) {
  if (leg) control.leg(reject_call{leg, why});
  self->quit();
}

void park_by_invite::finish() {
  if (leg) control.leg(hang_up{leg});
  self->send(other_call, park_confirmed{});
  self->quit();
}

caf::actor spawn_consultation(caf::event_based_actor* parent, const context_ptr& context,
                              tenant_ptr tenant, consultation_order order) {
  return spawn_child<park_by_invite>(parent, context, std::move(tenant), std::move(order));
}

}  // namespace parkway
