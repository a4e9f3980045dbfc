#include "tests/actors/fixture.hpp"

#include "actors/switchboard.hpp"
#include "kernel/directory.hpp"
#include "kernel/messages/watch.hpp"

#include <caf/scoped_actor.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <sstream>
#include <typeinfo>

namespace parkway::testing {
namespace {

const std::map<std::string, codec> static_formats{
  {"PCMU", {0, "PCMU", 8000, 1, ""}},
  {"PCMA", {8, "PCMA", 8000, 1, ""}},
  {"G722", {9, "G722", 8000, 1, ""}},
  {"OPUS", {96, "OPUS", 48000, 2, ""}},
  {"TELEPHONE-EVENT", {101, "TELEPHONE-EVENT", 8000, 1, "0-16"}},
};

std::string text_of(const leg_id& id) {
  return "leg " + std::to_string(id.serial);
}

}  // namespace

session_ptr sound(const std::vector<std::string>& formats, media_direction direction,
                  const std::string& address, std::uint16_t port) {
  session_description made;
  auto& stream = made.streams.emplace_back();
  stream.port = port;
  stream.address = ip_address::parse(address);
  stream.direction = direction;
  for (const auto& f : formats)
    stream.codecs.push_back(static_formats.at(f));
  return std::make_shared<const session_description>(std::move(made));
}

std::vector<std::string> formats_of(const session_ptr& session) {
  std::vector<std::string> names;
  if (const auto* audio = audio_of(session))
    for (const auto& c : audio->codecs)
      names.push_back(c.name);
  return names;
}

// --- the wire ------------------------------------------------------------------------------------

struct fake_transport {
  static inline const char* name = "fake_transport";
  caf::event_based_actor* const self;
  fake_wire* const wire;

  fake_transport(caf::event_based_actor* actor, fake_wire* of) : self(actor), wire(of) {}

  /// Commands for a leg that is over are ignored.
  template <class Command, class How>
  auto command(How how) {
    return [this, how](const Command& c) {
      const auto found = wire->legs_.find(c.leg);
      if (found == wire->legs_.end())
        wire->strays_.push_back(std::string{typeid(Command).name()} + " " + text_of(c.leg));
      else if (!found->second.over)
        how(found->second, c);
    };
  }

  caf::behavior make_behavior() {
    // A message that its receiver does not list comes back as an error.
    self->set_error_handler([this](caf::scheduled_actor*, caf::error&) {
      wire->strays_.push_back("one that an actor does not list");
    });
    return {
      [this](const place_call& c) {
        auto& leg = wire->legs_[c.leg];
        leg.owner = c.owner;
        leg.placed = c;
      },
      [this](const adopt& c) {
        const auto found = wire->legs_.find(c.leg);
        if (found == wire->legs_.end()) return wire->strays_.push_back("adopt " + text_of(c.leg));
        if (found->second.over) self->send(c.owner, leg_ended{c.leg, end_cause::lost});
        found->second.owner = c.owner;
      },
      command<ring>([](fake_leg& l, const ring& c) { l.rung = c; }),
      command<answer>([](fake_leg& l, const answer& c) { l.answered = c; }),
      command<refuse>([](fake_leg& l, const refuse& c) {
        l.refused = c.why;
        l.over = true;
      }),
      command<hang_up>([](fake_leg& l, const hang_up& c) {
        l.hung_up = c.reason;
        l.over = true;
      }),
      command<offer>([](fake_leg& l, const offer& c) { l.offers.push_back(c); }),
      command<answer_offer>(
        [](fake_leg& l, const answer_offer& c) { l.offer_answers.push_back(c); }),
      command<refuse_offer>(
        [](fake_leg& l, const refuse_offer& c) { l.offer_refusals.push_back(c.why); }),
      command<confirm>([](fake_leg& l, const confirm& c) { l.confirmed = c; }),
      command<show_identity>(
        [](fake_leg& l, const show_identity& c) { l.shown.push_back(c.connected); }),
      command<send_info>([](fake_leg& l, const send_info& c) { l.infos.push_back(c); }),
      command<report_transfer>([](fake_leg& l, const report_transfer& c) {
        l.reports.push_back(c);
        if (l.from_outside && c.final) l.over = true;
      }),
      [this](const owner_died& d) {
        for (auto& [id, leg] : wire->legs_)
          if (leg.owner && leg.owner.address() == d.owner) leg.over = true;
      },
      [](const phone_registered&) {},
      [](const phone_moved&) {},
      [this](const notify_phone& n) {
        self->send(n.notifier, phone_answered{n.to.key, n.ticket, 200});
      },
      [](const drop_notify&) {},
      [](const watch_taken&) {},
      [this](const notify_watcher& n) {
        self->send(n.notifier, watcher_answered{n.id, 200});
      },
    };
  }
};

caf::actor fake_wire::spawn(caf::actor_system& system) {
  transport_ = spawn_actor<fake_transport>(system, this);
  return transport_;
}

// --- media ---------------------------------------------------------------------------------------

struct fake_engine {
  static inline const char* name = "fake_engine";
  caf::event_based_actor* const self;
  fake_media* const media;

  fake_engine(caf::event_based_actor* actor, fake_media* of) : self(actor), media(of) {}

  void open(const open_media& m) {
    if (media->is_silent) return;
    const auto to = caf::actor_cast<caf::actor>(self->current_sender());
    if (media->fails)
      return self->send(to, media_opened{m.id, 0, fault{fault_code::unavailable, "no port"}});
    ++media->opened;
    const auto number = static_cast<std::uint16_t>(20000 + 2 * media->opened);
    media->ports_[m.id] = {m.owner, number, {}, {}, {}};
    self->send(to, media_opened{m.id, number, {}});
  }

  caf::behavior make_behavior() {
    return {
      [this](const open_media& m) { open(m); },
      [this](const aim_media& m) {
        if (media->is_open(m.id)) media->at(m.id).aimed = m;
      },
      [this](const connect_media& m) {
        if (!media->is_open(m.a) || !media->is_open(m.b)) return;
        media->part(m.a);
        media->part(m.b);
        media->at(m.a).joined = m.b;
        media->at(m.b).joined = m.a;
      },
      [this](const play_music& m) {
        if (!media->is_open(m.id)) return;
        media->part(m.id);
        media->at(m.id).music = m.file;
      },
      [this](const mute_media& m) { media->part(m.id); },
      [this](const close_media& m) {
        media->part(m.id);
        media->ports_.erase(m.id);
      },
      [this](const adopt_media& m) {
        if (media->is_open(m.id)) media->at(m.id).owner = m.owner;
      },
      [this](const owner_died& d) {
        std::erase_if(media->ports_,
                      [&](const auto& p) { return p.second.owner.address() == d.owner; });
      },
    };
  }
};

void fake_media::part(media_id id) {
  const auto found = ports_.find(id);
  if (found == ports_.end()) return;
  if (const auto peer = ports_.find(found->second.joined); peer != ports_.end())
    peer->second.joined = {};
  found->second.joined = {};
  found->second.music.reset();
}

const fake_media::port* fake_media::numbered(std::uint16_t number) const {
  for (const auto& [id, one] : ports_)
    if (one.number == number) return &one;
  return nullptr;
}

bool fake_media::are_joined(media_id a, media_id b) const {
  const auto found = ports_.find(a);
  return found != ports_.end() && b && found->second.joined == b;
}

caf::actor fake_media::spawn(caf::actor_system& system) {
  return spawn_actor<fake_engine>(system, this);
}

// --- journal, bus, probe -------------------------------------------------------------------------

namespace {

struct journal_keeper {
  static inline const char* name = "fake_journal";
  caf::event_based_actor* const self;
  fake_journal* const journal;

  journal_keeper(caf::event_based_actor* actor, fake_journal* of) : self(actor), journal(of) {}

  caf::behavior make_behavior() {
    return {
      [this](const keep_parked& k) {
        const auto to = caf::actor_cast<caf::actor>(self->current_sender());
        if (journal->is_silent) return;
        if (journal->fails)
          return self->send(to, kept{k.id, fault{fault_code::unavailable, "disk full"}});
        journal->on_disk[k.id] = k.terms;
        self->send(to, kept{k.id, std::nullopt});
      },
      [this](const drop_parked& d) { journal->on_disk.erase(d.id); },
    };
  }
};

struct bus_listener {
  static inline const char* name = "fake_bus";
  fake_bus* const bus;

  bus_listener(caf::event_based_actor*, fake_bus* of) : bus(of) {}

  caf::behavior make_behavior() {
    return {
      [this](const park_event& e) { bus->park_events.push_back(e); },
      [this](const park_noted& n) { bus->park_notes.push_back(n.what); },
      [this](const registration_event& e) { bus->registrations.push_back(e); },
      [](const call_event&) {},
    };
  }
};

}  // namespace

caf::actor fake_journal::spawn(caf::actor_system& system) {
  return spawn_actor<journal_keeper>(system, this);
}

caf::actor fake_bus::spawn(caf::actor_system& system) {
  return spawn_actor<bus_listener>(system, this);
}

probe::probe(caf::actor_system& system) : heard_(std::make_shared<std::vector<caf::message>>()) {
  who_ = system.spawn<caf::hidden>(
    [](caf::event_based_actor* self,
       const std::shared_ptr<std::vector<caf::message>>& heard) -> caf::behavior {
      self->set_default_handler(
        [heard](caf::scheduled_actor*, caf::message_view& view) -> caf::result<caf::message> {
          heard->push_back(view.move_content_to_message());
          return caf::message{};
        });
      return {[](caf::unit_t) {}};
    },
    heard_);
}

probe::~probe() {
  caf::anon_send_exit(who_, caf::exit_reason::kill);
}

// --- the house -----------------------------------------------------------------------------------

tenant office_tenant() {
  tenant t;
  t.name = tenant_name{"demo"};
  t.domain = "pbx.test";
  t.is_default = true;
  const std::map<std::string, std::string> people{{"101", "Ann"},   {"102", "Bob"},
                                                  {"103", "James"}, {"104", "Mary"},
                                                  {"105", "Tom"},   {"106", "user106"}};
  for (const auto& [n, who] : people)
    t.extensions[number{n}] = {number{n}, who, {}};
  t.ring_groups[number{"600"}] = {
    number{"600"}, "Front desk", ring_strategy::simultaneous, 20s, {number{"105"}, number{"106"}}};
  park_group_entry sales;
  sales.name = group_name{"Sales"};
  sales.members = {number{"101"}, number{"102"}, number{"103"}};
  t.park_groups.push_back(sales);
  for (const auto& m : sales.members)
    t.group_of[m] = 0;
  return t;
}

device phone_of(const std::string& extension, int which) {
  const auto last = std::to_string(which);
  const auto port = static_cast<std::uint16_t>(5000 + std::stoi(extension));
  return {"192.0.2." + last + ":" + std::to_string(port),
          {*ip_address::parse("192.0.2." + last), port}};
}

house::house(choices c)
  : wire_(std::make_shared<fake_wire>()),
    media_(std::make_shared<fake_media>()),
    journal_(std::make_shared<fake_journal>()),
    bus_(std::make_shared<fake_bus>()),
    context_filled_(std::make_shared<context>()) {
  scheduler_.clock().current_time += 1h;  // Nothing begins at zero.
  if (c.seed) shuffle_ = std::make_unique<std::mt19937>(c.seed);
  auto node = std::make_shared<settings>();
  node->media = c.media;
  auto& lent = *context_filled_;
  context_ = context_filled_;
  lent.system = &system_;
  lent.node = node;
  lent.tenants = std::make_shared<tenant_book>();
  lent.names = std::make_shared<directory>();
  lent.transports = {wire_->spawn(system_)};
  if (!c.without_media) lent.media = {media_->spawn(system_)};
  lent.journal = journal_->spawn(system_);
  lent.bus = bus_->spawn(system_);
  lent.wall_base_steady = now();
  lent.switchboards = {spawn_switchboard(context_, 0)};
  furnish_directory(context_);
  lent.names->spawn_with(
    directory_kind::extension, [this](const tenant_name& in, const std::string& n) {
      const auto found = stand_ins_.find(n);
      return found == stand_ins_.end() ? spawn_extension(context_, in, number{n}) : found->second;
    });
  change_tenant(std::move(c.office));
  run();
  at_home_ = system_.registry().running();
}

house::~house() {
  auto all = context_->names->everybody();
  for (const auto* more : {&context_->transports, &context_->media, &context_->switchboards})
    all.insert(all.end(), more->begin(), more->end());
  all.push_back(context_->journal);
  all.push_back(context_->bus);
  for (const auto& [id, leg] : wire_->legs())
    if (leg.owner) all.push_back(leg.owner);
  for (const auto& a : all)
    caf::anon_send_exit(a, caf::exit_reason::kill);
  all.clear();
  run();
  wire_->clear();
  media_->clear();
  context_->names->clear();
  auto& lent = *context_filled_;
  lent.transports.clear();
  lent.switchboards.clear();
  lent.media.clear();
  lent.bus = lent.journal = nullptr;
  scheduler_.clock().cancel_all();
  system_.await_actors_before_shutdown(false);
}

void house::change_tenant(tenant changed) {
  auto list = std::make_shared<tenant_list>();
  list->add(std::make_shared<const tenant>(std::move(changed)));
  context_->tenants->replace(list);
}

bool house::step() {
  auto& jobs = scheduler_.jobs;
  if (jobs.empty()) return false;
  if (shuffle_) {
    const auto pick = (*shuffle_)() % jobs.size();
    std::swap(jobs.front(), jobs[pick]);
  }
  return scheduler_.try_run_once();
}

void house::run() {
  while (step()) {
  }
}

void house::run_some(std::size_t messages) {
  while (messages-- > 0 && step()) {
  }
}

void house::after(std::chrono::milliseconds span) {
  auto& clock = scheduler_.clock();
  const auto end = clock.now() + span;
  run();
  while (!clock.schedule().empty() && clock.schedule().begin()->first <= end) {
    const auto due = clock.schedule().begin()->first;
    clock.advance_time(std::max(due - clock.now(), caf::timespan::zero()));
    run();
  }
  clock.advance_time(end - clock.now());
  run();
}

void house::registers(const std::string& extension, int which, std::chrono::seconds expires) {
  register_phone r;
  r.transport = wire_->transport();
  r.call_id = "reg-" + extension + "-" + std::to_string(which);
  r.sequence = ++registrations_;
  contact_change change;
  change.contact.phone = phone_of(extension, which);
  change.contact.key = change.contact.uri = "sip:" + extension + "@" + change.contact.phone.contact;
  change.contact.via.remote = change.contact.phone.source;
  change.expires = expires;
  r.changes.push_back(std::move(change));
  tell(wire_->transport(), extension_actor(extension), std::move(r));
}

void house::unregisters(const std::string& extension) {
  register_phone r;
  r.transport = wire_->transport();
  r.call_id = "reg-off";
  r.sequence = ++registrations_;
  r.remove_all = true;
  tell(wire_->transport(), extension_actor(extension), std::move(r));
}

namespace {

incoming_call call_from(const tenant& in, const std::string& extension, int which) {
  incoming_call c;
  c.tenant = in.name;
  c.caller = {in.extension(number{extension})->display_name, number{extension}, false};
  c.phone = phone_of(extension, which);
  return c;
}

}  // namespace

leg_id house::dials_at_once(const std::string& extension, const std::string& dialled,
                            session_ptr offer, int which, leg_id replaced) {
  auto c = call_from(*tenants(), extension, which);
  c.leg = context_->fresh_leg(0);
  c.transport = wire_->transport();
  c.dialled = dialled;
  c.offer = std::move(offer);
  c.replaces_leg = replaced;
  if (replaced) c.replaces = dialog_name{"call", "to", "from", false};
  auto& leg = wire_->leg(c.leg);
  leg.inbound = true;
  leg.owner = context_->switchboards[0];
  leg.caller = extension;
  const auto id = c.leg;
  caf::send_as(wire_->transport(), context_->switchboards[0], std::move(c));
  return id;
}

leg_id house::dials(const std::string& extension, const std::string& dialled, session_ptr offer,
                    int which) {
  const auto id = dials_at_once(extension, dialled, std::move(offer), which);
  run();
  return id;
}

leg_id house::dials_for(const std::string& extension, leg_id replaced, session_ptr offer) {
  const auto id = dials_at_once(extension, extension, std::move(offer), 9, replaced);
  run();
  return id;
}

leg_id house::rings_at(const std::string& extension, int which) const {
  for (const auto& [id, leg] : wire_->legs())
    if (leg.placed && !leg.over && !leg.up && leg.placed->extension.text == extension
        && leg.placed->to.phone.same_as(phone_of(extension, which)))
      return id;
  return {};
}

void house::answers(leg_id leg, session_ptr with) {
  says(leg_answered{leg, std::move(with), {}});
}
void house::confirms(leg_id leg, session_ptr with) {
  says(leg_confirmed{leg, std::move(with)});
}
void house::refuses(leg_id leg, fault_code code, std::uint16_t status) {
  says(leg_refused{leg, {code, status, {}}});
}
void house::hangs_up(leg_id leg) {
  says(leg_ended{leg, end_cause::hung_up});
}
void house::refers(leg_id leg, const std::string& dialled, transfer_id id, leg_id replaced) {
  transfer_requested t;
  t.leg = leg;
  t.id = id;
  t.dialled = dialled;
  t.replaces_leg = replaced;
  if (replaced) t.replaces = dialog_name{"call", "to", "from", false};
  says(std::move(t));
}

leg_id house::refers_from_outside(const std::string& extension, const std::string& dialled,
                                  const std::string& orbit, leg_id replaced) {
  outside_transfer t;
  t.id = context_->fresh_leg(0);
  t.transport = wire_->transport();
  t.tenant = tenant_name{"demo"};
  t.by = {"", number{extension}, false};
  t.dialled = dialled;
  t.orbit = orbit;
  t.replaces_leg = replaced;
  wire_->leg(t.id).from_outside = true;
  const auto id = t.id;
  tell(wire_->transport(), context_->switchboards[0], std::move(t));
  return id;
}

void house::acknowledges_report(leg_id leg) {
  says(transfer_reported{leg, wire_->leg(leg).reports.back().id});
}

std::pair<leg_id, leg_id> house::talking(const std::string& caller, const std::string& called) {
  const auto from = dials(caller, called);
  const auto to = rings_at(called);
  answers(to);
  confirms(from);
  return {from, to};
}

const fake_media::port* house::port_of(leg_id id) {
  const auto& l = wire_->leg(id);
  session_ptr told;
  if (l.placed) told = l.placed->offer;
  if (l.rung && l.rung->early) told = l.rung->early;
  if (l.answered) told = l.answered->session;
  if (!l.offers.empty()) told = l.offers.back().session;
  if (!l.offer_answers.empty()) told = l.offer_answers.back().session;
  const auto* audio = audio_of(told);
  return audio ? media_->numbered(audio->port) : nullptr;
}

std::string house::hears(leg_id id) {
  const auto* port = port_of(id);
  if (!port) return "nobody";
  if (port->music) return "music";
  if (!port->joined) return "silence";
  for (const auto& [other, leg] : wire_->legs())
    if (other != id && !leg.over && port_of(other) == &media_->at(port->joined))
      return leg.placed ? leg.placed->extension.text : leg.caller;
  return "somebody";
}

caf::actor house::extension_actor(const std::string& n) {
  return context_->names->extension(tenant_name{"demo"}, number{n});
}

void house::stand_in(const std::string& extension, caf::actor who) {
  stand_ins_[extension] = std::move(who);
}

extension& house::extension_state(const std::string& n) {
  run();
  auto* actor = caf::actor_cast<caf::abstract_actor*>(extension_actor(n));
  return *dynamic_cast<caf::stateful_actor<boxed_state<extension>>&>(*actor).state.it;
}

parked_call& house::parked_call_state(const caf::actor& of) {
  auto* actor = caf::actor_cast<caf::abstract_actor*>(of);
  return *dynamic_cast<caf::stateful_actor<boxed_state<parked_call>>&>(*actor).state.it;
}

bool house::is_alive(const caf::actor& who) {
  // What is attached to an actor that has ended is told so at once.
  const auto ended = std::make_shared<bool>(false);
  caf::actor_cast<caf::abstract_actor*>(who)->attach_functor([ended] { *ended = true; });
  return !*ended;
}

std::vector<park_state> house::parked_at(const std::string& n) {
  std::vector<park_state> states;
  for (const auto& p : extension_state(n).parked)
    states.push_back(p.state);
  return states;
}

std::string house::left_over() {
  std::ostringstream left;
  for (const auto& stray : wire_->strays())
    left << "command for a leg that never was: " << stray << "; ";
  for (const auto& [id, leg] : wire_->legs())
    if (!leg.over) left << text_of(id) << " has no end; ";
  for (const auto& [id, port] : media_->open_ports())
    left << "media port " << id.serial << " is open; ";
  for (const auto& [n, entry] : tenants()->extensions) {
    const auto& e = extension_state(n.text);
    for (const auto& l : e.legs)
      left << n.text << " believes it has " << text_of(l.what.leg) << "; ";
    for (const auto& p : e.parked)
      left << n.text << " believes it has " << p.id.text << "; ";
  }
  for (const auto& [id, terms] : journal_->on_disk)
    left << id.text << " is on disk; ";
  auto home = context_->names->everybody();
  for (const auto* more : {&context_->transports, &context_->media, &context_->switchboards})
    home.insert(home.end(), more->begin(), more->end());
  for (const auto& a : home)
    if (!is_alive(a))
      left << dynamic_cast<caf::local_actor*>(caf::actor_cast<caf::abstract_actor*>(a))->name()
           << " died; ";
  const auto alive = system_.registry().running();
  auto expected = at_home_ + context_->names->everybody().size();
  for (const auto& [n, entry] : tenants()->extensions)
    if (extension_state(n.text).lamps) ++expected;
  if (alive != expected) left << alive << " actors live, not " << expected << "; ";
  return left.str();
}

}  // namespace parkway::testing

using namespace parkway;
using namespace parkway::testing;

TEST_CASE("a house in which nothing happened has nothing left over", "[fixture]") {
  house h;
  CHECK(h.left_over() == "");
}

TEST_CASE("a house tells what is left over", "[fixture]") {
  house h;
  h.registers("103");
  h.dials("106", "103");
  const auto left = h.left_over();
  CHECK(left.find("leg") != std::string::npos);
  CHECK(left.find("media port") != std::string::npos);
  CHECK(left.find("actors live") != std::string::npos);
}
