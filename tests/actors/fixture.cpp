#include "tests/actors/fixture.hpp"

#include "actors/switchboard.hpp"
#include "kernel/runtime/registry.hpp"

#include <caf/scoped_actor.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <sstream>

namespace parkway::testing {

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
    context_filled_(std::make_shared<node_context>()) {
  scheduler_.clock().current_time += 1h;  // Nothing begins at zero.
  if (c.seed) shuffle_ = std::make_unique<std::mt19937>(c.seed);
  auto node = std::make_shared<settings>();
  node->media = c.media;
  auto& lent = *context_filled_;
  context_ = context_filled_;
  lent.system = &system_;
  lent.node = node;
  lent.tenants = std::make_shared<tenant_book>();
  lent.actors = std::make_shared<registry>();
  lent.shards = {wire_->spawn(system_)};
  if (!c.without_media) lent.media = {media_->spawn(system_)};
  lent.journal = journal_->spawn(system_);
  lent.bus = bus_->spawn(system_);
  lent.wall_base_steady = now();
  lent.switchboards = {spawn_switchboard(context_, 0)};
  furnish_registry(context_);
  lent.actors->spawn_with(
    registry_kind::extension, [this](const tenant_name& in, const std::string& n) {
      const auto found = stand_ins_.find(n);
      return found == stand_ins_.end() ? spawn_extension(context_, in, number{n}) : found->second;
    });
  change_tenant(std::move(c.office));
  run();
  at_home_ = system_.registry().running();
}

house::~house() {
  auto all = context_->actors->everybody();
  for (const auto* more : {&context_->shards, &context_->media, &context_->switchboards})
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
  context_->actors->clear();
  auto& lent = *context_filled_;
  lent.shards.clear();
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
  r.shard = wire_->face();
  r.call_id = "reg-" + extension + "-" + std::to_string(which);
  r.sequence = ++registrations_;
  contact_change change;
  change.contact.phone = phone_of(extension, which);
  change.contact.key = change.contact.uri = "sip:" + extension + "@" + change.contact.phone.contact;
  change.contact.via.remote = change.contact.phone.source;
  change.expires = expires;
  r.changes.push_back(std::move(change));
  tell(wire_->face(), extension_actor(extension), std::move(r));
}

void house::unregisters(const std::string& extension) {
  register_phone r;
  r.shard = wire_->face();
  r.call_id = "reg-off";
  r.sequence = ++registrations_;
  r.remove_all = true;
  tell(wire_->face(), extension_actor(extension), std::move(r));
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
  c.shard = wire_->face();
  c.dialled = dialled;
  c.offer = std::move(offer);
  c.replaces_leg = replaced;
  if (replaced) c.replaces = dialog_name{"call", "to", "from", false};
  auto& leg = wire_->leg(c.leg);
  leg.inbound = true;
  leg.owner = context_->switchboards[0];
  leg.caller = extension;
  const auto id = c.leg;
  caf::send_as(wire_->face(), context_->switchboards[0], std::move(c));
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
  const auto id = refers_from_outside_at_once(extension, dialled, orbit, replaced);
  run();
  return id;
}

leg_id house::refers_from_outside_at_once(const std::string& extension, const std::string& dialled,
                                          const std::string& orbit, leg_id replaced) {
  outside_transfer t;
  t.id = context_->fresh_leg(0);
  t.shard = wire_->face();
  t.tenant = tenant_name{"demo"};
  t.by = {"", number{extension}, false};
  t.dialled = dialled;
  t.orbit = orbit;
  t.replaces_leg = replaced;
  wire_->leg(t.id).from_outside = true;
  wire_->leg(t.id).about = replaced;
  const auto id = t.id;
  const auto meant = wire_->legs().find(replaced);
  if (meant != wire_->legs().end() && !meant->second.over && meant->second.is_of(extension))
    wire_->says(park_announced{replaced});
  caf::send_as(wire_->face(), context_->switchboards[0], std::move(t));
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
  return context_->actors->extension(tenant_name{"demo"}, number{n});
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
  auto home = context_->actors->everybody();
  for (const auto* more : {&context_->shards, &context_->media, &context_->switchboards})
    home.insert(home.end(), more->begin(), more->end());
  for (const auto& a : home)
    if (!is_alive(a))
      left << dynamic_cast<caf::local_actor*>(caf::actor_cast<caf::abstract_actor*>(a))->name()
           << " died; ";
  const auto alive = system_.registry().running();
  auto expected = at_home_ + context_->actors->everybody().size();
  for (const auto& [n, entry] : tenants()->extensions)
    if (extension_state(n.text).lamps) ++expected;
  if (alive != expected) left << alive << " actors live, not " << expected << "; ";
  return left.str();
}

}  // namespace parkway::testing
