#include "actors/call/call.hpp"
#include "actors/call/fork.hpp"
#include "actors/common/offer_answer.hpp"
#include "kernel/runtime/log.hpp"

#include <utility>
#include <variant>

namespace parkway {
namespace {

/// The phone has seen the report: its own BYE is waited for so long.
constexpr auto transferor_hangs_up_within = std::chrono::seconds{4};
/// The extension and the other call are actors of this process.
constexpr auto dialog_found_within = std::chrono::seconds{5};
/// As long as a retriever's leg may take to come up (RFC 3261 §13.3.1.4), and a little.
constexpr auto claim_lapses_after = std::chrono::seconds{40};

}  // namespace

/// What a call answers about transfers while two people talk. The old call stays up until the
/// target has answered.
caf::message_handler call::transfers() {
  return {
    [this](const fork_ringing&) {},
    [this](const fork_answered& a) {
      if (!transfer_under_way() || self->current_sender() != ringing)
        return control.dismiss(*in, a.leg);
      ringing = nullptr;
      control.hand_over(a.leg, self);
      replace_transferor(a.leg);
    },
    [this](const fork_failed& f) {
      if (!transfer_under_way() || self->current_sender() != ringing) return;
      ringing = nullptr;
      transfer_failed(f.why);
    },
    [this](const leg_found& f) {
      if (!transfer_under_way()) return;
      const refusal gone{fault_code::gone, 0, "no such dialog of this phone"};
      if (!f.call || f.call == self) return transfer_failed(gone);
      self->request(f.call, caf::infinite, take_leg{f.leg, self})
        .then([] {},
              [this, gone](const caf::error&) {
                if (transfer_under_way() && !ringing) transfer_failed(gone);
              });
    },
    [this](const leg_taken& g) {
      if (!transfer_under_way()) return control.dismiss(*in, g.leg);
      guard.clear();
      replace_transferor(g.leg);
    },
    [this](const take_leg_refused& w) {
      if (!transfer_under_way()) return;
      guard.clear();
      // A transfer while the target still rings: it is rung for the one who is transferred.
      if (!w.still_ringing.empty()) return ring_target_of_transfer(w.still_ringing);
      transfer_failed(w.why);
    },
    [this](const take_leg& g) { give_peer(g); },
    [this](const claim_peer& c) { claim(c); },
    [this](const bridged& b) { hand_claimed(b); },
    [this](const bridge_failed&) {
      const auto* taken = doing<claim_activity>();
      if (taken && taken->retrieval == self->current_sender()) claim_lapses();
    },
  };
}

/// Whether another call may have a party of this one: a refusal that is not acknowledged yet stands
/// in nobody's way, a park that is on its way does.
bool call::can_be_taken() const {
  return !is_busy(activity) && !doing<park_activity>(park_activity::stage::announced);
}

void call::transfer(std::size_t who, const transfer_requested& t, const route& to) {
  if (is_busy(activity)) {
    const refusal why{fault_code::busy, 0, "this call is being parked or transferred already"};
    return control.leg(report_transfer{t.leg, t.id, why, true});
  }
  announcement_is_past();
  activity = transfer_activity{.transferor = who, .asked = t.id, .silent = t.silent};
  if (t.replaces) {
    if (!t.replaces_leg || legs[who].extension.empty())
      return transfer_failed({fault_code::gone, 0, "no such dialog"});
    guard.set_after(self, dialog_found_within);
    return self->send(control.extension(*in, legs[who].extension), find_leg{t.replaces_leg});
  }
  if (const auto* e = std::get_if<dials_extension>(&to)) return ring_target_of_transfer(e->called);
  if (const auto* g = std::get_if<dials_ring_group>(&to)) return ring_target_of_transfer(g->called);
  if (std::holds_alternative<dials_retrieve>(to))
    return transfer_failed({fault_code::forbidden, 0, "a parked call is retrieved by calling"});
  transfer_failed({fault_code::no_such_number, 0, "nobody has " + t.dialled});
}

void call::ring_target_of_transfer(const number& called) {
  auto& transfer = std::get<transfer_activity>(activity);
  transfer.now = transfer_activity::stage::ringing;
  const auto& peer = legs[1 - transfer.transferor];
  fork_order order{
    in, {called, peer.who, {}, std::nullopt, false}, self, nullptr, control.relays()};
  const auto heard = agreed(peer.local, peer.remote);
  order.offer = control.relays()
                  ? make_offer(heard.empty() ? own_codecs() : heard, 0, media_direction::sendrecv)
                  : cross_offer(peer.remote);
  ringing = spawn_fork(self, control.shared_context(), std::move(order));
  late.expect();
}

void call::replace_transferor(call_leg newcomer) {
  const auto done = std::get<transfer_activity>(activity);
  const auto who = done.transferor;
  control.drop(std::exchange(departing, {}));
  offers_lapse();
  if (!done.transferor_gone) {
    departing = legs[who];
    note_idle(who);
    control.mute(departing);
    control.leg(report_transfer{departing.leg, done.asked, std::nullopt, true});
    departure.set_after(self, std::chrono::seconds{36});
  }
  activity = {};
  newcomer.holds = holds(newcomer.remote);
  legs[who] = std::move(newcomer);
  auto& stayed = legs[1 - who];
  stayed.holds = holds(stayed.remote);
  note(who, leg_activity::talking);
  note(1 - who, leg_activity::talking);
  control.leg(show_identity{stayed.leg, legs[who].who});
  control.leg(show_identity{legs[who].leg, stayed.who});
  align_sessions(who);
  settle_media();
}

void call::transfer_failed(const refusal& why) {
  guard.clear();
  auto& transfer = std::get<transfer_activity>(activity);
  if (transfer.transferor_gone) return ring_back(transfer.transferor, "Transfer failed");
  // As with a park: until the phone has acknowledged this, its BYE is no hang-up of the peer.
  transfer.now = transfer_activity::stage::failed;
  control.leg(report_transfer{legs[transfer.transferor].leg, transfer.asked, why, true});
}

/// Who transfers hangs up without waiting for the outcome: its peer hears music and is kept.
void call::transferor_left(transfer_activity& transfer) {
  transfer.transferor_gone = true;
  control.music(legs[1 - transfer.transferor], in->call_park.music);
  if (transfer.now == transfer_activity::stage::failed) transfer_failed({});
}

/// A call whose phone has transferred its peer into another call: only that phone's leg is left.
void call::give_peer(const take_leg& g) {
  const auto who = index_of(g.leg);
  if (!who || !can_be_taken() || !legs[1 - *who].leg)
    return self->send(g.to,
                      take_leg_refused{{fault_code::gone, 0, "that call cannot be moved now"}, {}});
  auto& given = legs[1 - *who];
  self->send(g.to, leg_taken{given});
  give_away(given, g.to);
  activity = last_leg{*who, nullptr};
  self->become(leaving());
  guard.set_after(self, transferor_hangs_up_within);
}

void call::claim(const claim_peer& c) {
  const auto who = index_of(c.leg);
  const auto refuse_it = [&](fault_code why) {
    self->send(c.retrieval, retrieve_refused{{why, 0, {}}});
  };
  if (!who || !can_be_taken()) return refuse_it(fault_code::gone);
  const auto& peer = legs[1 - *who];
  auto both = agreed(peer.local, peer.remote);
  if (!control.relays())
    if (const auto* audio = audio_of(peer.remote)) both = audio->codecs;
  if (c.by->offer) {
    const auto* audio = audio_of(c.by->offer);
    both = audio ? common_in_order_of(both, audio->codecs) : std::vector<codec>{};
  }
  if (both.empty()) return refuse_it(fault_code::no_common_codec);
  activity = claim_activity{c.retrieval, *who};
  guard.set_after(self, claim_lapses_after);
  self->request(c.retrieval, caf::infinite, claimed{self, {}, peer, std::move(both), nullptr})
    .then([] {},
          [this, asked = c.retrieval](const caf::error&) {
            const auto* taken = doing<claim_activity>();
            if (taken && taken->retrieval == asked) claim_lapses();
          });
}

/// The one who came left before its leg was up: the two talk on, where there are still two.
void call::claim_lapses() {
  const auto replaced = std::get<claim_activity>(activity).replaced;
  activity = {};
  guard.clear();
  if (!legs[replaced].leg) return end();
  settle_media();
}

void call::hand_claimed(const bridged& b) {
  const auto* taken = doing<claim_activity>();
  if (!taken || taken->retrieval != self->current_sender()) return self->send(b.call, leg_joins{});
  auto& peer = legs[1 - taken->replaced];
  activity = {};
  self->send(b.call, leg_joins{peer});
  give_away(peer, b.call);
  end();
}

}  // namespace parkway
