#include "actors/call.hpp"

#include "actors/attempt.hpp"
#include "actors/negotiation.hpp"
#include "kernel/directory.hpp"
#include "kernel/log.hpp"

namespace parkway {
namespace {

ring_target target_of(const incoming_call& from, const number& called) {
  return {called, from.caller, {}, std::nullopt, from.reliable};
}

}  // namespace

call::call(caf::event_based_actor* actor, context_ptr house, tenant_ptr tenant,
           const incoming_call& from, const number& called)
  : self(actor), line(actor, std::move(house)), in(std::move(tenant)), late(actor) {
  auto& caller = legs[0];
  caller.leg = from.leg;
  caller.extension = from.caller.extension;
  caller.who = from.caller;
  caller.phone = from.phone;
  caller.media_version = from.media_version;
  caller.remote = from.offer;
  target = target_of(from, called);
}

call::call(caf::event_based_actor* actor, context_ptr house, tenant_ptr tenant, call_leg newcomer)
  : self(actor), line(actor, std::move(house)), in(std::move(tenant)), late(actor) {
  legs[0] = std::move(newcomer);
}

caf::behavior call::make_behavior() {
  self->set_down_handler([this](const caf::down_msg& down) {
    bury(self, line.house(), down);
    attempt_is_down(down);
    late.gone();
  });
  return target ? setting_up() : joining();
}

/// Only attempts are monitored. One that ended by itself has said so; one that died has not.
void call::attempt_is_down(const caf::down_msg& down) {
  if (!ringing || down.source != ringing.address()) return;
  if (!down.reason || down.reason == caf::exit_reason::normal) return;
  ringing = nullptr;
  const refusal why{fault_code::internal, 0, "the attempt died"};
  if (is_moving())
    transfer_failed(why);
  else
    give_up(why);
}

caf::behavior call::setting_up() {
  if (legs[0].remote && line.relays() && !audio_of(legs[0].remote))
    give_up({fault_code::no_common_codec, 0, "no audio stream that can be relayed"});
  else if (line.relays())
    open_caller_media();
  else
    start_attempt();
  return caf::message_handler{
    [this](const media_opened& m) {
      guard.clear();
      if (m.why) return give_up({fault_code::unavailable, 0, m.why->detail});
      legs[0].port = m.port;
      start_attempt();
    },
    [this](const attempt_ringing& r) { caller_rings(r); },
    [this](const attempt_answered& a) { callee_answered(a); },
    [this](const attempt_failed& f) {
      ringing = nullptr;
      give_up(f.why);
    },
    [this](const leg_ended&) {
      if (ringing) self->send(ringing, stop_attempt{});
      line.close(legs[0].media);
      note_idle(0);
      late.quit(ended());
    },
    [this](const transfer_requested& t) {
      line.leg(
        report_transfer{t.leg, t.id, refusal{fault_code::forbidden, 0, "not answered yet"}, true});
    },
    [this](const park_call& p) {
      self->send(p.asked_by, park_refused{{fault_code::forbidden, 0, "not answered yet"}});
    },
    [this](const give_leg& g) {
      self->send(g.to,
                 leg_withheld{{fault_code::forbidden, 0, "not answered yet"}, target->called});
    },
    [this](const claim_peer& c) {
      self->send(c.retrieval, retrieve_refused{{fault_code::gone, 0, "not answered yet"}});
    },
    [this](const tick& t) {
      if (guard.due(self, t)) give_up({fault_code::unavailable, 0, "no media port"});
    },
  }
    .or_else(line.other_events());
}

void call::open_caller_media() {
  if (line.house().media.empty())
    return give_up({fault_code::unavailable, 0, "no media plugin is loaded"});
  legs[0].media = line.house().fresh_media(in->name);
  guard.set_after(self, attempt::house_answers_within);
  line.media(open_media{legs[0].media, legs[0].media_version, self, 0, true});
}

void call::start_attempt() {
  attempt_order order{in, *target, self, legs[0].remote, line.relays()};
  if (line.relays())
    order.offer = legs[0].remote ? relay_offer(legs[0].remote, 0)
                                 : make_offer(own_codecs(), 0, media_direction::sendrecv);
  note(0, leg_activity::calling);
  ringing = spawn_attempt(self, line.house_ptr(), std::move(order));
  late.expect();
}

void call::caller_rings(const attempt_ringing& r) {
  session_ptr early;
  if (r.early && legs[0].remote) {
    early = answer_for_caller(r.early);
    if (early && line.relays()) {
      legs[0].local = early;
      line.aim(legs[0]);
      line.connect(legs[0], r.leg);
    }
  }
  line.leg(parkway::ring{legs[0].leg, r.status, early, r.reliable});
}

/// What the caller is answered when the phone rung has answered `answer`. Null: nothing in common.
session_ptr call::answer_for_caller(const session_ptr& answer) {
  if (!line.relays()) return answer;
  const auto* audio = audio_of(answer);
  const auto* asked = audio_of(legs[0].remote);
  if (!audio || !asked) return nullptr;
  const auto both = common_in_order_of(audio->codecs, asked->codecs);
  if (both.empty()) return nullptr;
  return make_answer(legs[0].remote, both, legs[0].port, audio->direction);
}

void call::callee_answered(const attempt_answered& a) {
  ringing = nullptr;
  legs[1] = a.leg;
  line.hand_over(legs[1], self);
  note(1, leg_activity::talking);
  if (!legs[0].remote) {
    // Delayed offer: the phone rung has said what it can; the caller's answer comes in its ACK.
    const auto* audio = audio_of(legs[1].remote);
    if (line.relays() && !audio) return give_up({fault_code::no_common_codec, 0, {}});
    legs[0].local = line.relays() ? make_offer(agreed(legs[1].local, legs[1].remote), legs[0].port,
                                               media_direction::sendrecv)
                                  : legs[1].remote;
    line.leg(answer{legs[0].leg, legs[0].local, legs[1].who});
    return self->become(awaiting_offer_answer());
  }
  legs[0].local = answer_for_caller(legs[1].remote);
  if (!legs[0].local) return give_up({fault_code::no_common_codec, 0, "answer without audio"});
  if (!line.relays()) legs[1].local = legs[0].remote;
  line.leg(answer{legs[0].leg, legs[0].local, legs[1].who});
  line.aim(legs[0]);
  self->become(talking());
  settle_media();
  note(0, leg_activity::talking);
}

caf::behavior call::awaiting_offer_answer() {
  return caf::message_handler{
    [this](const leg_confirmed& c) {
      if (c.leg != legs[0].leg) return;
      if (!c.answer) return end();
      // An answer that we have not offered is none: nobody would hear anybody.
      if (line.relays() && agreed(legs[0].local, c.answer).empty()) return end();
      legs[0].remote = c.answer;
      if (line.relays()) {
        line.aim(legs[0]);
      } else {
        legs[1].local = c.answer;
        line.leg(confirm{legs[1].leg, c.answer});
      }
      self->become(talking());
      settle_media();
      note(0, leg_activity::talking);
    },
    [this](const leg_ended& e) { leg_over(e); },
    [this](const transfer_requested& t) {
      line.leg(report_transfer{t.leg, t.id, refusal{fault_code::forbidden, 0, "not up yet"}, true});
    },
    [this](const park_call& p) {
      self->send(p.asked_by, park_refused{{fault_code::forbidden, 0, "not answered yet"}});
    },
    [this](const give_leg& g) {
      self->send(g.to, leg_withheld{{fault_code::forbidden, 0, "not answered yet"}, {}});
    },
    [this](const claim_peer& c) {
      self->send(c.retrieval, retrieve_refused{{fault_code::gone, 0, "not answered yet"}});
    },
  }
    .or_else(line.other_events());
}

void call::give_up(const refusal& why) {
  if (ringing) self->send(ringing, stop_attempt{hang_up_reason::failed});
  line.leg(refuse{legs[0].leg, why});
  line.close(legs[0].media);
  note_idle(0);
  if (legs[1].leg) {
    line.drop(legs[1], hang_up_reason::failed);
    note_idle(1);
  }
  late.quit(ended());
}

caf::behavior call::joining() {
  // Whoever brings the other leg does so at once; a waiting party is not left alone for long.
  guard.set_after(self, std::chrono::seconds{10});
  return caf::message_handler{
    [this](const leg_joins& j) { join(j.leg); },
    [this](const leg_ended& e) {
      if (e.leg != legs[0].leg) return;
      // The one who comes will find nobody: leg_over of the pair says so.
      line.close(legs[0].media);
      note_idle(0);
      legs[0].leg = {};
      legs[0].media = {};
    },
    [this](const tick& t) {
      if (!guard.due(self, t)) return;
      if (legs[0].leg) note_idle(0);
      line.drop(legs[0], hang_up_reason::failed);
      self->quit();
    },
    // Stay in the mailbox until there are two to talk.
    [this](const leg_offered&) -> caf::result<caf::message> { return caf::skip(); },
    [this](const transfer_requested&) -> caf::result<caf::message> { return caf::skip(); },
    [this](const park_call&) -> caf::result<caf::message> { return caf::skip(); },
    [this](const give_leg&) -> caf::result<caf::message> { return caf::skip(); },
    [this](const claim_peer&) -> caf::result<caf::message> { return caf::skip(); },
  }
    .or_else(line.other_events());
}

void call::join(const call_leg& other) {
  guard.clear();
  legs[1] = other;
  // The one who came has left, or the one who waited has: the other one is told.
  if (!legs[0].leg || !legs[1].leg) return end();
  self->become(talking());
  note(0, leg_activity::talking);
  note(1, leg_activity::talking);
  // The newcomer saw in the first message whom it gets; the one who waited learns it now.
  line.leg(show_identity{legs[1].leg, legs[0].who});
  align_sessions(0);
  settle_media();
}

caf::actor spawn_call(caf::event_based_actor* parent, const context_ptr& house, tenant_ptr tenant,
                      const incoming_call& from, const number& called) {
  return spawn_child<call>(parent, house, std::move(tenant), from, called);
}

caf::actor spawn_joining_call(caf::event_based_actor* parent, const context_ptr& house,
                              tenant_ptr tenant, call_leg newcomer) {
  const auto shard = newcomer.leg.shard;
  auto spawned = spawn_actor<call>(parent->system(), house, std::move(tenant), std::move(newcomer));
  if (shard < house->switchboards.size())
    parent->send(house->switchboards[shard], watch_over{spawned});
  return spawned;
}

}  // namespace parkway
