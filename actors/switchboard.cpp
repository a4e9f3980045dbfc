#include "actors/switchboard.hpp"

#include "actors/call/call.hpp"
#include "actors/common/call_control.hpp"
#include "actors/extension/extension.hpp"
#include "actors/extension/ring_group.hpp"
#include "actors/park/park_by_invite.hpp"
#include "actors/park/park_by_refer.hpp"
#include "actors/park/park_group.hpp"
#include "actors/park/retrieve_by_invite.hpp"
#include "kernel/config/dial_plan.hpp"
#include "kernel/runtime/log.hpp"
#include "kernel/runtime/registry.hpp"

#include <unordered_map>
#include <utility>
#include <variant>

namespace parkway {
namespace {

template <class... Cases>
struct one_of : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
one_of(Cases...) -> one_of<Cases...>;

/// A parked call as its published dialog names it (dialog-info): "ID.PLACE@domain", tags "lID",
/// "rID".
struct published_name {
  park_id id;
  number place;
};
std::optional<published_name> published(const dialog_name& name) {
  const auto dot = name.call_id.find('.');
  const auto at = name.call_id.find('@');
  if (!name.call_id.starts_with("pk-") || dot == std::string::npos || at == std::string::npos
      || at < dot)
    return std::nullopt;
  const auto id = name.call_id.substr(0, dot);
  const std::pair tags{"l" + id, "r" + id};
  if (tags != std::pair{name.to_tag, name.from_tag}
      && tags != std::pair{name.from_tag, name.to_tag})
    return std::nullopt;
  return published_name{park_id{id}, number{name.call_id.substr(dot + 1, at - dot - 1)}};
}

struct switchboard {
  static inline const char* name = "switchboard";

  /// Who deals with a leg now: events may still come here before the shard knows.
  struct dealt {
    leg_id leg;
    caf::actor by;
  };

  caf::event_based_actor* const self;
  const call_control control;
  std::unordered_map<caf::actor_id, dealt> children;

  switchboard(caf::event_based_actor* actor, context_ptr context)
    : self(actor), control(actor, std::move(context)) {}

  caf::behavior make_behavior() {
    self->set_down_handler([this](const caf::down_msg& down) {
      children.erase(down.source.id());
      bury(self, control.context(), down);
    });
    return {
      [this](const incoming_call& c) { put_through(c); },
      [this](const watch_asked& w) { show_to(w); },
      [this](const outside_transfer& t) { refer(t); },
      [this](const watch_over& w) { self->monitor(w.owner); },
      [this](const leg_ended& e) { pass_on(e); },
      [this](const leg_offered& o) { pass_on(o); },
      [this](const leg_info& i) { pass_on(i); },
    };
  }

  template <class Event>
  void pass_on(const Event& event) {
    for (const auto& [id, child] : children)
      if (child.leg == event.leg) return self->send(child.by, event);
  }

  void put_through(const incoming_call& c) {
    const auto in = control.context().tenants->find(c.tenant);
    if (!in) return refuse_call(c, fault_code::no_such_number, "no tenant");
    if (c.replaces) return take_over(c, in);
    const bool parks = in->call_park.enabled;
    std::visit(
      one_of{
        [&](const dials_nobody&) {
          refuse_call(c, fault_code::no_such_number, "nobody has " + c.dialled);
        },
        [&](const dials_extension& to) {
          deal(c, spawn_call(self, control.shared_context(), in, c, to.called));
        },
        [&](const dials_ring_group& to) {
          deal(c, spawn_call(self, control.shared_context(), in, c, to.called));
        },
        [&](const dials_park& to) {
          if (!parks) return refuse_call(c, fault_code::forbidden, "call park is switched off");
          const auto place = to.place ? *to.place : c.caller.extension;
          deal(c, spawn_consultation(self, control.shared_context(), in, {c, place}));
        },
        [&](const dials_group_park&) {
          if (!parks) return refuse_call(c, fault_code::forbidden, "call park is switched off");
          deal(c, spawn_consultation(self, control.shared_context(), in, {c, std::nullopt}));
        },
        [&](const dials_retrieve& to) {
          deal(c, spawn_retrieval(self, control.shared_context(), in, {c, to.place, {}, false}));
        },
      },
      dial(*in, c.dialled, c.orbit));
  }

  /// Only parking can be asked for from outside of the call.
  void refer(const outside_transfer& t) {
    const auto in = control.context().tenants->find(t.tenant);
    const auto to = in ? dial(*in, t.dialled, t.orbit) : route{};
    const auto* direct = std::get_if<dials_park>(&to);
    if (direct || std::holds_alternative<dials_group_park>(to)) {
      std::optional<number> place;
      if (direct) place = direct->place.value_or(t.by.extension);
      spawn_referral(self, control.shared_context(), in, t, place);
      return;
    }
    self->send(t.shard, report_transfer{t.id, 0, refusal{fault_code::forbidden, 0, {}}, true});
  }

  /// Who is meant by what a watcher subscribed to: an extension, or a place by its code.
  void show_to(const watch_asked& w) {
    const auto in = control.context().tenants->find(w.tenant);
    const auto refuse_it = [&](fault_code why) {
      self->send(w.shard, watch_refused{w.id, {why, 0, {}}});
    };
    if (!in) return refuse_it(fault_code::no_such_number);
    const auto to = dial(*in, w.dialled, w.orbit);
    std::optional<number> whom;
    if (const auto* e = std::get_if<dials_extension>(&to)) whom = e->called;
    if (const auto* p = std::get_if<dials_park>(&to)) whom = p->place.value_or(w.watcher);
    if (const auto* r = std::get_if<dials_retrieve>(&to)) whom = r->place.value_or(w.watcher);
    if (!whom || !in->extension(*whom)) return refuse_it(fault_code::no_such_number);
    // What is parked at somebody, name and number, is shown by this package to its owner alone.
    if (w.kind == watch_kind::call_info && *whom != w.watcher)
      return refuse_it(fault_code::forbidden);
    self->send(control.extension(*in, *whom),
               watch_place{w.id, w.shard, w.kind, w.park_body, w.phone, w.once});
  }

  void take_over(const incoming_call& c, const tenant_ptr& in) {
    if (const auto named = published(*c.replaces))
      return deal(c, spawn_retrieval(self, control.shared_context(), in,
                                     {c, named->place, named->id, false}));
    if (!c.replaces_leg)
      return refuse_call(c, fault_code::gone, "Replaces names no dialog of ours");
    deal(c, spawn_retrieval(self, control.shared_context(), in, {c, std::nullopt, {}, true}));
  }

  void deal(const incoming_call& c, caf::actor by) {
    log(log_area::call).debug("{} dials {}", c.caller.extension.text, c.dialled);
    control.leg(adopt{c.leg, by});
    const auto id = by.id();
    children.emplace(id, dealt{c.leg, std::move(by)});
  }

  void refuse_call(const incoming_call& c, fault_code why, std::string text) {
    control.leg(reject_call{c.leg, {why, 0, std::move(text)}});
  }
};

}  // namespace

caf::actor spawn_switchboard(const context_ptr& context, std::uint16_t) {
  return spawn_actor<switchboard>(*context->system, context);
}

void furnish_registry(const context_ptr& context) {
  // The registry lives in the context: what it calls must not keep the context alive.
  const std::weak_ptr<const node_context> weak = context;
  context->actors->spawn_with(registry_kind::extension,
                              [weak](const tenant_name& in, const std::string& n) {
                                return spawn_extension(weak.lock(), in, number{n});
                              });
  context->actors->spawn_with(registry_kind::park_group,
                              [weak](const tenant_name& in, const std::string& n) {
                                return spawn_park_group(weak.lock(), in, group_name{n});
                              });
  context->actors->spawn_with(registry_kind::ring_group,
                              [weak](const tenant_name& in, const std::string& n) {
                                return spawn_ring_group(weak.lock(), in, number{n});
                              });
}

}  // namespace parkway
