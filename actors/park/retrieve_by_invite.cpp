#include "actors/park/retrieve_by_invite.hpp"

#include "actors/call/call.hpp"
#include "actors/common/offer_answer.hpp"
#include "actors/park/shown_identity.hpp"
#include "kernel/runtime/log.hpp"
#include "kernel/runtime/registry.hpp"

namespace parkway {
namespace {

/// A call that is still being parked makes us wait, for the disk; that has an end of its own.
constexpr auto answered_within = std::chrono::seconds{20};

}  // namespace

retrieve_by_invite::retrieve_by_invite(caf::event_based_actor* actor, context_ptr context,
                                       tenant_ptr tenant, retrieval_order what)
  : self(actor), control(actor, std::move(context)), in(std::move(tenant)), order(std::move(what)) {
  mine.leg = order.from.leg;
  mine.extension = order.from.caller.extension;
  mine.who = order.from.caller;
  mine.phone = order.from.phone;
  mine.media_version = order.from.media_version;
  mine.remote = order.from.offer;
}

caf::behavior retrieve_by_invite::make_behavior() {
  asked_by.set_after(self, answered_within);
  if (!control.relays()) {
    ask();
  } else if (mine.remote && !audio_of(mine.remote)) {
    refuse_with({fault_code::no_common_codec, 0, "no audio stream that can be relayed"});
  } else if (control.context().media.empty()) {
    refuse_with({fault_code::unavailable, 0, "no media plugin is loaded"});
  } else {
    mine.media = control.context().fresh_media(in->name);
    control.media(open_media{mine.media, mine.media_version, self});
  }
  return caf::message_handler{
    [this](const media_opened& m) {
      if (m.why) return refuse_with({fault_code::unavailable, 0, m.why->detail});
      mine.port = m.port;
      ask();
    },
    [this](const leg_found& f) {
      if (!f.call) return refuse_with({fault_code::gone, 0, "no such dialog of this extension"});
      if (order.from.replaces && order.from.replaces->early_only)  // RFC 3891 §3
        return refuse_with({fault_code::busy, 0, "that dialog is not early"});
      self->request(f.call, caf::infinite, claim_peer{f.leg, self, who()})
        .then([] {},
              [this](const caf::error&) {
                refuse_with({fault_code::gone, 0, "that call has ended"});
              });
    },
    [this](const claimed& c) { answer_with(c); },
    [this](const retrieve_refused& r) {
      const bool bare = !order.place && order.which.empty() && !order.takes_over;
      if (bare && !group_asked && r.why.code == fault_code::nothing_parked) return ask_group();
      refuse_with(r.why);
    },
    [this](const leg_confirmed& c) { bridge(c); },
    [this](const leg_ended&) { leg_over(); },
    [this](const claim_cancelled&) {
      control.drop(mine);
      self->quit();
    },
    [this](const tick& t) {
      if (asked_by.due(self, t)) refuse_with({fault_code::unavailable, 0, "no answer"});
    },
  }
    .or_else(control.other_events());
}

void retrieve_by_invite::ask() {
  if (order.takes_over)
    return self->send(control.extension(*in, mine.extension), find_leg{order.from.replaces_leg});
  const auto& place = order.place ? *order.place : mine.extension;
  if (!in->extension(place))
    return refuse_with({fault_code::no_such_number, 0, "no extension " + place.text});
  self->send(control.extension(*in, place), retrieve{self, who(), order.which, {}});
}

void retrieve_by_invite::ask_group() {
  group_asked = true;
  const auto* group = in->park_group_of(mine.extension);
  if (!group) return refuse_with({fault_code::nothing_parked, 0, {}});
  self->send(control.context().actors->park_group(in->name, group->name),
             retrieve{self, who(), {}, {}});
}

/// The first answer shows the parked party: many phones look at no later one.
void retrieve_by_invite::answer_with(const claimed& c) {
  taken = c;
  asked_by.clear();
  if (!control.relays()) {
    mine.local = mine.remote ? cross_answer(mine.remote, c.leg.remote, media_direction::sendrecv)
                             : cross_offer(c.leg.remote);
  } else if (mine.remote) {
    mine.local =
      make_answer(mine.remote, c.common, mine.port, answer_to(audio_of(mine.remote)->direction));
  } else {
    mine.local = make_offer(c.common, mine.port, media_direction::sendrecv);
  }
  control.leg(answer_call{mine.leg, mine.local, seen_by_retriever(c.leg.who)});
  control.aim(mine);
  control.connect(c.leg, mine);
}

void retrieve_by_invite::bridge(const leg_confirmed& c) {
  if (!taken) return;
  if (c.answer) mine.remote = c.answer;
  if (!mine.remote) {
    // An ACK without the answer that our offer wanted.
    control.leg(hang_up{mine.leg, hang_up_reason::failed});
    return leg_over();
  }
  mine.holds = holds(mine.remote);
  control.aim(mine);
  const auto joined = spawn_joining_call(self, control.shared_context(), in, mine);
  self->send(taken->parked_call, bridged{joined, mine.who});
  control.hand_over(mine, joined);
  self->quit();
}

void retrieve_by_invite::leg_over() {
  control.close(mine.media);
  if (taken) self->send(taken->parked_call, bridge_failed{});
  self->quit();
}

/// Where call park is switched off, whoever was parked before that is still handed out; all others
/// hear that it is.
void retrieve_by_invite::refuse_with(refusal why) {
  const bool nobody =
    why.code == fault_code::nothing_parked || why.code == fault_code::no_such_number;
  if (nobody && !in->call_park.enabled)
    why = {fault_code::forbidden, 0, "call park is switched off"};
  control.leg(reject_call{mine.leg, std::move(why)});
  control.close(mine.media);
  self->quit();
}

retriever_ptr retrieve_by_invite::who() const {
  return std::make_shared<const retriever>(retriever{in->name, mine.who, mine.remote});
}

caf::actor spawn_retrieval(caf::event_based_actor* parent, const context_ptr& context,
                           tenant_ptr tenant, retrieval_order order) {
  return spawn_child<retrieve_by_invite>(parent, context, std::move(tenant), std::move(order));
}

}  // namespace parkway
