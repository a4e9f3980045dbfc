#include "actors/call/fork.hpp"

#include "actors/common/offer_answer.hpp"
#include "kernel/runtime/registry.hpp"

#include <algorithm>

namespace parkway {
namespace {

/// Which of several refusals tells the caller most (in the spirit of RFC 3261 §16.7 step 6):
/// a 6xx speaks for the person, a busy phone says more than an absent one.
int weight(const refusal& r) {
  if (r.status >= 600 || r.code == fault_code::declined) return 5;
  if (r.code == fault_code::busy) return 4;
  if (r.code == fault_code::no_common_codec) return 3;
  if (r.code == fault_code::no_answer) return 2;
  return r.code == fault_code::not_reachable ? 0 : 1;
}

/// The template, one audio stream without a port, with ours.
session_ptr with_port(const session_ptr& offer, std::uint16_t port) {
  auto copy = *offer;
  copy.streams.front().port = port;
  return std::make_shared<const session_description>(std::move(copy));
}

}  // namespace

call_fork::call_fork(caf::event_based_actor* actor, context_ptr context, fork_order what)
  : self(actor),
    control(actor, std::move(context)),
    order(std::move(what)),
    stage_time(order.ring_time) {
}

caf::behavior call_fork::make_behavior() {
  start();
  return caf::message_handler{
    [this](const contacts& c) { heard_contacts(c); },
    [this](const ring_order& o) {
      if (!stages.empty()) return;
      stages = o.stages;
      stage_time = o.ring_time;
      begin_stage();
    },
    [this](const media_opened& m) { port_opened(m); },
    [this](const leg_ringing& r) { ringing(r); },
    [this](const leg_answered& a) { answered(a); },
    [this](const leg_refused& r) { refused(r); },
    [this](const leg_ended& e) {
      refused({e.leg, {fault_code::gone, 0, {}}});
    },
    [this](const tick& t) {
      if (stage_over.due(self, t)) return stage_ends();
      if (answers_by.due(self, t)) nobody_answers();
    },
    [this](const stop_fork& s) {
      cancel(s.reason);
      close_ports();
      self->quit();
    },
  }
    .or_else(control.other_events());
}

void call_fork::start() {
  const auto& called = order.target.called;
  if (order.in->ring_groups.contains(called)) {
    answers_by.set_after(self, internal_reply_timeout);
    self->send(control.context().actors->ring_group(order.in->name, called), show_ring_order{});
    return;
  }
  stages = {{called}};
  begin_stage();
}

void call_fork::begin_stage() {
  reachable.clear();
  while (stage < stages.size() && stages[stage].empty())
    ++stage;
  if (stage == stages.size())
    return fail(best.value_or(refusal{fault_code::not_reachable, 0, "no member"}));
  asked = stages[stage].size();
  answers_by.set_after(self, internal_reply_timeout);
  for (const auto& n : stages[stage])
    self->send(extension_of(n), show_contacts{});
}

void call_fork::heard_contacts(const contacts& c) {
  if (asked == 0) return;
  const auto& members = stages[stage];
  if (std::find(members.begin(), members.end(), c.extension) == members.end()) return;
  if (!c.bindings.empty()) reachable.push_back(c);
  if (--asked == 0) all_heard();
}

void call_fork::all_heard() {
  answers_by.clear();
  if (reachable.empty()) {
    remember({fault_code::not_reachable, 0, {}});
    ++stage;
    return begin_stage();
  }
  if (!order.relayed) return ring_all();
  if (control.context().media.empty())
    return fail({fault_code::unavailable, 0, "no media plugin is loaded"});
  open_ports();
}

/// One port an IP version serves all phones of all stages.
void call_fork::open_ports() {
  bool waits = false;
  for (const auto& where : reachable) {
    for (const auto& to : where.bindings) {
      const auto version = to.via.remote.address.version;
      auto& own = ports[version == ip_version::v6];
      if (!own.id) {
        own = {control.context().fresh_media(order.in->name), 0, true};
        control.media(open_media{own.id, version, self});
      }
      waits |= own.is_awaited;
    }
  }
  if (!waits) return ring_all();
  answers_by.set_after(self, internal_reply_timeout);
}

/// A version without a port leaves out its own phones; without any there is nothing to offer.
void call_fork::port_opened(const media_opened& m) {
  bool waits = false, any = false;
  for (auto& own : ports) {
    if (own.id == m.id && own.is_awaited) own = {own.id, m.port, false};
    waits |= own.is_awaited;
    any |= own.port != 0;
  }
  if (waits) return;
  answers_by.clear();
  if (!any) return fail({fault_code::unavailable, 0, m.why ? m.why->detail : "no media port"});
  ring_all();
}

void call_fork::close_ports(const media_id& but) {
  for (const auto& own : ports)
    if (own.id != but) control.close(own.id);
}

void call_fork::nobody_answers() {
  if (asked > 0) {
    asked = 0;
    return all_heard();
  }
  fail({fault_code::unavailable, 0, reachable.empty() ? "no ring group" : "no media port"});
}

void call_fork::ring_all() {
  stage_over.set_after(self, stage_time);
  for (const auto& where : reachable)
    place(where);
  if (rung.empty()) stage_ends();
}

void call_fork::place(const contacts& where) {
  for (const auto& to : where.bindings) {
    if (rung.size() >= contacts_max) return;
    const auto version = to.via.remote.address.version;
    const auto& own = ports[version == ip_version::v6];
    if (order.relayed && own.port == 0) continue;
    call_leg l;
    l.leg = control.context().fresh_leg(to.via.shard);
    l.media = own.id;
    l.port = own.port;
    l.extension = where.extension;
    const auto* entry = order.in->extension(where.extension);
    l.who = {entry ? entry->display_name : std::string{}, where.extension, false};
    l.phone = to.phone;
    l.media_version = version;
    l.local = order.offer && order.relayed ? with_port(order.offer, own.port) : order.offer;
    control.leg(place_call{l.leg, self, order.in->name, where.extension, to, order.target.shown,
                           l.local, order.target.recall, order.target.reliable});
    self->send(extension_of(where.extension),
               leg_active{l.leg, {}, to.phone, leg_activity::ringing, order.target.shown});
    rung.emplace(l.leg, std::move(l));
  }
}

void call_fork::ringing(const leg_ringing& r) {
  const auto found = rung.find(r.leg);
  if (found == rung.end()) return;
  auto& leg = found->second;
  if (early && early != r.leg) return;
  session_ptr heard;
  if (r.early) {
    early = r.leg;
    leg.remote = r.early;
    control.aim(leg);
    heard = r.early;
  }
  self->send(order.owner, fork_ringing{r.status, heard, leg, r.reliable});
}

void call_fork::answered(const leg_answered& a) {
  const auto found = rung.find(a.leg);
  if (found == rung.end()) return control.leg(hang_up{a.leg});
  if (!a.session && !found->second.remote) {
    // A 200 without a session: nobody could be joined to it.
    control.leg(hang_up{a.leg, hang_up_reason::failed});
    return refused({a.leg, {fault_code::no_common_codec, 0, "answered without a session"}});
  }
  auto leg = std::move(found->second);
  rung.erase(found);
  if (a.session) leg.remote = a.session;
  if (!a.phone.contact.empty()) leg.phone = a.phone;
  leg.holds = holds(leg.remote);
  cancel(hang_up_reason::answered_elsewhere);
  close_ports(leg.media);
  control.aim(leg);
  // Whoever gets the leg adopts it, or has somebody adopt it: were we to do so too, nobody could
  // say which of the two the shard reads first.
  self->send(order.owner, fork_answered{leg});
  self->quit();
}

void call_fork::refused(const leg_refused& r) {
  const auto found = rung.find(r.leg);
  if (found == rung.end()) return;
  const auto whose = found->second.extension;
  self->send(extension_of(whose), leg_idle{r.leg});
  rung.erase(found);
  if (early == r.leg) early = {};
  remember(r.why);
  // The person has refused: a 6xx ends all branches (RFC 3261 §16.7), which are its own phones. One
  // member of a ring group does not speak for the others.
  if (r.why.status >= 600) cancel(hang_up_reason::normal, whose);
  if (rung.empty()) stage_ends();
}

void call_fork::stage_ends() {
  if (!rung.empty()) remember({fault_code::no_answer, 0, {}});
  cancel(hang_up_reason::normal);
  stage_over.clear();
  ++stage;
  begin_stage();
}

void call_fork::cancel(hang_up_reason reason, const std::optional<number>& whose) {
  std::erase_if(rung, [&](const auto& entry) {
    const auto& [id, leg] = entry;
    if (whose && leg.extension != *whose) return false;
    control.leg(hang_up{id, reason});
    self->send(extension_of(leg.extension), leg_idle{id});
    if (early == id) early = {};
    return true;
  });
}

void call_fork::fail(refusal why) {
  cancel(hang_up_reason::failed);
  close_ports();
  self->send(order.owner, fork_failed{std::move(why)});
  self->quit();
}

caf::actor call_fork::extension_of(const number& n) const {
  return control.extension(*order.in, n);
}

void call_fork::remember(const refusal& why) {
  if (!best || weight(why) > weight(*best)) best = why;
}

caf::actor spawn_fork(caf::event_based_actor* parent, const context_ptr& context,
                      fork_order order) {
  return spawn_child<call_fork>(parent, context, std::move(order));
}

}  // namespace parkway
