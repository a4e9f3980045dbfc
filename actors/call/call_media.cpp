#include "actors/call/call.hpp"
#include "actors/common/offer_answer.hpp"

#include <utility>

/// Offers and answers of two people who talk, and who hears what. Direct mode: direct_media.cpp.

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

void call::session_offered(const leg_offered& o) {
  const auto who = index_of(o.leg);
  if (!who) return;
  if (exchange)
    return control.leg(refuse_offer{o.leg, {fault_code::glare, 0, "another offer is under way"}});
  auto& leg = legs[*who];
  if (!o.offer) {
    // It wants ours: what was agreed, open both ways. Its answer comes with leg_confirmed.
    auto ours = control.relays() ? redirected(leg.local, media_direction::sendrecv) : leg.local;
    leg.local = ours;
    return control.leg(answer_offer{o.leg, ours});
  }
  if (control.relays()) return answer_here(*who, o.offer);
  direct_offered(*who, o.offer);
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
  if (!legs[1 - who].leg || (exchange && exchange->has_asker())) return;
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

void call::other_answered(const offer_answered& a) {
  const auto who = index_of(a.leg);
  if (!who) return;
  if (!control.relays()) return direct_answered(*who, a.answer);
  auto& answerer = legs[*who];
  answerer.remote = a.answer;
  answerer.holds = holds(a.answer);
  control.aim(answerer);
  settle_media();
}

/// Two legs that were negotiated apart are brought together. In relay mode nobody is asked
/// anything, unless the one who waited may speak a format the newcomer has not.
void call::align_sessions(std::size_t who_came) {
  if (!control.relays()) return align_directly(who_came);
  auto& waited = legs[1 - who_came];
  const auto& newcomer = legs[who_came];
  const auto spoken = agreed(waited.local, waited.remote);
  const auto understood = agreed(newcomer.local, newcomer.remote);
  const auto both = common_in_order_of(spoken, understood);
  if (understood.empty() || (!both.empty() && spoken.front().same_format(both.front()))) return;
  // Without any format in common the one who waited is asked for the newcomer's.
  const auto narrowed = both.empty() ? understood : common_in_order_of(understood, spoken);
  waited.local = make_offer(narrowed, waited.port, media_direction::sendrecv);
  control.leg(send_offer{waited.leg, waited.local, std::nullopt});
}

}  // namespace parkway
