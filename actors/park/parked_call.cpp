#include "actors/park/parked_call.hpp"

#include "actors/common/offer_answer.hpp"
#include "actors/park/shown_identity.hpp"
#include "kernel/runtime/journal.hpp"
#include "kernel/runtime/log.hpp"

namespace parkway {
namespace {

/// The call hands its leg over as soon as it hears of the place; the journal may take its time.
constexpr auto leg_comes_within = std::chrono::seconds{15};

/// Where no RTP is to go.
constexpr std::uint16_t discard_port = 9;

/// Why a retriever does not get the call.
const char* in_words(fault_code why) {
  switch (why) {
    case fault_code::forbidden:
      return "retrieve_scope does not allow it (403)";
    case fault_code::no_common_codec:
      return "its phone shares no codec with the parked party (488)";
    case fault_code::overloaded:
      return "too many want it at once (503)";
    default:
      return "somebody was quicker, or it had ended (404)";
  }
}

const char* word(park_end why) {
  switch (why) {
    case park_end::retrieved:
      return "retrieved";
    case park_end::recalled:
      return "recall answered";
    case park_end::abandoned:
      return "abandoned";
    case park_end::expired:
      return "expired";
    case park_end::failed:
      return "failed";
  }
  return "";
}

}  // namespace

parked_call::parked_call(caf::event_based_actor* actor, context_ptr context, tenant_ptr tenant,
                         park_id named, park_terms_ptr agreed, caf::actor extension,
                         caf::actor call)
  : self(actor),
    control(actor, std::move(context)),
    in(std::move(tenant)),
    id(std::move(named)),
    terms(std::move(agreed)),
    place(std::move(extension)),
    asked_by(std::move(call)),
    plan(terms->recall),
    late(actor) {
}

caf::behavior parked_call::make_behavior() {
  self->set_down_handler([this](const caf::down_msg& down) {
    bury(self, control.context(), down);
    fork_is_down(down);
    late.gone();
  });
  return parking();
}

caf::behavior parked_call::parking() {
  handed_over.set_after(self, leg_comes_within);
  self->send(
    control.context().journal,
    keep_parked{id, terms, park_state::parking, control.context().wall(self->clock().now()), {}});
  // At no place nobody is told "parked", and nothing may keep the parker from being rung.
  if (terms->place.empty()) place_is_reserved();
  return caf::message_handler{
    [this](const kept& k) {
      if (terms->place.empty()) return;
      if (!k.why) return place_is_reserved();
      self->send(asked_by, park_refused{{fault_code::unavailable, 0, k.why->detail}});
      finish(park_end::failed);
    },
    [this](const leg_parked& l) { take_over(l.leg); },
    [this](const caller_gone&) { finish(park_end::abandoned); },
    [this](const retrieve& r) {
      if (waiting.size() < waiting_max)
        waiting.push_back({r, caf::actor_cast<caf::actor>(self->current_sender())});
      else
        refuse_retrieve(r, fault_code::overloaded);
    },
    [this](const tick& t) {
      if (handed_over.due(self, t)) finish(park_end::failed);
    },
  }
    .or_else(whatever_state());
}

/// Whoever asked hands over the leg, or says that there is none. If it has died, there is none.
void parked_call::place_is_reserved() {
  self->request(asked_by, caf::infinite, place_ready{self, id, terms->place, terms})
    .then([] {},
          [this](const caf::error&) {
            if (!parked.leg && !late.leaving()) finish(park_end::failed);
          });
}

void parked_call::take_over(const call_leg& leg) {
  parked = leg;
  handed_over.clear();
  if (!parked.extension.empty())
    self->send(control.extension(*in, parked.extension),
               leg_active{parked.leg, self, parked.phone, leg_activity::talking, terms->parker});
  play();
  const auto now = self->clock().now();
  parked_at = control.context().wall(now);
  if (const auto span = plan.final_after()) final_at.set(self, now + *span);
  if (terms->place.empty()) {
    log(log_area::park)
      .info("{}: {}; ringing {} back", id.text, terms->failed, terms->parker.extension.text);
    return recall();
  }
  log(log_area::park)
    .info("{}: {} parked for {} by {}", id.text, shown_name(terms->parked), terms->place.text,
          terms->parker.extension.text);
  if (const auto span = plan.first_after()) recall_at.set(self, now + *span);
  self->become(parked_state());
  change(park_state::parked);
  for (const auto came = std::exchange(waiting, {}); const auto& [r, asked_at] : came) {
    if (retrieval)
      pass_on(r, asked_at);
    else
      claim(r);
  }
}

caf::behavior parked_call::parked_state() {
  return caf::message_handler{
    [this](const retrieve& r) { claim(r); },
    [this](const tick& t) {
      if (recall_at.due(self, t)) return recall();
      if (final_at.due(self, t)) come_to_the_end("max_park_time is over");
    },
  }
    .or_else(whatever_state());
}

caf::message_handler parked_call::whatever_state() {
  return caf::message_handler{
    [this](const leg_ended& e) {
      if (e.leg == parked.leg) caller_left();
    },
    [this](const leg_offered& o) { session_offered(o); },
    [this](const leg_confirmed& c) {
      if (c.leg != parked.leg || !c.answer) return;
      parked.remote = c.answer;
      parked.holds = holds(c.answer);
      control.aim(parked);
    },
    [this](const offer_answered& a) {
      if (a.leg != parked.leg) return;
      parked.remote = a.answer;
      parked.holds = holds(a.answer);
      control.aim(parked);
      if (!retrieval) play_on();
    },
    [this](const media_opened& m) {
      // Direct mode: the party has heard its peer so far; from now on it hears us.
      if (m.id != parked.media) return;
      if (m.why) {
        log(log_area::park).warn("{}: no music: {}", id.text, m.why->detail);
        parked.media = {};
        return;
      }
      parked.port = m.port;
      const auto* audio = audio_of(parked.remote);
      const auto heard = common_codecs(audio ? audio->codecs : own_codecs(), own_codecs());
      parked.local =
        make_offer(heard.empty() ? own_codecs() : heard, m.port, media_direction::sendrecv);
      control.leg(send_offer{parked.leg, parked.local, std::nullopt});
    },
    [this](const transfer_requested& t) {
      control.leg(
        report_transfer{t.leg, t.id, refusal{fault_code::forbidden, 0, "you are parked"}, true});
    },
    [this](const park_call& p) {
      self->send(p.asked_by, park_refused{{fault_code::forbidden, 0, "that party is parked"}});
    },
    // A phone answered just when it was no longer wanted.
    [this](const fork_answered& a) { control.dismiss(*in, a.leg); },
    [this](const bridged& b) { self->send(b.call, leg_joins{}); },
    [this](const take_leg& g) {
      self->send(g.to, take_leg_refused{{fault_code::forbidden, 0, "that party is parked"}, {}});
    },
    [this](const claim_peer& c) {
      self->send(c.retrieval, retrieve_refused{{fault_code::gone, 0, {}}});
    },
    [](const fork_failed&) {},
    [](const fork_ringing&) {},
    [](const bridge_failed&) {},
    [](const kept&) {},
  }
    .or_else(control.other_events());
}

void parked_call::play() {
  if (control.relays() || parked.media || control.context().media.empty()) return play_on();
  parked.media = control.context().fresh_media(in->name);
  parked.port = 0;
  control.media(open_media{parked.media, parked.media_version, self});
}

void parked_call::play_on() {
  if (parked.holds)
    control.mute(parked);
  else
    control.music(parked, terms->music);
}

/// The parked party changes its session or refreshes it: we answer, it goes on waiting.
void parked_call::session_offered(const leg_offered& o) {
  // Direct mode: before our port is open we have nothing to answer with.
  if (!parked.port && parked.media)
    return control.leg(refuse_offer{o.leg, {fault_code::glare, 0, "no port yet"}});
  if (!o.offer) {
    if (const auto* audio = audio_of(parked.local))
      parked.local = make_offer(audio->codecs, parked.port, media_direction::sendrecv);
    return control.leg(answer_offer{o.leg, parked.local});
  }
  const auto* audio = audio_of(o.offer);
  auto both = audio ? common_codecs(audio->codecs, own_codecs()) : std::vector<codec>{};
  if (audio && both.empty())
    both = common_in_order_of(agreed(parked.local, parked.remote), audio->codecs);
  if (both.empty()) return control.leg(refuse_offer{o.leg, {fault_code::no_common_codec, 0, {}}});
  parked.remote = o.offer;
  parked.holds = holds(o.offer);
  // Direct mode without a media plugin: nobody listens, and the party hears nothing.
  parked.local = parked.port ? make_answer(o.offer, both, parked.port, answer_to(audio->direction))
                             : make_answer(o.offer, both, discard_port, media_direction::inactive);
  control.leg(answer_offer{o.leg, parked.local});
  control.aim(parked);
  if (!retrieval) play_on();
}

/// Phones are told on entering and on leaving what is retrievable, and of nothing in between.
void parked_call::light(park_state state, park_end why) {
  const bool on = state == park_state::parked || state == park_state::recalling;
  if (on == lit || terms->place.empty()) return;
  lit = on;
  const bool parker_too = terms->parker_is_told && terms->kind == park_kind::direct
                          && terms->parker.extension != terms->place;
  const auto tell = [&](const auto& what) {
    self->send(place, what);
    if (parker_too) self->send(control.extension(*in, terms->parker.extension), what);
    // The group tells its other members.
    if (terms->kind == park_kind::group) self->send(asked_by, what);
  };
  if (!on) return tell(unshow_parked{id, why});
  const auto* entry = in->extension(terms->place);
  const parked_shown shown{id,
                           terms,
                           entry ? entry->display_name : std::string{},
                           in->codes.call_retrieve + terms->place.text,
                           parked_at,
                           false};
  self->send(place, show_parked{shown, true});
  if (parker_too)
    self->send(control.extension(*in, terms->parker.extension), show_parked{shown, false});
  if (terms->kind == park_kind::group) self->send(asked_by, show_parked{shown, false});
}

void parked_call::change(park_state state, park_end why) {
  light(state, why);
  self->send(place, place_changed{id, state, why});
  if (terms->kind == park_kind::group) self->send(asked_by, place_changed{id, state, why});
  std::optional<deadline::time_point> next_ring;
  if (state == park_state::parked && recall_at.armed()) next_ring = recall_at.at();
  self->send(control.context().bus,
             park_event{id, terms, state, why, taken_by, self->clock().now(), next_ring});
}

/// For the timeline: what was decided, and why. One that has ended has no more to say.
void parked_call::note(std::string what) {
  if (late.leaving()) return;
  self->send(control.context().bus, park_noted{id, terms, std::move(what), self->clock().now()});
}

void parked_call::finish(park_end why) {
  log(log_area::park).info("{}: {} {}", id.text, shown_name(terms->parked), word(why));
  stop_ringing(hang_up_reason::normal);
  for (const auto came = std::exchange(waiting, {}); const auto& [r, asked_at] : came)
    pass_on(r, asked_at);
  self->send(control.context().journal, drop_parked{id});
  change(park_state::ended, why);
  late.quit(ended());
}

void parked_call::caller_left() {
  if (retrieval) withdraw_claim();
  control.close(parked.media);
  if (!parked.extension.empty())
    self->send(control.extension(*in, parked.extension), leg_idle{parked.leg});
  finish(park_end::abandoned);
}

caf::behavior parked_call::ended() {
  return caf::message_handler{
    [this](const retrieve& r) { pass_on(r, caf::actor_cast<caf::actor>(self->current_sender())); },
    [](const leg_ended&) {},
    [](const leg_offered&) {},
    [this](const leg_parked& l) { control.dismiss(*in, l.leg); },
    [](const caller_gone&) {},
  }
    .or_else(whatever_state());
}

/// Whoever asks too late: perhaps another call is parked where this one was asked for.
void parked_call::pass_on(const retrieve& r, const caf::actor& asked_at) {
  auto next = r;
  next.passed.push_back(id);
  if (asked_at && r.which.empty()) return self->send(asked_at, std::move(next));
  refuse_retrieve(r, fault_code::nothing_parked);
}

void parked_call::refuse_retrieve(const retrieve& r, fault_code why) {
  note("not given to " + r.by->who.extension.text + ": " + in_words(why));
  self->send(r.retrieval, retrieve_refused{{why, 0, {}}});
}

caf::actor spawn_parked_call(caf::event_based_actor* extension, const context_ptr& context,
                             tenant_ptr tenant, park_id id, park_terms_ptr terms,
                             caf::actor asked_by) {
  return spawn_child<parked_call>(extension, context, std::move(tenant), std::move(id),
                                  std::move(terms), caf::actor{extension}, std::move(asked_by));
}

}  // namespace parkway
