#include "actors/call/call.hpp"
#include "actors/common/offer_answer.hpp"
#include "kernel/config/dial_plan.hpp"
#include "kernel/runtime/log.hpp"
#include "kernel/runtime/registry.hpp"

#include <utility>
#include <variant>

namespace parkway {
namespace {

using std::chrono::seconds;

/// An extension or a group that does not answer in this time is not there.
constexpr auto place_answers_within = seconds{10};
/// What transfer_reported calls the report of a park from outside of the call.
constexpr transfer_id outside_report = 0;
/// The phone's own BYE after a park is waited for so long; a park by INVITE is let go earlier.
constexpr auto parker_hangs_up_within = seconds{4};
/// A BYE that was sent back to back with the REFER, or without a look at what the report said, is
/// here so soon after its answer. No person reads a refusal and hangs up as quickly.
constexpr auto bye_race_window = std::chrono::milliseconds{300};
/// park_by_refer has found the call: a few mailboxes.
constexpr auto announced_park_comes_within = seconds{5};
/// Nothing acknowledges the report: timer F of its NOTIFY, and a little.
constexpr auto report_told_within = seconds{36};

}  // namespace

void call::transfer_asked(const transfer_requested& t) {
  const auto who = index_of(t.leg);
  if (!who) return;
  const auto to = dial(*in, t.dialled, t.orbit);
  const auto* direct = std::get_if<dials_park>(&to);
  if (!direct && !std::holds_alternative<dials_group_park>(to)) return transfer(*who, t, to);
  if (parking && parking->consultation && !parking->outside && !parking->asked
      && parking->parker == *who) {
    // An attended transfer to the code that the same phone has called already: one park.
    parking->asked = t.id;
    parking->silent = t.silent;
    return;
  }
  if (t.replaces && !t.replaces_leg) {
    const refusal why{fault_code::gone, 0, "no such dialog"};
    return control.leg(report_transfer{t.leg, t.id, why, true});
  }
  std::optional<number> place;
  if (direct) place = direct->place ? *direct->place : legs[*who].extension;
  park({*who, t.id, t.silent, {}}, place);
}

/// From now on a BYE of that phone means "parked", whatever becomes of the park.
void call::park_announced_by(const leg_id& leg) {
  const auto who = index_of(leg);
  if (!who || parking || moving || retrieval) return;
  parking = parking_request{*who, std::nullopt, false, {}};
  parking->announced = leg;
  guard.set_after(self, announced_park_comes_within);
}

/// Who has left meanwhile is not looked for any more. False: nothing was announced.
bool call::announcement_is_past() {
  if (!parking || !parking->announced) return false;
  const auto sought = std::exchange(parking->announced, {});
  if (parking->parker_gone)
    self->send(control.extension(*in, legs[parking->parker].extension), leg_idle{sought});
  return true;
}

void call::park_asked(const park_call& p) {
  auto who = index_of(p.leg);
  const bool left = parking && parking->announced == p.leg && parking->parker_gone;
  if (left) who = parking->parker;
  if (!who)
    return self->send(p.asked_by, park_refused{{fault_code::no_call, 0, "that call has ended"}});
  parking_request request{*who, std::nullopt, p.silent, p.asked_by};
  request.parker_gone = left;
  request.outside = p.outside;
  if (announcement_is_past()) parking.reset();
  park(std::move(request), p.place);
}

/// The target is resolved and the place reserved before anything of the call is touched.
void call::park(parking_request request, std::optional<number> place) {
  // A refusal that its phone has not acknowledged yet stands in nobody's way.
  if (is_parking() || is_moving() || retrieval) {
    const refusal why{fault_code::busy, 0, "this call is being parked or transferred already"};
    if (request.consultation) return self->send(request.consultation, park_refused{why});
    return control.leg(report_transfer{legs[request.parker].leg, *request.asked, why, true});
  }
  // What holds is what is configured now, not when the call began.
  if (auto now = control.context().tenants->find(in->name)) in = std::move(now);
  moving.reset();
  announcement_is_past();
  const auto& parker = legs[request.parker];
  const auto& parked = legs[1 - request.parker];
  parking = request;
  park_terms terms;
  terms.tenant = in->name;
  terms.parker = parker.who;
  terms.parker.extension = parker.extension;
  terms.parker_phone = parker.phone;
  terms.parked = parked.who;
  terms.recall = in->call_park.recall;
  terms.music = in->call_park.music;
  terms.parker_is_told = in->call_park.notify_parker;
  caf::actor asked;
  if (!in->call_park.enabled || parker.extension.empty())
    return park_is_refused({fault_code::forbidden, 0, "call park is switched off"});
  if (place) {
    if (!in->extension(*place))
      return park_is_refused({fault_code::no_such_number, 0, "no extension " + place->text});
    terms.place = *place;
    asked = control.extension(*in, *place);
  } else {
    const auto* group = in->park_group_of(parker.extension);
    if (!group)
      return park_is_refused({fault_code::forbidden, 0, "the parker is in no park group"});
    terms.kind = park_kind::group;
    terms.group = group->name;
    terms.recall = group->recall;
    terms.music = group->music.empty() ? terms.music : group->music;
    asked = control.context().actors->park_group(in->name, group->name);
  }
  ask_place(asked, std::move(terms));
}

void call::ask_place(const caf::actor& asked, park_terms terms) {
  parking->terms = std::make_shared<const park_terms>(std::move(terms));
  guard.set_after(self, place_answers_within);
  self->send(asked, park_here{parking->terms, self, false});
}

/// Reserved and on disk: the parked party, its leg and its media move; the parker is told.
void call::park_is_ready(const place_ready& p) {
  if (!parking || parking->refused || p.terms != parking->terms)
    return self->send(p.parked_call, caller_gone{});
  guard.clear();
  auto& parked = legs[1 - parking->parker];
  if (!parked.leg) {
    self->send(p.parked_call, caller_gone{});
    return end();
  }
  self->send(p.parked_call, leg_parked{parked});
  give_away(parked, p.parked_call);
  report(std::nullopt, &p);
  if (parking->parker_gone) return late.quit(ended());
  self->become(leaving());
}

void call::park_is_refused(const refusal& why) {
  if (!parking || parking->refused) return;
  guard.clear();
  if (parking->rings_back) {
    log(log_area::park)
      .error("{}: nobody to ring back, the call is lost: {}", in->name.text, why.text);
    return end();
  }
  report(why);
  if (!legs[1 - parking->parker].leg) return end();
  if (parking->parker_gone) return ring_back("Park failed");
  // Its phone may have hung up while this is on its way: until it has acknowledged the refusal,
  // a BYE still means "parked".
  if (!parking->asked && !parking->outside) return parking.reset();
  parking->refused = true;
  if (parking->outside) guard.set_after(self, report_told_within);
}

/// From now on a BYE of that phone is a hang-up again: in a moment.
void call::refusal_was_told(const transfer_reported& t) {
  if (parking && parking->announced == t.leg && t.id == outside_report) {
    // It was no park, or none of this call.
    announcement_is_past();
    parking->outside = true;
    park_is_refused({fault_code::gone, 0, "no park came of it"});
  }
  const bool of_park =
    parking && parking->refused
    && (parking->outside ? t.id == outside_report && t.leg == legs[parking->parker].leg
                         : parking->asked == t.id);
  const bool of_transfer = moving && moving->failed && moving->asked == t.id;
  if (of_park || of_transfer) {
    const bool unseen = of_park ? parking->silent : moving->silent;
    guard.set_after(self, unseen ? parker_hangs_up_within : bye_race_window);
  }
  if (t.leg == departing.leg && departing.leg) departure.set_after(self, parker_hangs_up_within);
}

void call::refusal_is_past() {
  if (parking && parking->refused) parking.reset();
  if (moving && moving->failed) moving.reset();
}

void call::parker_left() {
  auto& request = *parking;
  const auto& parked = legs[1 - request.parker];
  request.parker_gone = true;
  if (!parked.leg) return end();
  control.music(parked, in->call_park.music);
  if (request.refused) ring_back("Park failed");
}

/// The parked party hung up before it was parked: whoever answers the park hears of it.
void call::parked_party_left() {
  const auto who = parking->parker;
  if (!legs[who].leg) return;
  const bool by_refer = parking->asked.has_value();
  report(refusal{fault_code::gone, 0, "the parked party hung up"});
  if (by_refer) return self->become(leaving());
  // A held call without a peer is of no use to the phone.
  note_idle(who);
  control.drop(std::exchange(legs[who], {}));
  parking->parker_gone = true;
}

/// The park failed and the parker is gone: it is rung at once, and on as in a recall. The one who
/// waits is kept by the parker's extension meanwhile, at no place.
void call::ring_back(const char* label) {
  parking->refused = false;
  parking->rings_back = true;
  const auto& parker = legs[parking->parker];
  park_terms terms;
  terms.tenant = in->name;
  terms.parker = parker.who;
  terms.parker.extension = parker.extension;
  terms.parker_phone = parker.phone;
  terms.parked = legs[1 - parking->parker].who;
  terms.failed = label;
  terms.recall = in->call_park.recall;
  terms.music = in->call_park.music;
  ask_place(control.extension(*in, parker.extension), std::move(terms));
}

void call::report(const std::optional<refusal>& why, const place_ready* done) {
  auto& request = *parking;
  if (const auto told = std::exchange(request.consultation, nullptr)) {
    if (done)
      self->send(told, park_done{done->id, done->place});
    else
      self->send(told, park_refused{*why});
  }
  if (request.asked && !request.parker_gone)
    control.leg(report_transfer{legs[request.parker].leg, *request.asked, why, true});
}

/// A leg and its media are somebody else's, who has been told.
void call::give_away(call_leg& leg, const caf::actor& to) {
  offers_lapse();
  control.drop(std::exchange(departing, {}));
  control.hand_over(leg, to);
  leg = {};
}

/// The park that has been done, asked for again by an attended transfer (REFER with Replaces).
bool call::is_same_park(const transfer_requested& t) const {
  if (!parking->terms) return false;
  const auto to = dial(*in, t.dialled, t.orbit);
  if (std::holds_alternative<dials_group_park>(to)) return parking->terms->kind == park_kind::group;
  const auto* direct = std::get_if<dials_park>(&to);
  return direct && parking->terms->kind == park_kind::direct
         && direct->place.value_or(legs[parking->parker].extension) == parking->terms->place;
}

/// Only the parker's leg is left: its phone hangs up when it has seen the report, or we do.
caf::behavior call::leaving() {
  control.drop(std::exchange(departing, {}));
  control.mute(legs[parking->parker]);
  guard.set_after(self, report_told_within);
  return caf::message_handler{
    [this](const leg_ended& e) {
      if (!index_of(e.leg)) return;
      control.close(legs[parking->parker].media);
      note_idle(parking->parker);
      late.quit(ended());
    },
    [this](const transfer_reported&) { guard.set_after(self, parker_hangs_up_within); },
    [this](const park_confirmed&) { end(); },
    [this](const tick& t) {
      if (guard.due(self, t)) end();
    },
    [this](const leg_offered& o) {
      const auto who = index_of(o.leg);
      const auto* audio = audio_of(o.offer);
      const auto* ours = who ? audio_of(legs[*who].local) : nullptr;
      const auto both =
        audio && ours ? common_in_order_of(ours->codecs, audio->codecs) : std::vector<codec>{};
      if (both.empty() || !control.relays())
        return control.leg(refuse_offer{o.leg, {fault_code::glare, 0, "this call is parked"}});
      control.leg(answer_offer{
        o.leg, make_answer(o.offer, both, legs[*who].port, answer_to(audio->direction))});
    },
    [this](const transfer_requested& t) {
      control.leg(report_transfer{t.leg, t.id,
                                  is_same_park(t)
                                    ? std::nullopt
                                    : std::optional{refusal{fault_code::gone, 0, "parked already"}},
                                  true});
    },
  }
    .or_else(ended());
}

}  // namespace parkway
