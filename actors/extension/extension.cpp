#include "actors/extension/extension.hpp"

#include "actors/extension/notifier.hpp"
#include "actors/park/parked_call.hpp"
#include "kernel/runtime/journal.hpp"
#include "kernel/runtime/log.hpp"
#include "kernel/runtime/registry.hpp"

#include <algorithm>
#include <cstdio>

namespace parkway {
namespace {

/// Never the same twice, not even after a restart: the wall time tells restarts apart.
park_id fresh_park_id(const node_context& context, std::chrono::steady_clock::time_point now) {
  using std::chrono::duration_cast;
  using std::chrono::seconds;
  const auto second = duration_cast<seconds>(context.wall(now).time_since_epoch()).count();
  char text[48];
  std::snprintf(text, sizeof text, "pk-%llx-%llx", static_cast<unsigned long long>(second),
                static_cast<unsigned long long>(++*context.serial));
  return park_id{text};
}

bool is_retrievable(park_state s) {
  // One that is still being parked makes its retriever wait for a moment.
  return s == park_state::parking || s == park_state::parked || s == park_state::recalling;
}

}  // namespace

extension::extension(caf::event_based_actor* actor, context_ptr context, tenant_name tenant,
                     number n)
  : self(actor), control(actor, std::move(context)), in(std::move(tenant)), me(std::move(n)) {
}

caf::behavior extension::make_behavior() {
  self->set_down_handler([this](const caf::down_msg& down) {
    bury(self, control.context(), down);
    if (lamps && down.source == lamps.address()) lamps = nullptr;
    std::erase_if(parked, [&](const auto& p) {
      if (p.parked_call.address() != down.source) return false;
      parked_call_died(p);
      return true;
    });
  });
  return {
    [this](const register_phone& r) { register_phones(r); },
    [this](const drop_phones& d) { forget_phones(d); },
    [this](show_contacts) { return reachable(); },
    [this](const leg_active& a) { leg_changed(a); },
    [this](const leg_idle& i) { leg_is_over(i); },
    [this](const find_leg& f) { return whose_leg(f); },
    [this](const find_call_to_park& f) { return pick_call(f); },
    [this](const park_here& p) { park(p); },
    [this](const retrieve& r) { hand_out(r); },
    [this](const place_changed& c) { parked_call_changed(c); },
    [this](show_place) { return status(); },
    [this](const watch_place& w) { self->send(the_lamps(), w); },
    [this](const show_parked& s) { self->send(the_lamps(), s); },
    [this](const unshow_parked& u) {
      if (lamps) self->send(lamps, u);
    },
    [this](const tick& t) {
      if (!expiry.due(self, t)) return;
      const auto before = phones.all().size();
      phones.expire(self->clock().now());
      phones_changed(before);
      if (lamps) tell_lamps_of_phones({});
    },
  };
}

/// Whoever is shown something has a notifier; an extension nobody watches has none.
const caf::actor& extension::the_lamps() {
  if (lamps) return lamps;
  lamps = spawn_notifier(self, control.shared_context(), in, me);
  tell_lamps_of_phones({});
  tell_lamps_of_calls();
  return lamps;
}

void extension::tell_lamps_of_phones(std::vector<std::string> anew) {
  self->send(lamps, phones_are{phones.all(), std::move(anew)});
}

void extension::tell_lamps_of_calls() {
  calls_are now;
  for (const auto& l : legs)
    now.calls.push_back({l.what.leg, l.what.activity, l.what.peer, l.initiated});
  self->send(lamps, std::move(now));
}

void extension::register_phones(const register_phone& r) {
  const auto before = phones.all().size();
  std::vector<std::string> anew;
  std::vector<phone_came> comers;
  for (const auto& [contact, expires] : r.changes) {
    if (expires.count() == 0 || !phones.is_new(contact, r.call_id)) continue;
    anew.push_back(contact.key);
    comers.push_back({in, me, contact.phone});
  }
  const auto moves = phones.moved(r);
  auto why = phones.apply(r, self->clock().now());
  self->send(r.shard,
             phone_registered{r.request, why, why ? std::vector<binding>{} : phones.all()});
  if (why || (!r.remove_all && r.changes.empty())) return;
  for (const auto& [from, to] : moves)
    for (const auto& shard : control.context().shards)
      self->send(shard, phone_moved{in, me, from, to});
  for (const auto& comer : comers)
    for (const auto& shard : control.context().shards)
      self->send(shard, comer);
  phones_changed(before);
  if (lamps) tell_lamps_of_phones(std::move(anew));
}

/// It shall neither ring nor be shown anything until it registers with the new password.
void extension::forget_phones(const drop_phones& d) {
  const auto before = phones.all().size();
  phones.drop(d.shard);
  phones_changed(before);
  if (lamps) tell_lamps_of_phones({});
}

void extension::phones_changed(std::size_t before) {
  // A refresh only moves the expiry away, and a phone that leaves may come back: the hop that is
  // under way finds the new one, or nobody.
  const auto next = phones.next_expiry();
  if (next && (!expiry.armed() || *next < expiry.at())) expiry.set(self, *next);
  const auto count = phones.all().size();
  if (count == before) return;
  self->send(control.context().bus,
             registration_event{in, me, static_cast<std::uint32_t>(count), self->clock().now()});
}

contacts extension::reachable() {
  phones.expire(self->clock().now());
  return {me, phones.all()};
}

void extension::leg_changed(const leg_active& a) {
  const auto found =
    std::find_if(legs.begin(), legs.end(), [&](const phone_leg& l) { return l.what.leg == a.leg; });
  const bool calls = a.activity == leg_activity::calling;
  if (found == legs.end())
    legs.push_back({a, ++changes, calls});
  else
    *found = {a, ++changes, calls || found->initiated};
  if (lamps) tell_lamps_of_calls();
}

void extension::leg_is_over(const leg_idle& i) {
  const auto found =
    std::find_if(legs.begin(), legs.end(), [&](const phone_leg& l) { return l.what.leg == i.leg; });
  if (found == legs.end()) return;
  // Ringing that nobody answered was no call.
  const auto was = found->what.activity;
  if (was == leg_activity::talking || was == leg_activity::holding)
    idle_since = self->clock().now();
  legs.erase(found);
  if (lamps) tell_lamps_of_calls();
}

leg_found extension::whose_leg(const find_leg& f) const {
  const auto found =
    std::find_if(legs.begin(), legs.end(), [&](const phone_leg& l) { return l.what.leg == f.leg; });
  return {f.leg, found == legs.end() ? nullptr : found->what.call};
}

call_to_park extension::pick_call(const find_call_to_park& f) const {
  const phone_leg* best = nullptr;
  bool unanswered = false;
  const auto holding = [](const phone_leg& l) { return l.what.activity == leg_activity::holding; };
  for (const auto& l : legs) {
    if (l.what.leg == f.except || !l.what.phone.same_as(f.phone)) continue;
    if (l.what.activity == leg_activity::calling || l.what.activity == leg_activity::ringing) {
      unanswered = true;
      continue;
    }
    if (!best || std::pair{holding(l), l.changed} > std::pair{holding(*best), best->changed})
      best = &l;
  }
  if (best) return {std::nullopt, best->what.call, best->what.leg};
  if (unanswered) return {fault{fault_code::forbidden, "that call is not answered yet"}, {}, {}};
  return {fault{fault_code::no_call, "No call to park"}, {}, {}};
}

void extension::park(const park_here& p) {
  const auto now = control.context().tenants->find(in);
  if (!now) return self->send(p.call, park_refused{{fault_code::no_such_number, 0, "no tenant"}});
  if (!p.terms->place.empty()) {
    const auto max = now->call_park.parked_per_extension_max;
    const auto count = parked_count();
    if ((max && count >= max) || (p.only_if_free && count))
      return self->send(p.call, park_refused{{fault_code::busy, 0, "the place is taken"}});
  }
  auto id = fresh_park_id(control.context(), self->clock().now());
  auto child = spawn_parked_call(self, control.shared_context(), now, id, p.terms, p.call);
  parked.push_back({std::move(id), std::move(child), p.terms});
}

void extension::hand_out(const retrieve& r) {
  for (const auto& p : parked) {
    if (p.terms->place.empty() || !is_retrievable(p.state)) continue;
    if (!r.which.empty() && p.id != r.which) continue;
    if (std::find(r.passed.begin(), r.passed.end(), p.id) != r.passed.end()) continue;
    // It may have ended just now: then its mailbox says so, and the next one is asked.
    self->request(p.parked_call, caf::infinite, r)
      .then([] {},
            [this, r, id = p.id](const caf::error&) {
              auto next = r;
              next.passed.push_back(id);
              hand_out(next);
            });
    return;
  }
  self->send(r.retrieval, retrieve_refused{{fault_code::nothing_parked, 0, {}}});
}

/// A parked call that ended has said so; one that died has not: its place is free, its lamps go.
void extension::parked_call_died(const parked_here& p) {
  self->send(control.context().journal, drop_parked{p.id});
  if (lamps) self->send(lamps, unshow_parked{p.id, park_end::failed});
  if (p.terms->kind == park_kind::group) {
    const auto group = control.context().actors->park_group(in, p.terms->group);
    self->send(group, unshow_parked{p.id, park_end::failed});
    self->send(group, place_changed{p.id, park_state::ended, park_end::failed});
  }
  self->send(
    control.context().bus,
    park_event{p.id, p.terms, park_state::ended, park_end::failed, {}, self->clock().now()});
}

void extension::parked_call_changed(const place_changed& c) {
  const auto found =
    std::find_if(parked.begin(), parked.end(), [&](const auto& p) { return p.id == c.id; });
  if (found == parked.end()) return;
  const bool arrives = found->state == park_state::parking && c.state == park_state::parked;
  found->state = c.state;
  if (arrives) {
    // Before those that are still on their way: they will be parked later.
    const auto behind =
      std::find_if(parked.begin(), found, [](auto& p) { return p.state == park_state::parking; });
    std::rotate(behind, found, std::next(found));
    return;
  }
  if (c.state != park_state::ended) return;
  if (c.why == park_end::retrieved) idle_since = self->clock().now();
  parked.erase(found);
}

place_status extension::status() {
  phones.expire(self->clock().now());
  return {me, !phones.all().empty(), parked_count(), idle_since};
}

std::uint32_t extension::parked_count() const {
  return static_cast<std::uint32_t>(std::count_if(
    parked.begin(), parked.end(), [](const auto& p) { return !p.terms->place.empty(); }));
}

caf::actor spawn_extension(const context_ptr& context, const tenant_name& in, const number& n) {
  return spawn_actor<extension>(*context->system, context, in, n);
}

}  // namespace parkway
