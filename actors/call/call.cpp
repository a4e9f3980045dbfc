#include "actors/call/call.hpp"

#include "actors/call/fork.hpp"
#include "actors/common/offer_answer.hpp"
#include "kernel/runtime/log.hpp"
#include "kernel/runtime/registry.hpp"

namespace parkway {
namespace {

ring_target target_of(const incoming_call& from, const number& called) {
  return {called, from.caller, {}, std::nullopt, from.reliable};
}

}  // namespace

call::call(caf::event_based_actor* actor, context_ptr context, tenant_ptr tenant,
           const incoming_call& from, const number& called)
  : self(actor), control(actor, std::move(context)), in(std::move(tenant)), late(actor) {
  auto& caller = legs[0];
  caller.leg = from.leg;
  caller.extension = from.caller.extension;
  caller.who = from.caller;
  caller.phone = from.phone;
  caller.media_version = from.media_version;
  caller.remote = from.offer;
  target = target_of(from, called);
}

call::call(caf::event_based_actor* actor, context_ptr context, tenant_ptr tenant, call_leg newcomer)
  : self(actor), control(actor, std::move(context)), in(std::move(tenant)), late(actor) {
  legs[0] = std::move(newcomer);
}

caf::behavior call::make_behavior() {
  self->set_down_handler([this](const caf::down_msg& down) {
    bury(self, control.context(), down);
    fork_is_down(down);
    late.gone();
  });
  return target ? setting_up() : joining();
}

/// Only forks are monitored. One that ended by itself has said so; one that died has not.
void call::fork_is_down(const caf::down_msg& down) {
  if (!ringing || down.source != ringing.address()) return;
  if (!down.reason || down.reason == caf::exit_reason::normal) return;
  ringing = nullptr;
  const refusal why{fault_code::internal, 0, "the attempt died"};
  if (transfer_under_way())
    transfer_failed(why);
  else
    give_up(why);
}

caf::behavior call::setting_up() {
  if (legs[0].remote && control.relays() && !audio_of(legs[0].remote))
    give_up({fault_code::no_common_codec, 0, "no audio stream that can be relayed"});
  else if (control.relays())
    open_caller_media();
  else
    start_fork();
  return caf::message_handler{
    [this](const media_opened& m) {
      guard.clear();
      if (m.why) return give_up({fault_code::unavailable, 0, m.why->detail});
      legs[0].port = m.port;
      start_fork();
    },
    [this](const fork_ringing& r) { caller_rings(r); },
    [this](const fork_answered& a) { callee_answered(a); },
    [this](const fork_failed& f) {
      ringing = nullptr;
      give_up(f.why);
    },
    [this](const leg_ended&) {
      if (ringing) self->send(ringing, stop_fork{});
      control.close(legs[0].media);
      note_idle(0);
      late.quit(ended());
    },
    [this](const transfer_requested& t) {
      control.leg(
        report_transfer{t.leg, t.id, refusal{fault_code::forbidden, 0, "not answered yet"}, true});
    },
    [this](const park_call& p) {
      self->send(p.asked_by, park_refused{{fault_code::forbidden, 0, "not answered yet"}});
    },
    [this](const take_leg& g) {
      self->send(g.to,
                 take_leg_refused{{fault_code::forbidden, 0, "not answered yet"}, target->called});
    },
    [this](const claim_peer& c) {
      self->send(c.retrieval, retrieve_refused{{fault_code::gone, 0, "not answered yet"}});
    },
    [this](const tick& t) {
      if (guard.due(self, t)) give_up({fault_code::unavailable, 0, "no media port"});
    },
  }
    .or_else(control.other_events());
}

void call::open_caller_media() {
  if (control.context().media.empty())
    return give_up({fault_code::unavailable, 0, "no media plugin is loaded"});
  legs[0].media = control.context().fresh_media(in->name);
  guard.set_after(self, call_fork::internal_reply_timeout);
  control.media(open_media{legs[0].media, legs[0].media_version, self, 0, true});
}

void call::start_fork() {
  fork_order order{in, *target, self, legs[0].remote, control.relays()};
  if (control.relays())
    order.offer = legs[0].remote ? relay_offer(legs[0].remote, 0)
                                 : make_offer(own_codecs(), 0, media_direction::sendrecv);
  note(0, leg_activity::calling);
  ringing = spawn_fork(self, control.shared_context(), std::move(order));
  late.expect();
}

void call::caller_rings(const fork_ringing& r) {
  session_ptr early;
  if (r.early && legs[0].remote) {
    early = answer_for_caller(r.early);
    if (early && control.relays()) {
      legs[0].local = early;
      control.aim(legs[0]);
      control.connect(legs[0], r.leg);
    }
  }
  control.leg(send_ringing{legs[0].leg, r.status, early, r.reliable});
}

/// What the caller is answered when the phone rung has answered `answer`. Null: nothing in common.
session_ptr call::answer_for_caller(const session_ptr& answer) {
  if (!control.relays()) return answer;
  const auto* audio = audio_of(answer);
  const auto* asked = audio_of(legs[0].remote);
  if (!audio || !asked) return nullptr;
  const auto both = common_in_order_of(audio->codecs, asked->codecs);
  if (both.empty()) return nullptr;
  return make_answer(legs[0].remote, both, legs[0].port, audio->direction);
}

void call::callee_answered(const fork_answered& a) {
  ringing = nullptr;
  legs[1] = a.leg;
  control.hand_over(legs[1], self);
  note(1, leg_activity::talking);
  if (!legs[0].remote) {
    // Delayed offer: the phone rung has said what it can; the caller's answer comes in its ACK.
    const auto* audio = audio_of(legs[1].remote);
    if (control.relays() && !audio) return give_up({fault_code::no_common_codec, 0, {}});
    legs[0].local = control.relays() ? make_offer(agreed(legs[1].local, legs[1].remote),
                                                  legs[0].port, media_direction::sendrecv)
                                     : legs[1].remote;
    control.leg(answer_call{legs[0].leg, legs[0].local, legs[1].who});
    return self->become(awaiting_offer_answer());
  }
  legs[0].local = answer_for_caller(legs[1].remote);
  if (!legs[0].local) return give_up({fault_code::no_common_codec, 0, "answer without audio"});
  if (!control.relays()) legs[1].local = legs[0].remote;
  control.leg(answer_call{legs[0].leg, legs[0].local, legs[1].who});
  control.aim(legs[0]);
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
      if (control.relays() && agreed(legs[0].local, c.answer).empty()) return end();
      legs[0].remote = c.answer;
      if (control.relays()) {
        control.aim(legs[0]);
      } else {
        legs[1].local = c.answer;
        control.leg(confirm{legs[1].leg, c.answer});
      }
      self->become(talking());
      settle_media();
      note(0, leg_activity::talking);
    },
    [this](const leg_ended& e) { leg_over(e); },
    [this](const transfer_requested& t) {
      control.leg(
        report_transfer{t.leg, t.id, refusal{fault_code::forbidden, 0, "not up yet"}, true});
    },
    [this](const park_call& p) {
      self->send(p.asked_by, park_refused{{fault_code::forbidden, 0, "not answered yet"}});
    },
    [this](const take_leg& g) {
      self->send(g.to, take_leg_refused{{fault_code::forbidden, 0, "not answered yet"}, {}});
    },
    [this](const claim_peer& c) {
      self->send(c.retrieval, retrieve_refused{{fault_code::gone, 0, "not answered yet"}});
    },
  }
    .or_else(control.other_events());
}

void call::give_up(const refusal& why) {
  if (ringing) self->send(ringing, stop_fork{hang_up_reason::failed});
  control.leg(reject_call{legs[0].leg, why});
  control.close(legs[0].media);
  note_idle(0);
  if (legs[1].leg) {
    control.drop(legs[1], hang_up_reason::failed);
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
      control.close(legs[0].media);
      note_idle(0);
      legs[0].leg = {};
      legs[0].media = {};
    },
    [this](const tick& t) {
      if (!guard.due(self, t)) return;
      if (legs[0].leg) note_idle(0);
      control.drop(legs[0], hang_up_reason::failed);
      self->quit();
    },
    // Stay in the mailbox until there are two to talk.
    [this](const leg_offered&) -> caf::result<caf::message> { return caf::skip(); },
    [this](const transfer_requested&) -> caf::result<caf::message> { return caf::skip(); },
    [this](const park_call&) -> caf::result<caf::message> { return caf::skip(); },
    [this](const take_leg&) -> caf::result<caf::message> { return caf::skip(); },
    [this](const claim_peer&) -> caf::result<caf::message> { return caf::skip(); },
  }
    .or_else(control.other_events());
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
  control.leg(show_identity{legs[1].leg, legs[0].who});
  align_sessions(0);
  settle_media();
}

caf::actor spawn_call(caf::event_based_actor* parent, const context_ptr& context, tenant_ptr tenant,
                      const incoming_call& from, const number& called) {
  return spawn_child<call>(parent, context, std::move(tenant), from, called);
}

caf::actor spawn_joining_call(caf::event_based_actor* parent, const context_ptr& context,
                              tenant_ptr tenant, call_leg newcomer) {
  const auto shard = newcomer.leg.shard;
  auto spawned =
    spawn_actor<call>(parent->system(), context, std::move(tenant), std::move(newcomer));
  if (shard < context->switchboards.size())
    parent->send(context->switchboards[shard], watch_over{spawned});
  return spawned;
}

}  // namespace parkway
