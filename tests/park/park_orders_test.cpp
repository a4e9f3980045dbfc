#include "tests/sim/story.hpp"

using namespace parkway;
using namespace parkway::sim;
using namespace std::chrono_literals;

namespace {

/// A day in an office where everybody does something at random: calls, answers, holds, parks by
/// REFER or by INVITE, retrieves, hangs up, pulls the plug.
struct busy_day {
  simulation story;
  std::vector<phone*> people;

  explicit busy_day(std::uint64_t seed)
    : story({.seed = seed, .shards = 1 + seed % 3, .change = [](tenant& t) {
               t.call_park.recall.recall_time = 20s;
               t.call_park.recall.ring_time = 5s;
               t.call_park.recall.retry_time = 5s;
               t.call_park.recall.max_park_time = 60s;
               for (auto& group : t.park_groups)
                 group.recall = t.call_park.recall;
             }}) {
    for (auto& [name, number] : std::vector<std::pair<std::string, std::string>>{
           {"ann", "101"}, {"bob", "102"}, {"james", "103"}, {"carol", "104"}, {"alice", "106"}}) {
      phone_habits habits;
      habits.after_park = static_cast<goodbye>(story.time().below(5));
      habits.offers = !story.time().chance(0.2);
      habits.reliable = story.time().chance(0.3);
      habits.session_timer = story.time().chance(0.3) ? 90 : 0;
      habits.allows_update = !story.time().chance(0.2);
      habits.transport = story.time().chance(0.2) ? transport_kind::tcp : transport_kind::udp;
      people.push_back(&story.registered(name, number, habits));
    }
  }

  std::string any_number() { return people[story.time().below(people.size())]->habits().number; }

  void act(phone& p) {
    auto* call = p.live_call();
    auto die = story.time().below(100);
    if (!call || die < 8) return dial(p);
    if (call->state() == call_state::ringing_here)
      return die < 75 ? call->answer() : die < 85 ? call->refuse(486) : void();
    if (call->state() != call_state::talking || die < 30)
      return die < 20 ? call->hang_up() : void();
    if (die < 45) return call->hold();
    if (die < 55) return call->resume();
    if (die < 80) return call->refer(story.time().chance(0.8) ? "*68" + any_number() : "*58");
    if (die < 90) return call->propose("sendrecv");
    call->send_info("text/plain", "x");
  }

  void dial(phone& p) {
    auto die = story.time().below(100);
    if (die < 40)
      p.call(any_number());
    else if (die < 60)
      p.call("*88" + any_number());
    else if (die < 75)
      p.call("*88");
    else if (die < 90)
      p.call("*68" + any_number());
    else if (die < 95)
      p.call("*58");
    else
      p.call("*68199");
  }

  void live(int acts) {
    for (int i = 0; i < acts; ++i) {
      auto& p = *people[story.time().below(people.size())];
      if (p.live_calls() < 4) act(p);
      story.run_for(story.time().between(0ms, story.time().chance(0.2) ? 8s : 400ms));
      CHECK(nobody_hears_noise());
    }
  }

  bool nobody_hears_noise() {
    for (auto* p : people)
      if (story.hears(p->name()) == "noise") return false;
    return true;
  }
};

}  // namespace

TEST_CASE("whatever people do in whatever order, nothing is left over", "[.][open][park][orders]") {
  busy_day day{GENERATE(seeds(200))};
  day.live(60);
  check_end(day.story);
}

TEST_CASE("whatever people do, and whatever the network does to it, nothing is left over",
          "[.][open][park][orders][network]") {
  busy_day day{GENERATE(seeds(200))};
  day.story.net().set_terms(link_terms::bad());
  day.live(60);
  check_end(day.story);
}
