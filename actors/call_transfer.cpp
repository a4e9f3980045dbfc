#include "actors/attempt.hpp"
#include "actors/call.hpp"
#include "actors/negotiation.hpp"
#include "kernel/log.hpp"

#include <utility>
#include <variant>

namespace parkway {
namespace {

/// The phone has seen the report: its own BYE is waited for so long.
constexpr auto mover_hangs_up_within = std::chrono::seconds{4};

}  // namespace

/// What a call answers about transfers while two people talk. The old call stays up until the
/// target has answered.
caf::message_handler call::transfers() {
  return {
    [this](const attempt_ringing&) {},
    [this](const attempt_answered& a) {
      if (!moving || self->current_sender() != ringing) return line.drop(a.leg);
      ringing = nullptr;
      replace_mover(a.leg);
    },
    [this](const attempt_failed& f) {
      if (!moving || self->current_sender() != ringing) return;
      ringing = nullptr;
      transfer_failed(f.why);
    },
    [this](const leg_found& f) {
      if (!moving) return;
      if (!f.call || f.call == self)
        return transfer_failed({fault_code::gone, 0, "no such dialog of this phone"});
      self->send(f.call, give_leg{f.leg, self});
    },
    [this](const leg_given& g) {
      if (!moving) return line.drop(g.leg);
      replace_mover(g.leg);
    },
    [this](const leg_withheld& w) {
      if (!moving) return;
      // A transfer while the target still rings: it is rung for the one who is transferred.
      if (!w.still_ringing.empty()) return ring_target_of_transfer(w.still_ringing);
      transfer_failed(w.why);
    },
    [this](const give_leg& g) { give_peer(g); },
    [this](const claim_peer& c) { claim(c); },
    [this](const bridged& b) { hand_claimed(b); },
    [this](const bridge_failed&) { claimant = nullptr; },
  };
}

void call::transfer(std::size_t who, const transfer_requested& t, const route& to) {
  if (parking || moving) {
    const refusal why{fault_code::busy, 0, "this call is being parked or transferred already"};
    return line.leg(report_transfer{t.leg, t.id, why, true});
  }
  moving = transfer_request{who, t.id};
  if (t.replaces) {
    if (!t.replaces_leg || legs[who].extension.empty())
      return transfer_failed({fault_code::gone, 0, "no such dialog"});
    return self->send(line.extension(*in, legs[who].extension), find_leg{t.replaces_leg});
  }
  if (const auto* e = std::get_if<dials_extension>(&to)) return ring_target_of_transfer(e->called);
  if (const auto* g = std::get_if<dials_ring_group>(&to)) return ring_target_of_transfer(g->called);
  if (std::holds_alternative<dials_retrieve>(to))
    return transfer_failed({fault_code::forbidden, 0, "a parked call is retrieved by calling"});
  transfer_failed({fault_code::no_such_number, 0, "nobody has " + t.dialled});
}

void call::ring_target_of_transfer(const number& called) {
  const auto& peer = legs[1 - moving->mover];
  attempt_order order{
    in, {called, peer.who, {}, std::nullopt, false}, self, nullptr, line.relays()};
  const auto heard = agreed(peer.local, peer.remote);
  order.offer = line.relays()
                  ? make_offer(heard.empty() ? own_codecs() : heard, 0, media_direction::sendrecv)
                  : cross_offer(peer.remote);
  ringing = spawn_attempt(self, line.house_ptr(), std::move(order));
}

void call::replace_mover(call_leg newcomer) {
  const auto who = moving->mover;
  if (!moving->mover_gone) {
    departing = legs[who];
    note_idle(who);
    line.mute(departing);
    line.leg(report_transfer{departing.leg, moving->asked, std::nullopt, true});
    departure.set_after(self, std::chrono::seconds{36});
  }
  moving.reset();
  newcomer.holds = false;
  legs[who] = std::move(newcomer);
  auto& stayed = legs[1 - who];
  stayed.holds = stayed.remote && holds(stayed.remote);
  note(who, leg_activity::talking);
  note(1 - who, leg_activity::talking);
  line.leg(show_identity{stayed.leg, legs[who].who});
  line.leg(show_identity{legs[who].leg, stayed.who});
  align_sessions(who);
  settle_media();
}

void call::transfer_failed(const refusal& why) {
  const auto request = *moving;
  if (!request.mover_gone) {
    // As with a park: until the phone has acknowledged this, its BYE is no hang-up of the peer.
    moving->failed = true;
    line.leg(report_transfer{legs[request.mover].leg, request.asked, why, true});
    return;
  }
  moving.reset();
  parking = parking_request{request.mover, std::nullopt, {}, true};
  ring_back("Transfer failed");
}

/// Who transfers hangs up without waiting for the outcome: its peer hears music and is kept.
void call::mover_left() {
  moving->mover_gone = true;
  line.music(legs[1 - moving->mover], in->call_park.music);
  if (moving->failed) transfer_failed({});
}

/// A call whose phone has transferred its peer into another call: only that phone's leg is left.
void call::give_peer(const give_leg& g) {
  const auto who = index_of(g.leg);
  if (!who || parking || moving || claimant || !legs[1 - *who].leg)
    return self->send(g.to,
                      leg_withheld{{fault_code::gone, 0, "that call cannot be moved now"}, {}});
  auto& given = legs[1 - *who];
  line.hand_over(given, g.to);
  self->send(g.to, leg_given{std::exchange(given, {})});
  parking = parking_request{*who, std::nullopt, {}};
  self->become(leaving());
  guard.set_after(self, mover_hangs_up_within);
}

void call::claim(const claim_peer& c) {
  const auto who = index_of(c.leg);
  const auto refuse_it = [&](fault_code why) {
    self->send(c.retrieval, retrieve_refused{{why, 0, {}}});
  };
  if (!who || parking || moving || claimant) return refuse_it(fault_code::gone);
  const auto& peer = legs[1 - *who];
  auto both = agreed(peer.local, peer.remote);
  if (!line.relays())
    if (const auto* audio = audio_of(peer.remote)) both = audio->codecs;
  if (c.by->offer) {
    const auto* audio = audio_of(c.by->offer);
    both = audio ? common_in_order_of(both, audio->codecs) : std::vector<codec>{};
  }
  if (both.empty()) return refuse_it(fault_code::no_common_codec);
  claimant = c.retrieval;
  claimed_index = *who;
  self->send(c.retrieval, claimed{self, {}, peer, std::move(both), nullptr});
}

void call::hand_claimed(const bridged& b) {
  if (!claimant) return self->send(b.call, leg_joins{});
  claimant = nullptr;
  auto& peer = legs[1 - claimed_index];
  line.hand_over(peer, b.call);
  self->send(b.call, leg_joins{std::exchange(peer, {})});
  end();
}

}  // namespace parkway
