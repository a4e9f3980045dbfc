#include "tests/sim/park_rules.hpp"
#include "tests/sim/story.hpp"

using namespace parkway;
using namespace parkway::sim;
using namespace std::chrono_literals;

/// Two callers, two parkers, three retrievers do what people and phones do, in an order the seed
/// chooses, through a network as good or bad as the seed says; and at every quiet moment the rules
/// of parking hold.

namespace {

/// How good the network of a seed is.
enum class weather : std::uint8_t { fair, jittery, bad };

class busy_day {
 public:
  explicit busy_day(std::uint64_t seed)
    : sky_(static_cast<weather>(seed % 3)),
      story_({.seed = seed, .shards = 1 + seed / 3 % 3, .change = [seed](tenant& t) {
                arrange(t, seed);
              }}) {
    for (auto* name : {"alice", "eve"})
      hire(name, number_of(name), callers_);
    for (auto* name : {"james", "carol"})
      hire(name, number_of(name), parkers_);
    for (auto* name : {"ann", "bob", "dave"})
      hire(name, number_of(name), retrievers_);
    // A second phone on James's desk: recalls ring both.
    hire("james2", "103", parkers_);
    watch();
    if (sky_ == weather::jittery) story_.net().set_terms(link_terms::jitter(30ms));
    if (sky_ == weather::bad) story_.net().set_terms(link_terms::bad());
  }

  /// Returns false as soon as a rule is broken.
  bool live(int acts) {
    for (int i = 0; i < acts; ++i) {
      if (chance(0.12))
        rush();
      else
        act(chance(0.5) ? one_of(parkers_) : anybody());
      story_.run_for(pause());
      if (chance(0.15) && !is_calm()) return false;
    }
    return is_calm();
  }

  simulation& story() { return story_; }
  const std::vector<std::string>& callers() const { return names_of_callers_; }

 private:
  static std::string number_of(const std::string& name) {
    static const std::map<std::string, std::string> numbers{
      {"ann", "101"},  {"bob", "102"},   {"james", "103"}, {"carol", "104"},
      {"dave", "105"}, {"alice", "106"}, {"eve", "107"}};
    return numbers.at(name);
  }

  static void arrange(tenant& t, std::uint64_t seed) {
    auto& park = t.call_park;
    park.recall.recall_time = 8s;
    park.recall.ring_time = 5s;
    park.recall.retry_time = 5s;
    park.recall.max_park_time = 90s;
    park.notify_parker = seed % 5 == 0;
    park.parked_per_extension_max = seed % 7 == 0 ? 1 : 0;
    if (seed % 4 == 1) park.recall.final_number = number{"105"};
    for (auto& group : t.park_groups) {
      group.recall = park.recall;
      group.hunting = static_cast<hunting_policy>(seed / 2 % 4);
    }
  }

  void hire(const std::string& name, const std::string& number, std::vector<phone*>& as) {
    phone_habits habits;
    habits.after_park = static_cast<goodbye>(below(5));
    habits.offers = !chance(0.2);
    habits.reliable = chance(0.3);
    habits.session_timer = chance(0.3) ? 90 : 0;
    habits.allows_update = !chance(0.2);
    habits.forgets_after_bye = chance(0.2);
    habits.transport = chance(0.2) ? transport_kind::tcp : transport_kind::udp;
    auto& p = story_.registered(name, number, habits);
    as.push_back(&p);
    people_.push_back(&p);
    if (&as == &callers_) names_of_callers_.push_back(name);
  }

  /// Keys on every desk that retrieves; one phone's screen is fed by a subscription of its own.
  void watch() {
    for (auto* p : retrievers_)
      for (auto* number : {"103", "104", "*88101", "*88103"})
        p->watch("dialog", number);
    retrievers_.front()->watch("call-info", retrievers_.front()->habits().number);
    story_.run_for(1s);
  }

  // --- chance ---

  std::uint64_t below(std::uint64_t n) { return story_.time().below(n); }
  bool chance(double p) { return story_.time().chance(p); }
  phone& one_of(std::vector<phone*>& these) { return *these[below(these.size())]; }
  phone& anybody() { return one_of(people_); }
  std::string place() { return one_of(chance(0.7) ? parkers_ : retrievers_).habits().number; }
  timeline::duration pause() {
    auto die = below(10);
    if (die < 2) return 0ms;
    if (die < 8) return story_.time().between(0ms, 300ms);
    return story_.time().between(1s, 8s);
  }
  bool is(const phone& p, const std::vector<phone*>& these) const {
    return std::find(these.begin(), these.end(), &p) != these.end();
  }

  // --- what people do ---

  void act(phone& p) {
    if (auto* ringing = call_of(p, call_state::ringing_here); ringing && chance(0.85))
      return chance(0.9) ? ringing->answer() : ringing->refuse(chance(0.5) ? 486 : 603);
    if (is(p, callers_)) return act_as_caller(p);
    auto* talking = call_of(p, call_state::talking);
    if (talking && chance(0.75)) return act_in_call(p, *talking);
    if (auto* calling = call_of(p, call_state::calling); calling && chance(0.4))
      return calling->hang_up();
    if (p.live_calls() >= 3) return;
    if (is(p, parkers_) && chance(0.5)) {
      auto& called = one_of(callers_);
      if (called.live_calls() == 0) p.call(called.habits().number);
    } else {
      retrieve(p);
    }
  }

  void act_as_caller(phone& p) {
    auto* call = p.live_call();
    if (!call) {
      p.call(one_of(parkers_).habits().number);
      return;
    }
    auto die = below(100);
    if (die < (call->talking() ? 12 : 5)) return call->hang_up();
    if (!call->talking()) return;
    if (die < 20) return call->hold();
    if (die < 40) return call->resume();
    if (die < 46) return call->propose_codecs({{8, "PCMA/8000"}, {101, "telephone-event/8000"}});
    if (die < 52) return call->propose_codecs(p.habits().codecs);
    if (die < 57) return call->ask_for_offer();
    if (die < 60) return call->send_info("text/plain", "x");
  }

  void act_in_call(phone& p, phone_call& call) {
    auto die = below(100);
    if (die < 36) return call.refer(park_code());
    if (die < 46) return park_by_second_call(p, call);
    if (die < 56) return park_by_attended_transfer(p, call);
    if (die < 66) return p.park_outside(place(), call);
    if (die < 73) return call.hold();
    if (die < 83) return call.resume();
    if (die < 92) return call.hang_up();
    if (die < 96) return call.propose("sendrecv");
    call.send_info("text/plain", "x");
  }

  std::string park_code() {
    auto die = below(10);
    if (die < 3) return "*58";
    if (die < 4) return "*68";
    if (die < 5) return "*68199";
    return "*68" + place();
  }

  void park_by_second_call(phone& p, phone_call& call) {
    if (!call.busy()) call.hold();
    if (p.live_calls() < 3) p.call(park_code());
  }

  void park_by_attended_transfer(phone& p, phone_call& call) {
    auto* other = call_of(p, call_state::talking, &call);
    if (other && (other->dialled()[1] == '6' || other->dialled()[1] == '5'))
      return call.refer(other->dialled(), other);
    park_by_second_call(p, call);
  }

  void retrieve(phone& p) {
    auto parked = parked_calls(story_);
    if (parked.empty() && chance(0.85)) return;
    auto die = below(100);
    for (auto& w : p.watches())
      if (die < 25 && w->active() && !w->shown().published.empty()) {
        p.call_replacing(w->user(), w->shown().published.front());
        return;
      }
    if (die < 45)
      p.call("*88");
    else if (die < 95 && !parked.empty())
      p.call("*88" + parked[below(parked.size())].terms->place.text);
    else
      p.call("*88" + place());
  }

  /// Several at the same instant: who is recalled answers, who waits hangs up, others retrieve.
  void rush() {
    for (auto* p : people_) {
      if (auto* ringing = call_of(*p, call_state::ringing_here); ringing && chance(0.6))
        ringing->answer();
      else if (is(*p, callers_) && p->live_call() && chance(0.15))
        p->live_call()->hang_up();
      else if (is(*p, retrievers_) && p->live_calls() < 2 && chance(0.6))
        retrieve(*p);
      else if (auto* call = call_of(*p, call_state::talking); call && chance(0.2))
        call->hang_up();
    }
  }

  phone_call* call_of(phone& p, call_state state, const phone_call* except = nullptr) {
    std::vector<phone_call*> found;
    for (std::size_t i = 0; i < p.line_count(); ++i)
      if (auto& call = p.line(i); call.state() == state && &call != except) found.push_back(&call);
    return found.empty() ? nullptr : found[below(found.size())];
  }

  // --- what must hold ---

  /// The contract's 300 ms where nothing is lost. A phone that hears nothing for 64*T1 and a
  /// notifier that waits before it tries again need their time once the network is good again.
  bool is_calm() {
    story_.net().set_terms(sky_ == weather::jittery ? link_terms::jitter(30ms) : link_terms{});
    auto limit = sky_ == weather::bad ? timeline::duration(60s) : timeline::duration(300ms);
    auto broken = [&] { return broken_park_rules(story_, names_of_callers_); };
    bool calm = story_.run_until([&] { return broken().empty(); }, limit);
    if (!calm) CHECK(broken() == std::vector<std::string>{});
    if (sky_ == weather::bad) story_.net().set_terms(link_terms::bad());
    return calm;
  }

  const weather sky_;
  simulation story_;
  std::vector<phone*> people_, callers_, parkers_, retrievers_;
  std::vector<std::string> names_of_callers_;
};

}  // namespace

TEST_CASE("whatever people do in whatever order, nobody is lost and no lamp lies",
          "[park][orders]") {
  busy_day day{GENERATE(seeds(300, 10'000))};
  if (day.live(50)) check_end(day.story());
}
