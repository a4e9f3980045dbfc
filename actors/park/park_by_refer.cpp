#include "actors/park/park_by_refer.hpp"

namespace parkway {
namespace {

constexpr auto park_decided_within = std::chrono::seconds{20};

}  // namespace

park_by_refer::park_by_refer(caf::event_based_actor* actor, context_ptr context, tenant_ptr tenant,
                             outside_transfer what, std::optional<number> where)
  : self(actor),
    control(actor, std::move(context)),
    in(std::move(tenant)),
    asked(std::move(what)),
    place(std::move(where)) {
}

caf::behavior park_by_refer::make_behavior() {
  over.set_after(self, park_decided_within);
  self->send(control.extension(*in, asked.by.extension), find_leg{asked.replaces_leg});
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
      self->send(call, park_confirmed{});
      report(std::nullopt);
    },
    [this](const park_refused& r) { report(r.why); },
    [this](const tick& t) {
      if (over.due(self, t)) report(refusal{fault_code::unavailable, 0, "not decided in time"});
    },
  };
}

void park_by_refer::report(std::optional<refusal> why) {
  self->send(asked.shard, report_transfer{asked.id, 0, std::move(why), true});
  self->quit();
}

caf::actor spawn_referral(caf::event_based_actor* parent, const context_ptr& context,
                          tenant_ptr tenant, outside_transfer what, std::optional<number> place) {
  return spawn_child<park_by_refer>(parent, context, std::move(tenant), std::move(what),
                                    std::move(place));
}

}  // namespace parkway
