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
  if (auto* park = doing<park_activity>(); park && park->by.second_call && !park->by.outside
                                           && !park->by.refer && park->parker == *who) {
    // An attended transfer to the code that the same phone has called already: one park.
    park->by.refer = t.id;
    park->by.silent = t.silent;
    return;
  }
  if (t.replaces && !t.replaces_leg) {
    const refusal why{fault_code::gone, 0, "no such dialog"};
    return control.leg(report_transfer{t.leg, t.id, why, true});
  }
  std::optional<number> place;
  if (direct) place = direct->place ? *direct->place : legs[*who].extension;
  park({.parker = *who, .by = {.refer = t.id, .silent = t.silent}}, place);
}

/// From now on a BYE of that phone means "parked", whatever becomes of the park.
void call::park_announced_by(const leg_id& leg) {
  const auto who = index_of(leg);
  if (!who || is_busy(activity) || doing<park_activity>(park_activity::stage::announced)) return;
  activity = park_activity{park_activity::stage::announced, *who, {}, false, leg, {}};
  guard.set_after(self, announced_park_comes_within);
}

/// Who has left meanwhile is not looked for any more.
void call::announcement_is_past() {
  auto* park = doing<park_activity>();
  if (!park || !park->announced) return;
  const auto sought = std::exchange(park->announced, {});
  if (park->parker_gone)
    self->send(control.extension(*in, legs[park->parker].extension), leg_idle{sought});
}

void call::park_asked(const park_call& p) {
  auto who = index_of(p.leg);
  const auto* sought = doing<park_activity>(park_activity::stage::announced);
  const bool is_it = sought && sought->announced == p.leg;
  const bool left = is_it && sought->parker_gone;
  if (left) who = sought->parker;
  if (!who)
    return self->send(p.asked_by, park_refused{{fault_code::no_call, 0, "that call has ended"}});
  const bool was_announced = sought != nullptr;
  announcement_is_past();
  if (was_announced) activity = {};
  park({.parker = *who,
        .by = {.silent = p.silent, .second_call = p.asked_by, .outside = p.outside},
        .parker_gone = left},
       p.place);
}

/// The target is resolved and the place reserved before anything of the call is touched.
void call::park(park_activity request, std::optional<number> place) {
  // A refusal that its phone has not acknowledged yet stands in nobody's way.
  if (is_busy(activity)) {
    const refusal why{fault_code::busy, 0, "this call is being parked or transferred already"};
    if (request.by.second_call) return self->send(request.by.second_call, park_refused{why});
    return control.leg(report_transfer{legs[request.parker].leg, *request.by.refer, why, true});
  }
  // What holds is what is configured now, not when the call began.
  if (auto now = control.context().tenants->find(in->name)) in = std::move(now);
  announcement_is_past();
  const auto& parker = legs[request.parker];
  auto terms = terms_of(request.parker);
  activity = std::move(request);
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

/// What any park of that phone's peer has in common.
park_terms call::terms_of(std::size_t who_parks) const {
  const auto& parker = legs[who_parks];
  park_terms terms;
  terms.tenant = in->name;
  terms.parker = parker.who;
  terms.parker.extension = parker.extension;
  terms.parker_phone = parker.phone;
  terms.parked = legs[1 - who_parks].who;
  terms.recall = in->call_park.recall;
  terms.music = in->call_park.music;
  return terms;
}

void call::ask_place(const caf::actor& asked, park_terms terms) {
  auto& park = std::get<park_activity>(activity);
  park.terms = std::make_shared<const park_terms>(std::move(terms));
  guard.set_after(self, place_answers_within);
  self->send(asked, park_here{park.terms, self, false});
}

/// Reserved and on disk: the parked party, its leg and its media move; the parker is told.
void call::park_is_ready(const place_ready& p) {
  const auto* asked = doing<park_activity>();
  if (!asked || asked->now == park_activity::stage::refused || p.terms != asked->terms)
    return self->send(p.parked_call, caller_gone{});
  guard.clear();
  const auto park = *asked;
  auto& parked = legs[1 - park.parker];
  if (!parked.leg) {
    self->send(p.parked_call, caller_gone{});
    return end();
  }
  self->send(p.parked_call, leg_parked{parked});
  give_away(parked, p.parked_call);
  report(park, std::nullopt, &p);
  activity = last_leg{park.parker, park.terms};
  if (park.parker_gone) return late.quit(ended());
  self->become(leaving());
}

void call::park_is_refused(const refusal& why) {
  auto* park = doing<park_activity>();
  if (!park || park->now == park_activity::stage::refused) return;
  guard.clear();
  if (park->now == park_activity::stage::ringing_back) {
    log(log_area::park)
      .error("{}: nobody to ring back, the call is lost: {}", in->name.text, why.text);
    return end();
  }
  report(*park, why);
  park->by.second_call = nullptr;
  if (!legs[1 - park->parker].leg) return end();
  if (park->parker_gone) return ring_back(park->parker, "Park failed");
  // Its phone may have hung up while this is on its way: until it has acknowledged the refusal,
  // a BYE still means "parked".
  if (!park->by.refer && !park->by.outside) {
    activity = {};
    return;
  }
  park->now = park_activity::stage::refused;
  if (park->by.outside) guard.set_after(self, report_told_within);
}

/// From now on a BYE of that phone is a hang-up again: in a moment.
void call::refusal_was_told(const transfer_reported& t) {
  if (auto* park = doing<park_activity>(park_activity::stage::announced);
      park && park->announced == t.leg && t.id == outside_report) {
    // It was no park, or none of this call.
    announcement_is_past();
    park->by.outside = true;
    park_is_refused({fault_code::gone, 0, "no park came of it"});
  }
  if (const auto* park = doing<park_activity>(park_activity::stage::refused)) {
    const bool told = park->by.outside ? t.id == outside_report && t.leg == legs[park->parker].leg
                                       : park->by.refer == t.id;
    if (told) refusal_ends_within(park->by.silent);
  }
  if (const auto* transfer = doing<transfer_activity>(transfer_activity::stage::failed))
    if (transfer->asked == t.id) refusal_ends_within(transfer->silent);
  if (t.leg == departing.leg && departing.leg) departure.set_after(self, parker_hangs_up_within);
}

/// Whoever was shown the refusal hangs up a moment later; who waits for no report, in a while.
void call::refusal_ends_within(bool unseen) {
  guard.set_after(self, unseen ? parker_hangs_up_within : bye_race_window);
}

void call::parker_left(park_activity& park) {
  const auto& parked = legs[1 - park.parker];
  park.parker_gone = true;
  if (!parked.leg) return end();
  control.music(parked, in->call_park.music);
  if (park.now == park_activity::stage::refused) ring_back(park.parker, "Park failed");
}

/// The parked party hung up before it was parked: whoever answers the park hears of it.
void call::parked_party_left(park_activity& park) {
  const auto who = park.parker;
  if (!legs[who].leg) return;
  report(park, refusal{fault_code::gone, 0, "the parked party hung up"});
  park.by.second_call = nullptr;
  if (park.by.refer) {
    activity = last_leg{who, park.terms};
    return self->become(leaving());
  }
  // A held call without a peer is of no use to the phone.
  note_idle(who);
  control.drop(std::exchange(legs[who], {}));
  park.parker_gone = true;
}

/// The park failed and the parker is gone: it is rung at once, and on as in a recall. The one who
/// waits is kept by the parker's extension meanwhile, at no place.
void call::ring_back(std::size_t parker, const char* label) {
  activity =
    park_activity{.now = park_activity::stage::ringing_back, .parker = parker, .parker_gone = true};
  auto terms = terms_of(parker);
  terms.failed = label;
  ask_place(control.extension(*in, legs[parker].extension), std::move(terms));
}

/// Tells whoever asked for the park what became of it.
void call::report(const park_activity& park, const std::optional<refusal>& why,
                  const place_ready* done) {
  if (park.by.second_call) {
    if (done)
      self->send(park.by.second_call, park_done{done->id, done->place});
    else
      self->send(park.by.second_call, park_refused{*why});
  }
  if (park.by.refer && !park.parker_gone)
    control.leg(report_transfer{legs[park.parker].leg, *park.by.refer, why, true});
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
  const auto& left = std::get<last_leg>(activity);
  if (!left.done) return false;
  const auto to = dial(*in, t.dialled, t.orbit);
  if (std::holds_alternative<dials_group_park>(to)) return left.done->kind == park_kind::group;
  const auto* direct = std::get_if<dials_park>(&to);
  return direct && left.done->kind == park_kind::direct
         && direct->place.value_or(legs[left.who].extension) == left.done->place;
}

/// Only the parker's leg is left: its phone hangs up when it has seen the report, or we do.
caf::behavior call::leaving() {
  control.drop(std::exchange(departing, {}));
  const auto who = std::get<last_leg>(activity).who;
  control.mute(legs[who]);
  guard.set_after(self, report_told_within);
  return caf::message_handler{
    [this, who](const leg_ended& e) {
      if (!index_of(e.leg)) return;
      control.close(legs[who].media);
      note_idle(who);
      late.quit(ended());
    },
    [this](const transfer_reported&) { guard.set_after(self, parker_hangs_up_within); },
    [this](const park_confirmed&) { end(); },
    [this](const tick& t) {
      if (guard.due(self, t)) end();
    },
    [this](const leg_offered& o) {
      const auto which = index_of(o.leg);
      const auto* audio = audio_of(o.offer);
      const auto* ours = which ? audio_of(legs[*which].local) : nullptr;
      const auto both =
        audio && ours ? common_in_order_of(ours->codecs, audio->codecs) : std::vector<codec>{};
      if (both.empty() || !control.relays())
        return control.leg(refuse_offer{o.leg, {fault_code::glare, 0, "this call is parked"}});
      control.leg(answer_offer{
        o.leg, make_answer(o.offer, both, legs[*which].port, answer_to(audio->direction))});
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
