#include "actors/retrieval.hpp"

#include "actors/call.hpp"
#include "actors/identity.hpp"
#include "actors/negotiation.hpp"
#include "kernel/directory.hpp"
#include "kernel/log.hpp"

namespace parkway {
namespace {

/// A call that is still being parked makes us wait, for the disk; that has an end of its own.
constexpr auto answered_within = std::chrono::seconds{20};

}  // namespace

retrieval::retrieval(caf::event_based_actor* actor, context_ptr house, tenant_ptr tenant,
                     retrieval_order what)
  : self(actor), line(actor, std::move(house)), in(std::move(tenant)), order(std::move(what)) {
  mine.leg = order.from.leg;
  mine.extension = order.from.caller.extension;
  mine.who = order.from.caller;
  mine.phone = order.from.phone;
  mine.media_version = order.from.media_version;
  mine.remote = order.from.offer;
}

caf::behavior retrieval::make_behavior() {
  asked_by.set_after(self, answered_within);
  if (!line.relays()) {
    ask();
  } else if (mine.remote && !audio_of(mine.remote)) {
    refuse_with({fault_code::no_common_codec, 0, "no audio stream that can be relayed"});
  } else if (line.house().media.empty()) {
    refuse_with({fault_code::unavailable, 0, "no media plugin is loaded"});
  } else {
    mine.media = line.house().fresh_media(in->name);
    line.media(open_media{mine.media, mine.media_version, self});
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
    [this](const claim_void&) {
      line.drop(mine);
      self->quit();
    },
    [this](const tick& t) {
      if (asked_by.due(self, t)) refuse_with({fault_code::unavailable, 0, "no answer"});
    },
  }
    .or_else(line.other_events());
}

void retrieval::ask() {
  if (order.takes_over)
    return self->send(line.extension(*in, mine.extension), find_leg{order.from.replaces_leg});
  const auto& place = order.place ? *order.place : mine.extension;
  if (!in->extension(place))
    return refuse_with({fault_code::no_such_number, 0, "no extension " + place.text});
  self->send(line.extension(*in, place), retrieve{self, who(), order.which, {}});
}

void retrieval::ask_group() {
  group_asked = true;
  const auto* group = in->park_group_of(mine.extension);
  if (!group) return refuse_with({fault_code::nothing_parked, 0, {}});
  self->send(line.house().names->park_group(in->name, group->name), retrieve{self, who(), {}, {}});
}

/// The first answer shows the parked party: many phones look at no later one.
void retrieval::answer_with(const claimed& c) {
  taken = c;
  asked_by.clear();
  if (!line.relays()) {
    mine.local = mine.remote ? cross_answer(mine.remote, c.leg.remote, media_direction::sendrecv)
                             : cross_offer(c.leg.remote);
  } else if (mine.remote) {
    mine.local =
      make_answer(mine.remote, c.common, mine.port, answer_to(audio_of(mine.remote)->direction));
  } else {
    mine.local = make_offer(c.common, mine.port, media_direction::sendrecv);
  }
  line.leg(answer{mine.leg, mine.local, seen_by_retriever(c.leg.who)});
  line.aim(mine);
  line.connect(c.leg, mine);
}

void retrieval::bridge(const leg_confirmed& c) {
  if (!taken) return;
  if (c.answer) mine.remote = c.answer;
  if (!mine.remote) {
    // An ACK without the answer that our offer wanted.
    line.leg(hang_up{mine.leg, hang_up_reason::failed});
    return leg_over();
  }
  mine.holds = holds(mine.remote);
  line.aim(mine);
  const auto joined = spawn_joining_call(self, line.house_ptr(), in, mine);
  self->send(taken->parked_call, bridged{joined, mine.who});
  line.hand_over(mine, joined);
  self->quit();
}

void retrieval::leg_over() {
  line.close(mine.media);
  if (taken) self->send(taken->parked_call, bridge_failed{});
  self->quit();
}

/// Where call park is switched off, whoever was parked before that is still handed out; all others
/// hear that it is.
void retrieval::refuse_with(refusal why) {
  const bool nobody =
    why.code == fault_code::nothing_parked || why.code == fault_code::no_such_number;
  if (nobody && !in->call_park.enabled)
    why = {fault_code::forbidden, 0, "call park is switched off"};
  line.leg(refuse{mine.leg, std::move(why)});
  line.close(mine.media);
  self->quit();
}

retriever_ptr retrieval::who() const {
  return std::make_shared<const retriever>(retriever{in->name, mine.who, mine.remote});
}

caf::actor spawn_retrieval(caf::event_based_actor* parent, const context_ptr& house,
                           tenant_ptr tenant, retrieval_order order) {
  return spawn_child<retrieval>(parent, house, std::move(tenant), std::move(order));
}

}  // namespace parkway
