#include "tests/actors/fixture.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstdlib>
#include <set>

/// A storm: phones do anything at any moment, mailboxes are read in any order, and at the end
/// nothing may be left over. A seed that fails here is a story that can be told again:
/// PARKWAY_SEED=n plays that one alone, PARKWAY_SEEDS=n the first n.

using namespace parkway;
using namespace parkway::testing;

namespace {

constexpr std::array people{"101", "102", "103", "104", "105", "106"};
const std::vector<std::string> numbers{
  "101",    "102", "103",  "104", "105", "106",    "600",    "999",  "*68",    "*68101", "*68104",
  "*68999", "*58", "*58#", "*88", "*88", "*88101", "*88104", "*88#", "*88103", "*68104", "*68103"};

class storm {
 public:
  explicit storm(std::uint32_t seed) : chance_(seed), h_(choices(seed)) {
    for (const char* who : people)
      if (one_in(6) == false) h_.registers(who, 1, 7200s);
    h_.registers("103", 2, 7200s);
    h_.registers("106", 1, 7200s);
  }

  void rage(int steps) {
    for (int i = 0; i < steps; ++i) {
      act();
      if (one_in(2))
        h_.run();
      else
        h_.run_some(below(12));
      if (one_in(4)) h_.after(std::chrono::milliseconds{below(15000)});
      if (one_in(6)) check_parked_hear_music();
    }
  }

  /// Everybody hangs up, whoever is rung refuses, and hours pass.
  void calm_down() {
    h_.media().fails = h_.journal().fails = h_.journal().is_silent = false;
    h_.run();
    for (int round = 0; round < 40; ++round) {
      check_parked_hear_music();
      check_owners_live();
      for (const auto& [id, leg] : legs())
        if (!leg.over) end(id);
      h_.after(5s);
    }
    h_.after(2h);
  }

  house& in() { return h_; }

 private:
  /// What of a leg the storm itself has to remember.
  struct dealings {
    std::size_t offered = 0;   ///< By the phone.
    std::size_t answered = 0;  ///< Of ours, by the phone.
    std::size_t reported = 0;  ///< Reports the phone has acknowledged.
    transfer_id referred = 0;
  };

  house::choices choices(std::uint32_t seed) {
    house::choices c;
    c.seed = seed;
    auto& park = c.office.call_park;
    park.recall.target = static_cast<recall_target>(below(4));
    park.recall.recall_time = std::chrono::seconds{5 + below(30)};
    park.recall.ring_time = std::chrono::seconds{5 + below(20)};
    park.recall.retry_time = std::chrono::seconds{5 + below(10)};
    park.recall.ring_group_time = std::chrono::seconds{5 + below(60)};
    park.recall.max_park_time = std::chrono::seconds{20 + below(600)};
    park.recall.ring_group = number{"600"};
    park.recall.recall_number = number{"105"};
    if (one_in(2)) park.recall.final_number = number{one_in(2) ? "102" : "600"};
    park.parked_per_extension_max = static_cast<std::uint32_t>(below(3));
    park.scope = one_in(3) ? retrieve_scope::group_or_owner : retrieve_scope::tenant;
    c.office.park_groups[0].recall = park.recall;
    c.office.park_groups[0].hunting = static_cast<hunting_policy>(below(4));
    c.office.ring_groups[number{"600"}].strategy = static_cast<ring_strategy>(below(3));
    if (one_in(4)) c.media = media_mode::direct;
    return c;
  }

  std::size_t below(std::size_t n) { return chance_() % n; }
  bool one_in(std::size_t n) { return below(n) == 0; }
  const std::map<leg_id, fake_leg>& legs() { return h_.wire().legs(); }

  session_ptr any_sound() {
    switch (below(8)) {
      case 0:
        return sound({"G722"});
      case 1:
        return sound({"PCMU", "TELEPHONE-EVENT"});
      case 2:
        return sound({"OPUS", "PCMA"});
      default:
        return sound({"PCMA", "PCMU"});
    }
  }

  leg_id any_leg() {
    std::vector<leg_id> alive;
    for (const auto& [id, leg] : legs())
      if (!leg.over) alive.push_back(id);
    return alive.empty() ? leg_id{} : alive[below(alive.size())];
  }

  void act() {
    const auto id = any_leg();
    if (!id || one_in(4)) return dial(id);
    if (one_in(40)) h_.journal().fails = !h_.journal().fails;
    if (one_in(60)) h_.media().fails = !h_.media().fails;
    auto& leg = h_.leg(id);
    if (leg.inbound && leg.answered && !leg.up && !one_in(10))
      return h_.says_at_once(
        leg_confirmed{id, dealt_[id].offered == 0 && one_in(3) ? any_sound() : nullptr});
    if (!leg.up) return leg.inbound ? maybe_hang_up(id) : be_rung(id);
    talk(id);
  }

  void dial(leg_id perhaps_replaced) {
    const std::string who = people[below(people.size())];
    if (perhaps_replaced && one_in(12)) {
      h_.dials_at_once(who, who, any_sound(), 9, perhaps_replaced);
      return;
    }
    h_.dials_at_once(who, numbers[below(numbers.size())], one_in(8) ? nullptr : any_sound());
  }

  void maybe_hang_up(leg_id id) {
    if (one_in(4)) end(id);
  }

  void be_rung(leg_id id) {
    switch (below(6)) {
      case 0:
        return h_.says_at_once(leg_ringing{id, 183, any_sound(), false});
      case 1:
        return h_.says_at_once(leg_ringing{id, 180, nullptr, false});
      case 2: {
        static const std::array<refusal, 4> whys{{{fault_code::busy, 486, {}},
                                                  {fault_code::declined, 603, {}},
                                                  {fault_code::not_reachable, 480, {}},
                                                  {fault_code::no_answer, 408, {}}}};
        return h_.says_at_once(leg_refused{id, whys[below(whys.size())]});
      }
      default:
        return h_.says_at_once(leg_answered{id, any_sound(), {}});
    }
  }

  void talk(leg_id id) {
    auto& leg = h_.leg(id);
    auto& dealt = dealt_[id];
    if (dealt.answered < leg.offers.size()) {
      ++dealt.answered;
      if (one_in(4)) return h_.says_at_once(offer_refused{id, {fault_code::glare, 491, {}}});
      return h_.says_at_once(offer_answered{id, any_sound()});
    }
    if (dealt.reported < leg.reports.size() && !one_in(3)) {
      const auto& report = leg.reports[dealt.reported++];
      return h_.says_at_once(transfer_reported{id, report.id});
    }
    switch (below(8)) {
      case 0:
      case 1:
        return refer(id);
      case 2:
      case 3:
        return offer_something(id);
      case 4:
        return h_.says_at_once(leg_info{id, "application/dtmf-relay", "Signal=1"});
      case 5:
        return end(id);
      default:
        return;
    }
  }

  void refer(leg_id id) {
    if (one_in(5)) return refer_from_outside(id);
    auto& dealt = dealt_[id];
    transfer_requested t;
    t.leg = id;
    t.id = ++dealt.referred;
    t.dialled = numbers[below(numbers.size())];
    if (one_in(3)) {
      t.replaces = dialog_name{"call", "to", "from", false};
      t.replaces_leg = any_leg();
    }
    h_.says_at_once(std::move(t));
    if (one_in(3)) end(id);  // Back to back with the REFER.
  }

  void refer_from_outside(leg_id id) {
    const auto& leg = h_.leg(id);
    const auto by = leg.inbound ? leg.caller : leg.placed->extension.text;
    h_.refers_from_outside_at_once(by, numbers[below(numbers.size())], {}, id);
    if (one_in(3)) end(id);  // Back to back with the REFER.
  }

  void offer_something(leg_id id) {
    auto& leg = h_.leg(id);
    auto& dealt = dealt_[id];
    if (dealt.offered > leg.offer_answers.size() + leg.offer_refusals.size()) return;
    ++dealt.offered;
    session_ptr what;
    if (!one_in(6)) what = sound({"PCMA", "PCMU"}, static_cast<media_direction>(below(4)));
    h_.says_at_once(leg_offered{id, what});
  }

  void end(leg_id id) {
    const auto& leg = h_.leg(id);
    if (leg.inbound)
      h_.says_at_once(leg_ended{id,
                                leg.up         ? end_cause::hung_up
                                : leg.answered ? end_cause::no_ack
                                               : end_cause::cancelled,
                                !leg.up});
    else if (leg.up)
      h_.says_at_once(leg_ended{id, end_cause::hung_up});
    else
      h_.says_at_once(leg_refused{id, {fault_code::no_answer, 408, {}}});
  }

  /// Nobody who is parked hears anybody: least of all somebody else who is parked.
  void check_parked_hear_music() {
    h_.run();
    std::set<leg_id> seen;
    for (const char* who : people)
      for (const auto& p : h_.extension_state(who).parked) {
        const auto& state = house::parked_call_state(p.parked_call);
        if (!state.parked.leg || p.state == park_state::bridging) continue;
        CHECK(seen.insert(state.parked.leg).second);
        CHECK(h_.leg(state.parked.leg).owner == p.parked_call);
        if (h_.media().is_open(state.parked.media))
          CHECK_FALSE(h_.media().at(state.parked.media).joined);
      }
  }

  void check_owners_live() {
    for (const auto& [id, leg] : legs()) {
      if (leg.over) continue;
      CAPTURE(id.serial, leg.inbound, leg.up, leg.owner.id());
      CHECK(house::is_alive(leg.owner));
    }
  }

  std::mt19937 chance_;
  house h_;
  std::map<leg_id, dealings> dealt_;
};

#ifdef PARKWAY_NIGHTLY
constexpr std::uint32_t seeds = 20000;
#else
constexpr std::uint32_t seeds = 300;
#endif

/// The seeds of this run: all, the one that PARKWAY_SEED names, or as many as PARKWAY_SEEDS says.
std::pair<std::uint32_t, std::uint32_t> seed_range() {
  if (const char* one = std::getenv("PARKWAY_SEED")) {
    const auto seed = static_cast<std::uint32_t>(std::stoul(one));
    return {seed, seed};
  }
  const char* count = std::getenv("PARKWAY_SEEDS");
  return {1, count ? static_cast<std::uint32_t>(std::stoul(count)) : seeds};
}

}  // namespace

TEST_CASE("whatever phones do, in whatever order: every leg, port and actor comes to an end",
          "[storm]") {
  const auto [first, last] = seed_range();
  for (std::uint32_t seed = first; seed <= last; ++seed) {
    CAPTURE(seed);
    storm s{seed};
    s.rage(120);
    s.calm_down();
    REQUIRE(s.in().left_over() == "");
  }
}
