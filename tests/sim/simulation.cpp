#include "tests/sim/simulation.hpp"

#include "actors/extension/extension.hpp"
#include "actors/switchboard.hpp"
#include "kernel/runtime/journal.hpp"
#include "kernel/runtime/publish_tenants.hpp"
#include "kernel/runtime/registry.hpp"
#include "sip/shard/shard_actor.hpp"
#include "tests/sim/park_rules.hpp"

#include <caf/defaults.hpp>
#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>

namespace parkway::sim {

using namespace std::chrono_literals;

simulation* simulation::current = nullptr;

namespace {

endpoint address_of(int host) {
  auto text = "192.0.2." + std::to_string(host);
  if (host > 255)
    text = "10." + std::to_string(host / 65536) + "." + std::to_string(host / 256 % 256) + "."
           + std::to_string(host % 256);
  return {*ip_address::parse(text), 5060};
}

/// Writes down what the bus carries.
struct chronicler {
  static inline const char* name = "chronicler";
  caf::event_based_actor* const self;
  std::vector<park_event>* const parks;
  std::vector<call_event>* const calls;

  chronicler(caf::event_based_actor* actor, std::vector<park_event>* p, std::vector<call_event>* c)
    : self(actor), parks(p), calls(c) {}

  caf::behavior make_behavior() {
    return {
      [this](const park_event& e) { parks->push_back(e); },
      [](const park_noted&) {},
      [this](const call_event& e) { calls->push_back(e); },
      [](const registration_event&) {},
    };
  }
};

}  // namespace

simulation::config::config() {
  set("scheduler.policy", caf::atom("testing"));
  set("logger.inline-output", true);
}

simulation::simulation(story_terms terms)
  : terms_(std::move(terms)),
    time_(terms_.seed),
    jobs_(dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler())) {
  auto* level = std::getenv("PARKWAY_LOG");
  spdlog::set_level(level ? spdlog::level::from_str(level) : spdlog::level::off);
  jobs_.clock().current_time = time_.now();
  net_.set_terms(terms_.link);
  build_house();
  settle();
  staff_count_ = system_.registry().running();
  current = this;
}

simulation::~simulation() {
  current = nullptr;
  phone_at_.clear();
  phones_.clear();
  for (auto& face : context_->shards)
    caf::anon_send(face, shut_down{});
  settle();
  for (auto& a : context_->actors->everybody())
    caf::anon_send_exit(a, caf::exit_reason::kill);
  for (auto& a : staff_)
    caf::anon_send_exit(a, caf::exit_reason::kill);
  settle();
  // Handles go before the system does; pending timers would fire for ever at its end.
  staff_.clear();
  context_->actors->clear();
  context_->shards.clear();
  context_->switchboards.clear();
  context_->media.clear();
  context_->bus = context_->journal = nullptr;
  settle();
  jobs_.clock().cancel_all();
  system_.await_actors_before_shutdown(false);
}

void simulation::build_house() {
  auto tenants = std::make_shared<tenant_list>();
  auto first = build_tenant({});
  if (terms_.change) terms_.change(first);
  tenants->add(std::make_shared<const tenant>(std::move(first)));
  for (auto& o : terms_.more_offices)
    tenants->add(std::make_shared<const tenant>(build_tenant(o)));
  auto node = std::make_shared<settings>();
  node->listeners = {{transport_kind::udp, "192.0.2.10", 5060, {}},
                     {transport_kind::tcp, "192.0.2.10", 5060, {}}};
  node->requests_per_second = 100'000;
  if (terms_.configure) terms_.configure(*node);

  auto& h = *context_;
  h.system = &system_;
  h.node = node;
  h.tenants = std::make_shared<tenant_book>();
  h.tenants->replace(tenants);
  h.actors = std::make_shared<registry>();
  h.bus = spawn_bus(system_);
  h.journal = spawn_null_journal(system_);
  h.media = {media_.spawn(system_)};
  h.wall_base = std::chrono::system_clock::time_point(24h * 365 * 50);
  h.wall_base_steady = time_.now();
  auto chronicle = spawn_actor<chronicler>(system_, &park_events_, &call_events_);
  caf::anon_send(h.bus, watch{chronicle, topic::all});
  staff_ = {h.bus, h.journal, h.media.front(), chronicle};

  settle();
  furnish_registry(context_);
  std::array<std::uint8_t, 32> key{};
  key.fill(static_cast<std::uint8_t>(1 + terms_.seed % 255));
  auto calls = std::make_shared<std::atomic<std::uint32_t>>(0);
  port_ = std::make_unique<pbx_port>(time_, net_, address_of(10), terms_.shards);
  for (std::size_t i = 0; i < terms_.shards; ++i) {
    h.switchboards.push_back(spawn_switchboard(context_, static_cast<std::uint16_t>(i)));
    staff_.push_back(h.switchboards.back());
  }
  for (std::size_t i = 0; i < terms_.shards; ++i) {
    sip::shard_options options;
    options.index = static_cast<std::uint16_t>(i);
    options.count = static_cast<std::uint16_t>(terms_.shards);
    options.random_seed = terms_.seed * 64 + i + 1;
    options.nonce_key = key;
    options.calls = calls;
    shards_.push_back(std::make_unique<sip::shard>(options, port_->wire_of(i), context_,
                                                   h.switchboards[i], time_.now()));
    h.shards.push_back(spawn_actor<sip::shard_actor>(system_, shards_.back().get()));
    staff_.push_back(h.shards.back());
    port_->listen(i, shards_.back().get());
  }
}

void simulation::change_tenant(const std::function<void(tenant&)>& how) {
  auto before = context_->tenants->current();
  auto changed = *before->fallback;
  how(changed);
  auto after = std::make_shared<tenant_list>(*before);
  after->add(std::make_shared<const tenant>(std::move(changed)));
  publish_tenants(*context_, after);
}

// --- phones --------------------------------------------------------------------------------------

phone& simulation::add_phone(const std::string& name, const std::string& number,
                             phone_habits habits) {
  habits.number = number;
  auto own = address_of(101 + static_cast<int>(phones_.size()));
  auto& slot = phones_[name];
  if (slot) phone_at_.erase(slot->address().address);
  slot = std::make_unique<phone>(time_, net_, own, port_->address(), name, std::move(habits));
  phone_at_[own.address] = slot.get();
  return *slot;
}

phone& simulation::registered(const std::string& name, const std::string& number,
                              phone_habits habits) {
  auto& p = add_phone(name, number, std::move(habits));
  p.register_for();
  run_until([&] { return p.registered(); });
  return p;
}

// --- time ----------------------------------------------------------------------------------------

std::size_t simulation::due_shards() const {
  return static_cast<std::size_t>(std::count_if(shards_.begin(), shards_.end(), [&](auto& s) {
    auto next = s->next_timer();
    return next && *next <= time_.now();
  }));
}

void simulation::run_shard(std::size_t which) {
  for (auto& s : shards_) {
    auto next = s->next_timer();
    if (next && *next <= time_.now() && which-- == 0) return s->on_time(time_.now());
  }
}

void simulation::run_job(std::size_t which) {
  std::swap(jobs_.jobs.front(), jobs_.jobs[which]);
  jobs_.run_once();
}

/// Runs all that can run now: one thing after the other, the seed chooses which.
void simulation::settle() {
  for (std::uint64_t steps = 0; steps < 10'000'000; ++steps) {
    auto mails = jobs_.jobs.size();
    auto timers = due_shards();
    auto events = time_.due();
    if (mails + timers + events == 0) return;
    auto chosen = time_.below(mails + timers + events);
    if (chosen < mails)
      run_job(chosen);
    else if (chosen < mails + timers)
      run_shard(chosen - mails);
    else
      time_.run_one();
  }
  observed_.push_back("time stands still: something is due for ever");
}

std::optional<timeline::time_point> simulation::next_due() const {
  auto next = time_.next();
  auto sooner = [&](timeline::time_point t) { next = next ? std::min(*next, t) : t; };
  for (auto& s : shards_)
    if (auto t = s->next_timer()) sooner(*t);
  auto& schedule = jobs_.clock().schedule();
  if (!schedule.empty()) sooner(schedule.begin()->first);
  return next;
}

void simulation::run_for(timeline::duration span) {
  auto until = time_.now() + span;
  settle();
  for (auto next = next_due(); next && *next <= until; next = next_due()) {
    time_.move_to(*next);
    jobs_.clock().advance_time(time_.now() - jobs_.clock().now());
    settle();
  }
  time_.move_to(until);
  jobs_.clock().advance_time(until - jobs_.clock().now());
  settle();
}

bool simulation::run_until(const std::function<bool()>& so, timeline::duration limit) {
  auto until = time_.now() + limit;
  settle();
  while (!so()) {
    auto next = next_due();
    if (!next || *next > until) {
      run_for(until - time_.now());
      return so();
    }
    run_for(*next > time_.now() ? *next - time_.now() : timeline::duration::zero());
  }
  return true;
}

// --- what people hear ----------------------------------------------------------------------------

/// Whose phone listens at that address, and whether it sends what is said into it.
bool simulation::speaks(const endpoint& rtp, std::string& who) const {
  auto found = phone_at_.find(rtp.address);
  if (found == phone_at_.end()) return false;
  auto& p = *found->second;
  for (std::size_t i = 0; i < p.line_count(); ++i) {
    auto& call = p.line(i);
    if (call.local_sdp().port != rtp.port) continue;
    who = p.name();
    return call.local_sdp().sends() && call.state() != call_state::ended;
  }
  return false;
}

std::string simulation::hears(const phone& who, const phone_call& in) const {
  auto& local = in.local_sdp();
  auto& remote = in.remote_sdp();
  std::string other;
  auto there = ip_address::parse(remote.address);
  if (in.ended() || !local.listens() || remote.port == 0 || !there) return "nothing";
  if (*there != port_->address().address)
    return speaks({*there, remote.port}, other) ? other : "nothing";
  auto* port = media_.find(remote.port);
  endpoint own{who.address().address, local.port};
  if (!port || port->rtp != own || !port->may_send) return "nothing";
  if (port->hears == media_port::source::music) return "music";
  auto* peer = media_.find(port->peer);
  if (port->hears != media_port::source::peer || !peer || !peer->rtp) return "nothing";
  if (!speaks(*peer->rtp, other)) return "nothing";
  bool fits = std::any_of(port->codecs.begin(), port->codecs.end(), [&](auto& c) {
    return !c.is_event() && std::any_of(peer->codecs.begin(), peer->codecs.end(), [&](auto& d) {
      return c.same_format(d);
    });
  });
  return fits ? other : "noise";
}

std::string simulation::hears(const std::string& name) {
  auto& p = (*this)[name];
  auto* call = p.live_call();
  return call ? hears(p, *call) : "nothing";
}

// --- the rules -----------------------------------------------------------------------------------

std::size_t simulation::legs() const {
  std::size_t all = 0;
  for (auto& s : shards_)
    all += s->counts().legs;
  return all;
}

/// Extensions that have shown something to somebody keep their notifier.
std::size_t simulation::notifiers() const {
  std::size_t count = 0;
  for (auto& entry : context_->actors->everybody()) {
    auto* place = dynamic_cast<caf::stateful_actor<boxed_state<extension>>*>(
      caf::actor_cast<caf::abstract_actor*>(entry));
    if (place && place->state.it && place->state.it->lamps) ++count;
  }
  return count;
}

std::vector<std::string> simulation::broken_rules() const {
  auto broken = observed_;
  std::map<park_id, std::size_t> ends;
  for (auto& e : park_events_) {
    if (ends[e.id] > 0) broken.push_back("parked call " + e.id.text + " goes on after its end");
    if (e.state == park_state::ended) ++ends[e.id];
  }
  for (auto& [name, p] : phones_)
    broken.insert(broken.end(), p->complaints().begin(), p->complaints().end());
  return broken;
}

std::vector<std::string> simulation::end() {
  net_.set_terms({});
  net_.forget_own_terms();
  // A registered phone that cannot hear is told again and again.
  for (auto& [name, p] : phones_)
    if (!net_.attached(p->address())) p->plug_in();
  // Whoever is rung because others hang up hangs up too.
  for (int round = 0; round < 4; ++round) {
    for (auto& [name, p] : phones_)
      for (std::size_t i = 0; i < p->line_count(); ++i)
        p->line(i).hang_up();
    run_for(40s);
  }
  run_for(100s);
  auto broken = broken_rules();
  auto expect_none = [&](std::size_t count, const std::string& what) {
    if (count > 0) broken.push_back(std::to_string(count) + " " + what);
  };
  expect_none(legs(), "legs without an end");
  for (auto& s : shards_)
    expect_none(s->counts().transactions, "transactions without an end");
  expect_none(media_.open_ports().size(), "media ports open");
  for (auto& [name, p] : phones_) {
    expect_none(p->live_calls(), "calls left on the phone of " + name);
    expect_none(p->unfinished(), "transactions left on the phone of " + name);
  }
  std::map<park_id, park_state> last;
  for (auto& e : park_events_)
    last[e.id] = e.state;
  expect_none(static_cast<std::size_t>(std::count_if(
                last.begin(), last.end(), [](auto& l) { return l.second != park_state::ended; })),
              "parked calls without an end");
  for (auto& lie : lying_lamps(*this))
    broken.push_back(lie);
  auto entries = context_->actors->everybody().size();
  expect_none(system_.registry().running() - staff_count_ - entries - notifiers(),
              "actors too many");
  // Each extension may wait for the end of a registration; nobody else waits for anything.
  auto waiting = jobs_.clock().schedule().size();
  expect_none(waiting > entries ? waiting - entries : 0, "timers of actors too many");
  return broken;
}

}  // namespace parkway::sim
