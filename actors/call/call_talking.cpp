#include "actors/call/call.hpp"
#include "actors/common/offer_answer.hpp"

#include <utility>

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
  const refusal why{fault_code::unavailable, 0, "no answer"};
  if ((parking && parking->refused) || (moving && moving->failed)) {
    refusal_is_past();
  } else if (parking) {
    announcement_is_past();
    park_is_refused(why);
  } else if (is_moving() && !ringing) {
    transfer_failed(why);
  } else if (retrieval) {
    claim_lapses();
  }
}

void call::session_offered(const leg_offered& o) {
  const auto who = index_of(o.leg);
  if (!who) return;
  if (relaying || music_port)
    return control.leg(refuse_offer{o.leg, {fault_code::glare, 0, "another offer is under way"}});
  auto& leg = legs[*who];
  if (!o.offer) {
    // It wants ours: what was agreed, open both ways. Its answer comes with leg_confirmed.
    auto ours = control.relays() ? redirected(leg.local, media_direction::sendrecv) : leg.local;
    leg.local = ours;
    return control.leg(answer_offer{o.leg, ours});
  }
  if (control.relays()) return answer_here(*who, o.offer);
  // Its peer has parked it and hung up: it will be asked, or may ask, in a moment.
  if (!legs[1 - *who].leg) return control.leg(refuse_offer{o.leg, {fault_code::glare, 0, {}}});
  if (holds(o.offer) && !control.context().media.empty()) {
    relayed_offer = o.offer;
    return hold_in_direct_mode(*who);
  }
  relay_to_other(*who, o.offer);
}

/// An answer that is still waited for comes too late: who asked is told to ask again.
void call::offers_lapse() {
  if (relaying) control.leg(refuse_offer{legs[*relaying].leg, {fault_code::glare, 0, {}}});
  relaying.reset();
  aligning.reset();
  if (music_port) control.close(*music_port);
  music_port.reset();
}

/// Relay mode: hold, resume and codec changes are between the phone and us; its peer is asked
/// nothing and hears music meanwhile.
void call::answer_here(std::size_t who, const session_ptr& offered) {
  auto& leg = legs[who];
  const auto& other = legs[1 - who];
  const auto* audio = audio_of(offered);
  if (!audio)
    return control.leg(refuse_offer{leg.leg, {fault_code::no_common_codec, 0, "no audio"}});
  const auto both = common_in_order_of(agreed(other.local, other.remote), audio->codecs);
  if (both.empty()) return control.leg(refuse_offer{leg.leg, {fault_code::no_common_codec, 0, {}}});
  leg.remote = offered;
  leg.local = make_answer(offered, both, leg.port, answer_to(audio->direction));
  leg.holds = holds(offered);
  control.leg(answer_offer{leg.leg, leg.local});
  control.aim(leg);
  settle_media();
  peer_follows(who);
  note(who, leg.holds ? leg_activity::holding : leg_activity::talking);
}

/// One party has changed its session with us alone. In relay mode its peer may speak a format that
/// it has given up, in direct mode it sends to where that party was.
void call::peer_follows(std::size_t who) {
  if (!legs[1 - who].leg || relaying || music_port) return;
  if (!control.relays() || !legs[who].holds) align_sessions(who);
}

/// Who hears what, from who holds whom. One operation, whatever was before.
void call::settle_media() {
  if (!control.relays()) return;
  if (!legs[0].holds && !legs[1].holds) return control.connect(legs[0], legs[1]);
  for (std::size_t who : {0, 1}) {
    if (legs[who].holds)
      control.mute(legs[who]);
    else
      control.music(legs[who], in->call_park.music);
  }
}

// --- direct mode: what one phone offers, the other is offered ------------------------------------

void call::relay_to_other(std::size_t who, const session_ptr& offered) {
  relaying = who;
  relayed_offer = offered;
  control.leg(send_offer{legs[1 - who].leg, offered, std::nullopt});
}

void call::hold_in_direct_mode(std::size_t who) {
  relaying = who;
  auto& asker = legs[who];
  if (legs[1 - who].media) {
    // Held before, and held again: its peer has our music already.
    relaying.reset();
    asker.remote = relayed_offer;
    asker.holds = true;
    asker.local = cross_answer(relayed_offer, legs[1 - who].remote,
                               answer_to(audio_of(relayed_offer)->direction));
    return answer_or_refuse(asker);
  }
  music_port = control.context().fresh_media(in->name);
  control.media(open_media{*music_port, legs[1 - who].media_version, self});
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
  control.leg(send_offer{waiting.leg, waiting.local, std::nullopt});
}

void call::other_answered(const offer_answered& a) {
  const auto who = index_of(a.leg);
  if (!who) return;
  auto& answerer = legs[*who];
  const auto before = answerer.remote;
  answerer.remote = a.answer;
  if (control.relays()) {
    answerer.holds = holds(a.answer);
    control.aim(answerer);
    return settle_media();
  }
  if (aligning && *aligning != *who) return tell_newcomer(*who);
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
    control.aim(listening);
    control.music(listening, in->call_park.music);
    asker.local =
      cross_answer(relayed_offer, before, answer_to(audio_of(relayed_offer)->direction));
  } else {
    control.close(answerer.media);
    answerer.media = {};
    answerer.local = relayed_offer;
    asker.local = a.answer;
  }
  answer_or_refuse(asker);
  note(1 - *who, asker.holds ? leg_activity::holding : leg_activity::talking);
}

void call::answer_or_refuse(const call_leg& asker) {
  if (asker.local)
    control.leg(answer_offer{asker.leg, asker.local});
  else
    control.leg(refuse_offer{asker.leg, {fault_code::no_common_codec, 0, {}}});
}

/// Who waited has said where it listens now; who came was told where it listened before.
void call::tell_newcomer(std::size_t who_waited) {
  auto& newcomer = legs[1 - who_waited];
  const auto& waited = legs[who_waited];
  aligning.reset();
  if (rtp_of(newcomer.local) == rtp_of(waited.remote)) return;
  newcomer.local = cross_offer(waited.remote);
  control.leg(send_offer{newcomer.leg, newcomer.local, std::nullopt});
}

void call::other_refused(const offer_refused& r) {
  const auto who = index_of(r.leg);
  if (!who || !relaying || *relaying == *who) return;
  const auto asker = legs[*relaying].leg;
  relaying.reset();
  control.close(legs[*who].media);
  legs[*who].media = {};
  control.leg(refuse_offer{asker, r.why});
}

/// Two legs that were negotiated apart are brought together. In relay mode nobody is asked
/// anything, unless the one who waited may speak a format the newcomer has not.
void call::align_sessions(std::size_t who_came) {
  auto& waited = legs[1 - who_came];
  const auto& newcomer = legs[who_came];
  if (!control.relays()) {
    for (auto& leg : legs)  // Either may have had music on hold.
      control.close(std::exchange(leg.media, {}));
    aligning = who_came;
    waited.local = cross_offer(newcomer.remote);
    return control.leg(send_offer{waited.leg, waited.local, std::nullopt});
  }
  const auto spoken = agreed(waited.local, waited.remote);
  const auto understood = agreed(newcomer.local, newcomer.remote);
  const auto both = common_in_order_of(spoken, understood);
  if (understood.empty() || (!both.empty() && spoken.front().same_format(both.front()))) return;
  // Without any format in common the one who waited is asked for the newcomer's.
  const auto narrowed = both.empty() ? understood : common_in_order_of(understood, spoken);
  waited.local = make_offer(narrowed, waited.port, media_direction::sendrecv);
  control.leg(send_offer{waited.leg, waited.local, std::nullopt});
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
  const bool is_sought = parking && parking->announced == e.leg;
  if (!is_sought) note_idle(*who);
  legs[*who].leg = {};
  legs[*who].media = {};
  if (relaying == *who) relaying.reset();
  offers_lapse();
  if (parking && parking->parker == *who) return parker_left();
  if (is_parking() && !parking->announced) return parked_party_left();
  if (moving && moving->transferor == *who) return transferor_left();
  // Its place is being taken: who hangs up the old phone already means its peer no harm.
  if (retrieval && claimed_index == *who) return control.music(legs[1 - *who], in->call_park.music);
  end();
}

void call::end() {
  offers_lapse();
  if (ringing) self->send(ringing, stop_fork{});
  if (retrieval) {
    // It may have the leg's place already: then its party hears at once that nobody is here.
    late.expect();
    self->request(retrieval, caf::infinite, claim_cancelled{})
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

void call::note(std::size_t who, leg_activity activity) const {
  const auto& leg = legs[who];
  if (leg.extension.empty()) return;
  const auto& peer = legs[1 - who];
  self->send(control.extension(*in, leg.extension),
             leg_active{leg.leg, self, leg.phone, activity,
                        peer.leg || !target ? peer.who : party{{}, target->called, false}});
}

void call::note_idle(std::size_t who) const {
  const auto& leg = legs[who];
  if (!leg.extension.empty()) self->send(control.extension(*in, leg.extension), leg_idle{leg.leg});
}

}  // namespace parkway
