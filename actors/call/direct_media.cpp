#include "actors/call/call.hpp"
#include "actors/common/offer_answer.hpp"

#include <utility>

/// Direct mode: what one phone offers, the other is offered; music on hold comes from us.
///
///           hold                          our port is open
///   none ----------> opening_music -----------------------------.
///    |  any other offer                                         v
///    |---------------------------------------------------> asking_peer --answered, refused--> none
///    |  two legs are brought together               answered, refused
///    '---------------------------------> aligning --------------------> none

namespace parkway {

/// An answer that is still waited for comes too late: who asked is told to ask again.
void call::offers_lapse() {
  const auto lapsed = std::exchange(exchange, std::nullopt);
  if (!lapsed) return;
  if (lapsed->now == direct_exchange::stage::opening_music) control.close(lapsed->music);
  if (lapsed->has_asker() && legs[lapsed->who].leg)
    control.leg(refuse_offer{legs[lapsed->who].leg, {fault_code::glare, 0, {}}});
}

void call::direct_offered(std::size_t who, const session_ptr& offered) {
  // Its peer has parked it and hung up: it will be asked, or may ask, in a moment.
  if (!legs[1 - who].leg)
    return control.leg(refuse_offer{legs[who].leg, {fault_code::glare, 0, {}}});
  if (holds(offered) && !control.context().media.empty()) return hold_in_direct_mode(who, offered);
  relay_to_other(who, offered);
}

void call::relay_to_other(std::size_t who, const session_ptr& offered) {
  exchange = direct_exchange{direct_exchange::stage::asking_peer, who, offered, {}};
  control.leg(send_offer{legs[1 - who].leg, offered, std::nullopt});
}

void call::hold_in_direct_mode(std::size_t who, const session_ptr& offered) {
  auto& asker = legs[who];
  const auto& waiting = legs[1 - who];
  if (waiting.media) {
    // Held before, and held again: its peer has our music already.
    asker.remote = offered;
    asker.holds = true;
    asker.local = cross_answer(offered, waiting.remote, answer_to(audio_of(offered)->direction));
    return answer_or_refuse(asker);
  }
  const auto music = control.context().fresh_media(in->name);
  exchange = direct_exchange{direct_exchange::stage::opening_music, who, offered, music};
  control.media(open_media{music, waiting.media_version, self});
}

void call::music_port_ready(const media_opened& m) {
  if (!exchange || exchange->now != direct_exchange::stage::opening_music
      || exchange->music != m.id)
    return;
  if (m.why) return relay_to_other(exchange->who, exchange->offer);
  exchange->now = direct_exchange::stage::asking_peer;
  auto& waiting = legs[1 - exchange->who];
  waiting.media = m.id;
  waiting.port = m.port;
  const auto* audio = audio_of(waiting.remote);
  const auto heard = common_codecs(audio ? audio->codecs : own_codecs(), own_codecs());
  waiting.local =
    make_offer(heard.empty() ? own_codecs() : heard, m.port, media_direction::sendonly);
  control.leg(send_offer{waiting.leg, waiting.local, std::nullopt});
}

void call::direct_answered(std::size_t who, const session_ptr& answer) {
  auto& answerer = legs[who];
  const auto before = std::exchange(answerer.remote, answer);
  if (!exchange || exchange->who == who) return;
  if (exchange->now == direct_exchange::stage::aligning) return tell_newcomer(who);
  const auto done = *std::exchange(exchange, std::nullopt);
  auto& asker = legs[done.who];
  asker.remote = done.offer;
  asker.holds = holds(done.offer);
  if (asker.holds && answerer.media) {
    // Music plays from us; the holder keeps its peer's address for the resume.
    answerer.remote = before;
    auto listening = answerer;
    listening.remote = answer;
    control.aim(listening);
    control.music(listening, in->call_park.music);
    asker.local = cross_answer(done.offer, before, answer_to(audio_of(done.offer)->direction));
  } else {
    control.close(answerer.media);
    answerer.media = {};
    answerer.local = done.offer;
    asker.local = answer;
  }
  answer_or_refuse(asker);
  note(done.who, asker.holds ? leg_activity::holding : leg_activity::talking);
}

void call::answer_or_refuse(const call_leg& asker) {
  if (asker.local)
    control.leg(answer_offer{asker.leg, asker.local});
  else
    control.leg(refuse_offer{asker.leg, {fault_code::no_common_codec, 0, {}}});
}

/// The legs send to each other from now on: who waited is asked where it listens.
void call::align_directly(std::size_t who_came) {
  for (auto& leg : legs)  // Either may have had music on hold.
    control.close(std::exchange(leg.media, {}));
  auto& waited = legs[1 - who_came];
  exchange = direct_exchange{direct_exchange::stage::aligning, who_came, nullptr, {}};
  waited.local = cross_offer(legs[who_came].remote);
  control.leg(send_offer{waited.leg, waited.local, std::nullopt});
}

/// Who waited has said where it listens now; who came was told where it listened before.
void call::tell_newcomer(std::size_t who_waited) {
  auto& newcomer = legs[1 - who_waited];
  const auto& waited = legs[who_waited];
  exchange.reset();
  if (rtp_of(newcomer.local) == rtp_of(waited.remote)) return;
  newcomer.local = cross_offer(waited.remote);
  control.leg(send_offer{newcomer.leg, newcomer.local, std::nullopt});
}

/// The phone that was asked says no: the one whose offer it was hears that.
void call::other_refused(const offer_refused& r) {
  const auto who = index_of(r.leg);
  if (!who || !exchange || exchange->who == *who) return;
  const auto refused = *std::exchange(exchange, std::nullopt);
  if (!refused.has_asker()) return;
  control.close(legs[*who].media);
  legs[*who].media = {};
  control.leg(refuse_offer{legs[refused.who].leg, r.why});
}

}  // namespace parkway
