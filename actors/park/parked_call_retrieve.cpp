#include "actors/common/offer_answer.hpp"
#include "actors/park/parked_call.hpp"
#include "actors/park/shown_identity.hpp"

#include <algorithm>

namespace parkway {
namespace {

/// Our 200 is repeated for 64·T1 at most (RFC 3261 §13.3.1.4); then the retrieval says it failed.
constexpr auto bridge_comes_within = std::chrono::seconds{40};

/// GROUP_OR_OWNER: the extension it is parked at, the parker, and, if that extension is in a group,
/// its members.
bool may_retrieve(const tenant& in, const park_terms& terms, const number& who) {
  if (in.call_park.scope == retrieve_scope::tenant) return true;
  if (who == terms.place || who == terms.parker.extension) return true;
  const auto* group = in.park_group_of(terms.place);
  return group
         && std::find(group->members.begin(), group->members.end(), who) != group->members.end();
}

}  // namespace

void parked_call::claim(const retrieve& r) {
  const auto now = control.context().tenants->find(in->name);
  if (!may_retrieve(now ? *now : *in, *terms, r.by->who.extension))
    return refuse_retrieve(r, fault_code::forbidden);
  auto both = agreed(parked.local, parked.remote);
  if (!control.relays())
    if (const auto* audio = audio_of(parked.remote)) both = audio->codecs;
  if (r.by->offer) {
    const auto* audio = audio_of(r.by->offer);
    both = audio ? common_in_order_of(both, audio->codecs) : std::vector<codec>{};
  }
  if (both.empty()) return refuse_retrieve(r, fault_code::no_common_codec);
  stop_ringing(hang_up_reason::answered_elsewhere);
  retrieval = r.retrieval;
  taken_by = r.by->who;
  bridge_by.set_after(self, bridge_comes_within);
  self->become(bridging());
  self->request(retrieval, caf::infinite, claimed{self, id, parked, std::move(both), terms})
    .then([] {},
          [this, asked = retrieval](const caf::error&) {
            // Its phone gave up just when it was its turn.
            if (retrieval != asked || late.leaving()) return;
            note("the phone of " + taken_by.extension.text + " gave up; parked again");
            parked_again();
          });
  change(park_state::bridging);
}

caf::behavior parked_call::bridging() {
  return caf::message_handler{
    [this](const bridged& b) { bridge(b); },
    [this](const bridge_failed&) {
      if (self->current_sender() != retrieval) return;
      note("the retrieve by " + taken_by.extension.text + " came to nothing; parked again");
      parked_again();
    },
    [this](const retrieve& r) { pass_on(r, caf::actor_cast<caf::actor>(self->current_sender())); },
    [this](const tick& t) {
      if (!bridge_by.due(self, t)) return;
      note("the phone of " + taken_by.extension.text + " confirmed nothing; parked again");
      withdraw_claim();
      parked_again();
    },
  }
    .or_else(whatever_state());
}

void parked_call::bridge(const bridged& b) {
  if (self->current_sender() != retrieval) return self->send(b.call, leg_joins{});
  taken_by = b.with;
  retrieval = nullptr;
  self->send(b.call, leg_joins{parked});
  control.hand_over(parked, b.call);
  finish(park_end::retrieved);
}

/// The claim is void. Its leg may be up already: then whoever came hears that nobody is here.
void parked_call::withdraw_claim() {
  late.expect();
  self->request(std::exchange(retrieval, nullptr), caf::infinite, claim_cancelled{})
    .then([this] { late.gone(); }, [this](const caf::error&) { late.gone(); });
}

/// Nothing is lost by a retrieve that failed: the deadlines stand where they stood.
void parked_call::parked_again() {
  retrieval = nullptr;
  taken_by = {};
  bridge_by.clear();
  control.aim(parked);
  play_on();
  if (recall_at.armed())
    recall_at.set(self, recall_at.at());
  else if (first_ring_at)
    recall_at.set_after(self, terms->recall.retry_time);
  if (final_at.armed()) final_at.set(self, final_at.at());
  self->become(parked_state());
  change(park_state::parked);
}

}  // namespace parkway
