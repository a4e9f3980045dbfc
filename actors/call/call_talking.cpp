#include "actors/call/call.hpp"
#include "actors/common/offer_answer.hpp"

#include <utility>

namespace parkway {
caf::behavior call::talking() {
  return caf::message_handler{
    [this](const leg_offered& o) { session_offered(o); },
    [this](const offer_answered& a) { other_answered(a); },
    [this](const offer_refused& r) { other_refused(r); },
    [this](const leg_confirmed& c) {
      const auto who = index_of(c.leg);
      if (!who || !c.answer) return;
      legs[*who].remote = c.answer;
      legs[*who].holds = holds(c.answer);
      control.aim(legs[*who]);
      settle_media();
      peer_follows(*who);
    },
    [this](const leg_info& i) {
      if (const auto who = index_of(i.leg); who && legs[1 - *who].leg)
        control.leg(send_info{legs[1 - *who].leg, i.content_type, i.body});
    },
    [this](const leg_ended& e) { leg_over(e); },
    [this](const media_opened& m) { music_port_ready(m); },
    [this](const transfer_requested& t) { transfer_asked(t); },
    [this](const transfer_reported& t) { refusal_was_told(t); },
    [this](const park_announced& p) { park_announced_by(p.leg); },
    [this](const park_call& p) { park_asked(p); },
    [this](const place_ready& p) { park_is_ready(p); },
    [this](const park_refused& r) { park_is_refused(r.why); },
    [](const park_confirmed&) {},
    [this](const tick& t) {
      if (guard.due(self, t)) wait_is_over();
      if (departure.due(self, t)) control.drop(std::exchange(departing, {}));
    },
  }
    .or_else(transfers())
    .or_else(control.other_events());
}

/// Whoever was asked for a place, a dialog or a leg is gone; or a refusal is past.
void call::wait_is_over() {
  std::visit([this](auto& a) { wait_is_over(a); }, activity);
}

void call::wait_is_over(park_activity& park) {
  if (park.now == park_activity::stage::refused) {
    activity = {};
    return;
  }
  announcement_is_past();
  park_is_refused({fault_code::unavailable, 0, "no answer"});
}

void call::wait_is_over(transfer_activity& transfer) {
  if (transfer.now == transfer_activity::stage::failed)
    activity = {};
  else if (transfer.now == transfer_activity::stage::finding)
    transfer_failed({fault_code::unavailable, 0, "no answer"});
}

// --- the end ---------------------------------------------------------------------------------

void call::leg_over(const leg_ended& e) {
  const auto who = index_of(e.leg);
  if (!who) {
    if (e.leg == departing.leg) control.close(std::exchange(departing, {}).media);
    return;
  }
  control.close(legs[*who].media);
  // Whose park is still on its way is looked for by this leg.
  const auto* park = doing<park_activity>();
  if (!park || park->announced != e.leg) note_idle(*who);
  legs[*who].leg = {};
  legs[*who].media = {};
  offers_lapse();
  std::visit([this, who](auto& doing_it) { party_left(doing_it, *who); }, activity);
}

void call::party_left(park_activity& park, std::size_t who) {
  if (park.parker == who) return parker_left(park);
  if (park.now == park_activity::stage::reserving || park.now == park_activity::stage::ringing_back)
    return parked_party_left(park);
  end();
}

void call::party_left(transfer_activity& transfer, std::size_t who) {
  if (transfer.transferor == who) return transferor_left(transfer);
  end();
}

/// Its place is being taken: who hangs up the old phone already means its peer no harm.
void call::party_left(claim_activity& claim, std::size_t who) {
  if (claim.replaced == who) return control.music(legs[1 - who], in->call_park.music);
  end();
}

void call::end() {
  offers_lapse();
  if (ringing) self->send(ringing, stop_fork{});
  if (const auto* claim = doing<claim_activity>()) {
    // It may have the leg's place already: then its party hears at once that nobody is here.
    late.expect();
    self->request(claim->retrieval, caf::infinite, claim_cancelled{})
      .then([this] { late.gone(); }, [this](const caf::error&) { late.gone(); });
  }
  control.drop(std::exchange(departing, {}));
  announcement_is_past();
  for (std::size_t who : {0, 1}) {
    if (!legs[who].leg) continue;
    control.drop(legs[who]);
    note_idle(who);
  }
  late.quit(ended());
}

/// What a call that is over, or keeps one party only, answers to those who do not know it yet.
caf::behavior call::ended() {
  return caf::message_handler{
    [this](const fork_answered& a) { control.dismiss(*in, a.leg); },
    [this](const leg_taken& g) { control.dismiss(*in, g.leg); },
    [this](const bridged& b) { self->send(b.call, leg_joins{}); },
    [this](const place_ready& p) { self->send(p.parked_call, caller_gone{}); },
    [this](const park_call& p) {
      self->send(p.asked_by, park_refused{{fault_code::no_call, 0, "that call has ended"}});
    },
    [this](const take_leg& g) {
      self->send(g.to, take_leg_refused{{fault_code::gone, 0, "that call has ended"}, {}});
    },
    [this](const claim_peer& c) {
      self->send(c.retrieval, retrieve_refused{{fault_code::gone, 0, {}}});
    },
    [](const fork_failed&) {},
    [](const fork_ringing&) {},
    [](const bridge_failed&) {},
    [](const leg_found&) {},
    [](const take_leg_refused&) {},
    [](const park_refused&) {},
    [](const park_confirmed&) {},
  }
    .or_else(control.other_events());
}

std::optional<std::size_t> call::index_of(const leg_id& leg) const {
  if (!leg) return std::nullopt;
  if (legs[0].leg == leg) return 0;
  if (legs[1].leg == leg) return 1;
  return std::nullopt;
}

void call::note(std::size_t who, leg_activity what) const {
  const auto& leg = legs[who];
  if (leg.extension.empty()) return;
  const auto& peer = legs[1 - who];
  self->send(control.extension(*in, leg.extension),
             leg_active{leg.leg, self, leg.phone, what,
                        peer.leg || !target ? peer.who : party{{}, target->called, false}});
}

void call::note_idle(std::size_t who) const {
  const auto& leg = legs[who];
  if (!leg.extension.empty()) self->send(control.extension(*in, leg.extension), leg_idle{leg.leg});
}

}  // namespace parkway
