#include "actors/referral.hpp"

namespace parkway {
namespace {

constexpr auto park_decided_within = std::chrono::seconds{20};

}  // namespace

referral::referral(caf::event_based_actor* actor, context_ptr house, tenant_ptr tenant,
                   outside_transfer what, std::optional<number> where)
  : self(actor),
    line(actor, std::move(house)),
    in(std::move(tenant)),
    asked(std::move(what)),
    place(std::move(where)) {
}

caf::behavior referral::make_behavior() {
  over.set_after(self, park_decided_within);
  self->send(line.extension(*in, asked.by.extension), find_leg{asked.replaces_leg});
  return {
    [this](const leg_found& f) {
      call = f.call;
      if (!call) return report(refusal{fault_code::gone, 0, "no such dialog of this extension"});
      self->request(call, caf::infinite, park_call{f.leg, place, self, true, asked.silent})
        .then([] {},
              [this](const caf::error&) {
                report(refusal{fault_code::gone, 0, "that call has ended"});
              });
    },
    [this](const park_done&) {
      self->send(call, let_go{});
      report(std::nullopt);
    },
    [this](const park_refused& r) { report(r.why); },
    [this](const tick& t) {
      if (over.due(self, t)) report(refusal{fault_code::unavailable, 0, "not decided in time"});
    },
  };
}

void referral::report(std::optional<refusal> why) {
  self->send(asked.transport, report_transfer{asked.id, 0, std::move(why), true});
  self->quit();
}

caf::actor spawn_referral(caf::event_based_actor* parent, const context_ptr& house,
                          tenant_ptr tenant, outside_transfer what, std::optional<number> place) {
  return spawn_child<referral>(parent, house, std::move(tenant), std::move(what), std::move(place));
}

}  // namespace parkway
