#include "actors/call.hpp"
#include "actors/negotiation.hpp"
#include "kernel/log.hpp"

namespace parkway {
namespace {

/// `own` said again, flowing another way.
session_ptr redirected(const session_ptr& own, media_direction direction) {
  if (!own) return nullptr;
  auto copy = *own;
  for (auto& stream : copy.streams)
    if (!stream.refused()) stream.direction = direction;
  return std::make_shared<const session_description>(std::move(copy));
}

}  // namespace

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
      line.aim(legs[*who]);
      settle_media();
    },
    [this](const leg_info& i) {
      if (const auto who = index_of(i.leg))
        line.leg(send_info{legs[1 - *who].leg, i.content_type, i.body});
    },
    [this](const leg_ended& e) { leg_over(e); },
    [this](const media_opened& m) { music_port_ready(m); },
    [this](const transfer_requested& t) { transfer_asked(t); },
    [this](const transfer_reported& t) { refusal_was_told(t); },
    [this](const park_call& p) { park_asked(p); },
    [this](const place_ready& p) { park_is_ready(p); },
    [this](const park_refused& r) { park_is_refused(r.why); },
    [](const let_go&) {},
    [this](const tick& t) {
      // Neither the place nor its refusal came: the extension's actor is gone.
      if (guard.due(self, t)) park_is_refused({fault_code::unavailable, 0, "no answer"});
      if (departure.due(self, t)) line.drop(std::exchange(departing, {}));
    },
  }
    .or_else(transfers());
}

void call::session_offered(const leg_offered& o) {
  const auto who = index_of(o.leg);
  if (!who) return;
  if (relaying || music_port)
    return line.leg(refuse_offer{o.leg, {fault_code::glare, 0, "another offer is under way"}});
  auto& leg = legs[*who];
  if (!o.offer) {
    // It wants ours: what was agreed, open both ways. Its answer comes with leg_confirmed.
    auto ours = line.relays() ? redirected(leg.local, media_direction::sendrecv) : leg.local;
    leg.local = ours;
    return line.leg(answer_offer{o.leg, ours});
  }
  if (line.relays()) return answer_here(*who, o.offer);
  if (holds(o.offer) && !line.house().media.empty()) {
    relayed_offer = o.offer;
    return hold_in_direct_mode(*who);
  }
  relay_to_other(*who, o.offer);
}

/// Relay mode: hold, resume and codec changes are between the phone and us; its peer is asked
/// nothing and hears music meanwhile.
void call::answer_here(std::size_t who, const session_ptr& offered) {
  auto& leg = legs[who];
  const auto& other = legs[1 - who];
  const auto* audio = audio_of(offered);
  if (!audio) return line.leg(refuse_offer{leg.leg, {fault_code::no_common_codec, 0, "no audio"}});
  const auto both = common_in_order_of(agreed(other.local, other.remote), audio->codecs);
  if (both.empty()) return line.leg(refuse_offer{leg.leg, {fault_code::no_common_codec, 0, {}}});
  leg.remote = offered;
  leg.local = make_answer(offered, both, leg.port, answer_to(audio->direction));
  leg.holds = holds(offered);
  line.leg(answer_offer{leg.leg, leg.local});
  line.aim(leg);
  settle_media();
  note(who, leg.holds ? leg_activity::holding : leg_activity::talking);
}

/// Who hears what, from who holds whom. One operation, whatever was before.
void call::settle_media() {
  if (!line.relays()) return;
  if (!legs[0].holds && !legs[1].holds) return line.connect(legs[0], legs[1]);
  for (std::size_t who : {0, 1}) {
    if (legs[who].holds)
      line.mute(legs[who]);
    else
      line.music(legs[who], in->call_park.music);
  }
}

// --- direct mode: what one phone offers, the other is offered ------------------------------------

void call::relay_to_other(std::size_t who, const session_ptr& offered) {
  relaying = who;
  relayed_offer = offered;
  line.leg(parkway::offer{legs[1 - who].leg, offered, std::nullopt});
}

void call::hold_in_direct_mode(std::size_t who) {
  relaying = who;
  music_port = line.house().fresh_media(in->name);
  line.media(open_media{*music_port, legs[1 - who].media_version, self});
}

void call::music_port_ready(const media_opened& m) {
  if (!music_port || *music_port != m.id || !relaying) return;
  auto& waiting = legs[1 - *relaying];
  music_port.reset();
  if (m.why) return relay_to_other(*relaying, relayed_offer);
  waiting.media = m.id;
  waiting.port = m.port;
  const auto* audio = audio_of(waiting.remote);
  const auto heard = common_codecs(audio ? audio->codecs : own_codecs(), own_codecs());
  waiting.local =
    make_offer(heard.empty() ? own_codecs() : heard, m.port, media_direction::sendonly);
  line.leg(parkway::offer{waiting.leg, waiting.local, std::nullopt});
}

void call::other_answered(const offer_answered& a) {
  const auto who = index_of(a.leg);
  if (!who) return;
  auto& answerer = legs[*who];
  const auto before = answerer.remote;
  answerer.remote = a.answer;
  if (line.relays()) {
    line.aim(answerer);
    return settle_media();
  }
  if (!relaying || *relaying == *who) return;
  auto& asker = legs[*relaying];
  relaying.reset();
  asker.remote = relayed_offer;
  asker.holds = holds(relayed_offer);
  if (asker.holds && answerer.media) {
    // Music plays from us; the holder keeps its peer's address for the resume.
    answerer.remote = before;
    auto listening = answerer;
    listening.remote = a.answer;
    line.aim(listening);
    line.music(listening, in->call_park.music);
    asker.local =
      cross_answer(relayed_offer, before, answer_to(audio_of(relayed_offer)->direction));
  } else {
    line.close(answerer.media);
    answerer.media = {};
    answerer.local = relayed_offer;
    asker.local = a.answer;
  }
  if (asker.local)
    line.leg(answer_offer{asker.leg, asker.local});
  else
    line.leg(refuse_offer{asker.leg, {fault_code::no_common_codec, 0, {}}});
  note(1 - *who, asker.holds ? leg_activity::holding : leg_activity::talking);
}

void call::other_refused(const offer_refused& r) {
  const auto who = index_of(r.leg);
  if (!who || !relaying || *relaying == *who) return;
  const auto asker = legs[*relaying].leg;
  relaying.reset();
  line.close(legs[*who].media);
  legs[*who].media = {};
  line.leg(refuse_offer{asker, r.why});
}

/// Two legs that were negotiated apart are brought together. In relay mode nobody is asked
/// anything, unless the one who waited may speak a format the newcomer has not.
void call::align_sessions(std::size_t who_came) {
  auto& waited = legs[1 - who_came];
  const auto& newcomer = legs[who_came];
  if (!line.relays()) {
    line.close(waited.media);
    waited.media = {};
    waited.local = cross_offer(newcomer.remote);
    return line.leg(parkway::offer{waited.leg, waited.local, std::nullopt});
  }
  const auto spoken = agreed(waited.local, waited.remote);
  const auto understood = agreed(newcomer.local, newcomer.remote);
  const auto both = common_in_order_of(spoken, spoken.empty() ? spoken : understood);
  if (both.empty() || spoken.front().same_format(both.front())) return;
  const auto narrowed = common_in_order_of(understood, spoken);
  waited.local = make_offer(narrowed, waited.port, media_direction::sendrecv);
  line.leg(parkway::offer{waited.leg, waited.local, std::nullopt});
}

// --- the end ---------------------------------------------------------------------------------

void call::leg_over(const leg_ended& e) {
  const auto who = index_of(e.leg);
  if (!who) {
    if (e.leg == departing.leg) line.close(std::exchange(departing, {}).media);
    return;
  }
  line.close(legs[*who].media);
  note_idle(*who);
  legs[*who].leg = {};
  legs[*who].media = {};
  if (parking) {
    if (parking->parker == *who) return parker_left();
    // The parked party hung up before it was parked: whoever answers the park hears of it.
    if (!parking->refused && !legs[1 - *who].leg) return;
    if (!parking->refused) {
      report(refusal{fault_code::gone, 0, "the parked party hung up"});
      return self->become(leaving());
    }
  }
  if (moving && moving->mover == *who) return mover_left();
  end();
}

void call::end() {
  if (ringing) self->send(ringing, stop_attempt{});
  if (claimant) self->send(claimant, claim_void{});
  if (departing.leg) line.drop(departing);
  for (std::size_t who : {0, 1}) {
    if (!legs[who].leg) continue;
    line.drop(legs[who]);
    note_idle(who);
  }
  self->quit();
}

std::optional<std::size_t> call::index_of(const leg_id& leg) const {
  if (!leg) return std::nullopt;
  if (legs[0].leg == leg) return 0;
  if (legs[1].leg == leg) return 1;
  return std::nullopt;
}

void call::note(std::size_t who, leg_activity activity) const {
  const auto& leg = legs[who];
  if (leg.extension.empty()) return;
  const auto& peer = legs[1 - who];
  self->send(line.extension(*in, leg.extension),
             leg_active{leg.leg, self, leg.phone, activity,
                        peer.leg || !target ? peer.who : party{{}, target->called, false}});
}

void call::note_idle(std::size_t who) const {
  const auto& leg = legs[who];
  if (!leg.extension.empty()) self->send(line.extension(*in, leg.extension), leg_idle{leg.leg});
}

}  // namespace parkway
