#include "actors/park/park_group.hpp"

#include "kernel/runtime/log.hpp"
#include "kernel/runtime/registry.hpp"

#include <algorithm>
#include <utility>

namespace parkway {
namespace {

/// Members are actors of this process: one that is silent so long is dying.
constexpr auto members_report_within = std::chrono::seconds{2};
/// Members a line of the timeline names.
constexpr std::size_t named_max = 20;
/// A place is reserved once it is on disk.
constexpr auto place_answers_within = std::chrono::seconds{5};

}  // namespace

park_group::park_group(caf::event_based_actor* actor, context_ptr context, tenant_name tenant,
                       group_name n)
  : self(actor), control(actor, std::move(context)), in(std::move(tenant)), me(std::move(n)) {
}

caf::behavior park_group::make_behavior() {
  return {
    [this](const park_here& p) {
      if (hunts.size() >= hunts_max)
        return self->send(p.call, park_refused{{fault_code::overloaded, 0, "too many hunts"}});
      hunts.push_back(p);
      if (hunts.size() == 1) begin_hunt();
    },
    [this](const place_status& s) { reported(s); },
    [this](const place_ready& p) { reserved(p); },
    [this](const park_refused& r) {
      if (trying) refused(r.why);
    },
    [this](const retrieve& r) { hand_out(r); },
    [this](const show_parked& s) { show(s); },
    [this](const unshow_parked& u) { unshow(u); },
    [this](const place_changed& c) {
      if (c.state == park_state::ended)
        std::erase_if(parked, [&](const group_parked& p) { return p.id == c.id; });
    },
    [this](const tick& t) {
      if (reports_by.due(self, t)) return choose();
      if (answer_by.due(self, t)) try_next();
    },
  };
}

void park_group::begin_hunt() {
  const auto now = control.context().tenants->find(in);
  const auto* group = now ? now->park_group(me) : nullptr;
  if (!group) {
    self->send(hunts.front().call,
               park_refused{{fault_code::forbidden, 0, "the park group is gone"}});
    return hunt_over();
  }
  reports.clear();
  seats.clear();
  for (const auto& m : group->members) {
    seats.emplace(m, reports.size());
    reports.push_back({m, false, 0, std::nullopt});
    self->send(control.extension(*now, m), show_place{});
  }
  silent = reports.size();
  if (silent == 0) return choose();
  reports_by.set_after(self, members_report_within);
}

void park_group::reported(const place_status& s) {
  if (silent == 0) return;
  const auto seat = seats.find(s.place);
  if (seat == seats.end()) return;
  reports[seat->second] = s;
  if (--silent == 0) choose();
}

void park_group::choose() {
  silent = 0;
  reports_by.clear();
  const auto now = control.context().tenants->find(in);
  const auto* group = now ? now->park_group(me) : nullptr;
  const auto order = hunting_by(group ? group->hunting : hunting_policy::first)(
    reports, hunts.front().terms->parker.extension);
  const auto max = now ? now->call_park.parked_per_extension_max : 0;
  for (const auto& place : order) {
    const auto seat = seats.find(place);
    if (seat == seats.end()) continue;
    const auto& status = reports[seat->second];
    // Who has just reported itself full need not be asked to refuse.
    if (max && status.parked_count >= max) continue;
    places.push_back({place, status.registered && status.parked_count == 0});
  }
  try_next();
}

void park_group::refused(const refusal& why) {
  if (why.code != fault_code::busy && why.code != fault_code::no_such_number) {
    // Not this place: every one would be refused so (the store does not answer).
    self->send(hunts.front().call, park_refused{why});
    return hunt_over();
  }
  if (tried.only_if_free) places.push_back({std::move(tried.place), false});
  try_next();
}

void park_group::try_next() {
  const auto& hunt = hunts.front();
  const auto now = control.context().tenants->find(in);
  if (places.empty() || !now) {
    self->send(hunt.call, park_refused{{fault_code::busy, 0, "every place is taken"}});
    return hunt_over();
  }
  auto terms = *hunt.terms;
  tried = std::move(places.front());
  places.pop_front();
  terms.place = tried.place;
  trying = std::make_shared<const park_terms>(std::move(terms));
  answer_by.set_after(self, place_answers_within);
  self->send(control.extension(*now, trying->place), park_here{trying, self, tried.only_if_free});
}

/// The place is reserved and on disk: the call that parks deals with it from here.
void park_group::reserved(const place_ready& p) {
  if (hunts.empty() || p.terms != trying) return self->send(p.parked_call, caller_gone{});
  parked.push_back({p.id, p.parked_call, p.place, {}});
  explain(p.id, p.terms);
  // The call knows the terms it has sent; the place is what it did not know. It may have ended just
  // now: then there is no leg to wait for, and the place is free at once.
  const auto& hunt = hunts.front();
  const auto nobody_asked = [this, to = p.parked_call](const caf::error&) {
    self->send(to, caller_gone{});
  };
  self->request(hunt.call, caf::infinite, place_ready{p.parked_call, p.id, p.place, hunt.terms})
    .then([] {}, nobody_asked);
  hunt_over();
}

void park_group::hunt_over() {
  hunts.pop_front();
  places.clear();
  trying = nullptr;
  answer_by.clear();
  if (!hunts.empty()) begin_hunt();
}

/// Every member's phones show a group-parked call, the parker's only where that is configured. The
/// place's own are told by the call itself.
void park_group::show(const show_parked& s) {
  const auto found = std::find_if(parked.begin(), parked.end(),
                                  [&](const group_parked& p) { return p.id == s.what.id; });
  const auto now = control.context().tenants->find(in);
  const auto* group = now ? now->park_group(me) : nullptr;
  if (!group || found == parked.end()) return;
  const auto& terms = *s.what.terms;
  found->told.clear();
  for (const auto& m : group->members) {
    if (m == terms.place || (m == terms.parker.extension && !terms.parker_is_told)) continue;
    found->told.push_back(m);
    self->send(control.extension(*now, m), s);
  }
}

void park_group::unshow(const unshow_parked& u) {
  const auto found =
    std::find_if(parked.begin(), parked.end(), [&](const group_parked& p) { return p.id == u.id; });
  if (found == parked.end()) return;
  for (const auto& m : std::exchange(found->told, {}))
    self->send(control.context().actors->extension(in, m), u);
}

/// The timeline says who was passed over, and why; in a big group not each by name.
void park_group::explain(const park_id& id, const park_terms_ptr& terms) {
  const auto at = self->clock().now();
  const auto note = [&](std::string what) {
    self->send(control.context().bus, park_noted{id, terms, std::move(what), at});
  };
  const auto passed_over = [&](const std::string& why, auto is_meant) {
    std::string names;
    std::size_t count = 0;
    for (const auto& r : reports) {
      if (r.place == terms->place || !is_meant(r) || ++count > named_max) continue;
      names += (names.empty() ? "" : ", ") + r.place.text;
    }
    if (count > named_max) names += " and " + std::to_string(count - named_max) + " more";
    if (count > 0) note(names + " passed over: " + why);
  };
  passed_over("a call is parked there", [](const auto& r) { return r.parked_count > 0; });
  passed_over("not registered", [](const auto& r) { return !r.registered && !r.parked_count; });
  note(terms->place.text + " chosen in the group " + me.text);
}

void park_group::hand_out(const retrieve& r) {
  for (const auto& p : parked)
    if (std::find(r.passed.begin(), r.passed.end(), p.id) == r.passed.end()) return ask(p, r);
  self->send(r.retrieval, retrieve_refused{{fault_code::nothing_parked, 0, {}}});
}

void park_group::ask(const group_parked& p, const retrieve& r) {
  // It may have ended just now: then its mailbox says so, and the next one is asked.
  self->request(p.parked_call, caf::infinite, r)
    .then([] {},
          [this, r, id = p.id](const caf::error&) {
            auto next = r;
            next.passed.push_back(id);
            hand_out(next);
          });
}

caf::actor spawn_park_group(const context_ptr& context, const tenant_name& in,
                            const group_name& n) {
  return spawn_actor<park_group>(*context->system, context, in, n);
}

}  // namespace parkway
