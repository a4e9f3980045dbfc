#include "tests/actors/fixture.hpp"

#include <catch2/catch.hpp>

using namespace parkway;
using namespace parkway::testing;

namespace {

/// James (103) talks to user106, who called him.
struct office {
  house h;
  leg_id caller, james;

  explicit office(house::choices c = {}) : h(std::move(c)) {
    for (const char* who : {"101", "102", "103", "104", "106"})
      h.registers(who);
    std::tie(caller, james) = h.talking("106", "103");
  }
  const refusal* refused(std::size_t report = 0) {
    const auto& all = h.leg(james).reports;
    REQUIRE(all.size() > report);
    return all[report].why ? &*all[report].why : nullptr;
  }
  void still_talks() {
    CHECK_FALSE(h.leg(caller).over);
    CHECK(h.hears(caller) == "103");
    CHECK(h.hears(james) == "106");
  }
  /// Everybody hangs up; nothing may be left.
  void empties() {
    for (const auto& [id, leg] : h.wire().legs())
      if (!leg.over) h.hangs_up(id);
    h.after(1min);
    CHECK(h.left_over() == "");
  }
};

house::choices with(void (*how)(tenant&)) {
  house::choices c;
  how(c.office);
  return c;
}

}  // namespace

// --- what is asked -------------------------------------------------------------------------------

TEST_CASE("REFER to *68N parks the peer at N: reported, music, on disk", "[park]") {
  office o;
  o.h.refers(o.james, "*68104");
  CHECK_FALSE(o.refused());
  CHECK(o.h.leg(o.james).reports[0].final);
  CHECK(o.h.parked_at("104") == std::vector{park_state::parked});
  CHECK(o.h.hears(o.caller) == "music");
  CHECK(o.h.journal().on_disk.size() == 1);
  CHECK(o.h.leg(o.caller).offers.empty());
  const auto& terms = *o.h.extension_state("104").parked[0].terms;
  CHECK(terms.parker == party{"James", number{"103"}, false});
  CHECK(terms.parked == party{"user106", number{"106"}, false});
  o.h.hangs_up(o.james);
  o.empties();
}

TEST_CASE("the parked party is the peer of who asks, whoever called whom", "[park]") {
  office o;
  o.h.refers(o.caller, "*68104");
  CHECK(o.h.extension_state("104").parked[0].terms->parked.extension.text == "103");
  CHECK(o.h.hears(o.james) == "music");
  o.empties();
}

TEST_CASE("REFER to *68 parks at the parker's own extension", "[park]") {
  office o;
  o.h.refers(o.james, GENERATE("*68", "*68#"));
  CHECK(o.h.parked_at("103") == std::vector{park_state::parked});
  o.empties();
}

TEST_CASE("REFER to *58 parks at the first available member of the parker's group", "[park]") {
  office o;
  o.h.refers(o.james, GENERATE("*58", "*58#"));
  REQUIRE(o.h.parked_at("101") == std::vector{park_state::parked});
  CHECK(o.h.extension_state("101").parked[0].terms->kind == park_kind::group);
  CHECK(o.h.extension_state("101").parked[0].terms->group.text == "Sales");
  o.empties();
}

// --- what cannot be done leaves the call as it was -----------------------------------------------

TEST_CASE("an extension that nobody has is 404, and the two talk on", "[park]") {
  office o;
  o.h.refers(o.james, "*68999");
  CHECK(o.refused()->code == fault_code::no_such_number);
  o.still_talks();
  o.empties();
}

TEST_CASE("a full place is 486, and the two talk on", "[park]") {
  office o{with([](tenant& t) { t.call_park.parked_per_extension_max = 1; })};
  o.h.refers(o.james, "*68104");
  const auto [second, james] = o.h.talking("102", "103");
  o.h.refers(james, "*68104");
  CHECK(o.h.leg(james).reports[0].why->code == fault_code::busy);
  CHECK(o.h.hears(second) == "103");
  CHECK(o.h.parked_at("104").size() == 1);
  o.empties();
}

TEST_CASE("a parker in no group is 403, and so is a tenant without call park", "[park]") {
  SECTION("no group") {
    office o{with([](tenant& t) {
      t.park_groups.clear();
      t.group_of.clear();
    })};
    o.h.refers(o.james, "*58");
    CHECK(o.refused()->code == fault_code::forbidden);
    o.still_talks();
  }
  SECTION("switched off") {
    office o{with([](tenant& t) { t.call_park.enabled = false; })};
    o.h.refers(o.james, "*68104");
    CHECK(o.refused()->code == fault_code::forbidden);
    o.still_talks();
  }
}

TEST_CASE("a store that cannot write refuses the park, and the two talk on", "[park]") {
  office o;
  o.h.journal().fails = true;
  o.h.refers(o.james, GENERATE("*68104", "*58"));
  CHECK(o.refused()->code == fault_code::unavailable);
  o.still_talks();
  CHECK(o.h.parked_at("104").empty());
  o.empties();
}

TEST_CASE("a store that does not answer refuses the park in the end", "[park]") {
  office o;
  o.h.journal().is_silent = true;
  o.h.refers(o.james, "*68104");
  CHECK(o.h.leg(o.james).reports.empty());
  o.h.after(10s);
  CHECK(o.refused()->code == fault_code::unavailable);
  o.still_talks();
  o.h.after(10s);
  CHECK(o.h.parked_at("104").empty());
  o.empties();
}

TEST_CASE("a call that is not answered yet cannot be parked", "[park]") {
  house h;
  h.registers("103");
  const auto caller = h.dials("106", "103");
  h.refers(caller, "*68104");
  CHECK(h.leg(caller).reports.at(0).why->code == fault_code::forbidden);
  CHECK_FALSE(h.leg(h.rings_at("103")).over);
}

TEST_CASE("a refused park may be tried again at once, before the phone has acknowledged it",
          "[park]") {
  office o;
  o.h.refers(o.james, "*68999", 1);
  o.h.refers(o.james, "*68104", 2);
  CHECK_FALSE(o.refused(1));
  CHECK(o.h.parked_at("104").size() == 1);
  o.empties();
}

TEST_CASE("one call is parked once: a second park meanwhile is told to wait", "[park]") {
  office o;
  o.h.journal().is_silent = true;
  o.h.refers(o.james, "*68104", 1);
  o.h.refers(o.caller, "*68104", 1);
  CHECK(o.h.leg(o.caller).reports.at(0).why->code == fault_code::busy);
  o.h.after(30s);
  o.still_talks();
  o.empties();
}

// --- the parker's phone afterwards ---------------------------------------------------------------

TEST_CASE("after the report the parker's phone hangs up, or is hung up after 4 s", "[park]") {
  office o;
  o.h.refers(o.james, "*68104");
  SECTION("it hangs up") {
    o.h.acknowledges_report(o.james);
    o.h.hangs_up(o.james);
  }
  SECTION("it does not") {
    o.h.acknowledges_report(o.james);
    o.h.after(3999ms);
    CHECK_FALSE(o.h.leg(o.james).over);
    o.h.after(1ms);
    CHECK(o.h.leg(o.james).hung_up == hang_up_reason::normal);
  }
  SECTION("it never acknowledges") {
    o.h.after(36s);
    CHECK(o.h.leg(o.james).hung_up == hang_up_reason::normal);
  }
  CHECK(o.h.extension_state("103").legs.empty());
  CHECK(o.h.hears(o.caller) == "music");
  o.empties();
}

TEST_CASE("a phone that resumes its parked call is answered, and one that parks again is told so",
          "[park]") {
  office o;
  o.h.refers(o.james, "*68104", 1);
  o.h.says(leg_offered{o.james, sound({"PCMA"})});
  CHECK(o.h.leg(o.james).offer_answers.size() == 1);
  o.h.refers(o.james, "*68104", 2);
  CHECK_FALSE(o.refused(1));
  o.h.refers(o.james, "102", 3);
  CHECK(o.refused(2)->code == fault_code::gone);
  CHECK(o.h.parked_at("104").size() == 1);
  CHECK(o.h.hears(o.caller) == "music");
  o.empties();
}

// --- early BYE -----------------------------------------------------------------------------------

TEST_CASE("a BYE back to back with the REFER never ends the parked party's call", "[park][race]") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    house::choices any_order;
    any_order.seed = seed;
    office o{any_order};
    transfer_requested t;
    t.leg = o.james;
    t.id = 1;
    t.dialled = seed % 2 ? "*68104" : "*58";
    o.h.says_at_once(std::move(t));
    o.h.run_some(seed % 12);
    o.h.says_at_once(leg_ended{o.james, end_cause::hung_up});
    o.h.run();
    CAPTURE(seed);
    CHECK_FALSE(o.h.leg(o.caller).over);
    CHECK(o.h.hears(o.caller) == "music");
    CHECK(o.h.parked_at(seed % 2 ? "104" : "101") == std::vector{park_state::parked});
    CHECK(o.h.extension_state("103").legs.empty());
  }
}

TEST_CASE("a parker who has gone when the park fails is rung back at once: Park failed: NAME",
          "[park]") {
  office o;
  o.h.says_at_once([&] {
    transfer_requested t;
    t.leg = o.james;
    t.id = 1;
    t.dialled = "*68999";
    return t;
  }());
  o.h.says_at_once(leg_ended{o.james, end_cause::hung_up});
  o.h.run();
  CHECK(o.h.hears(o.caller) == "music");
  const auto ringing = o.h.rings_at("103");
  REQUIRE(ringing);
  CHECK(o.h.leg(ringing).placed->from == party{"Park failed: user106", number{"106"}, false});
  CHECK(o.h.leg(ringing).placed->recall);
  o.h.answers(ringing);
  CHECK(o.h.hears(o.caller) == "103");
  o.empties();
}

TEST_CASE("a BYE after the refusal, before its acknowledgement, still means \"parked\"", "[park]") {
  office o;
  o.h.refers(o.james, "*68999");
  REQUIRE(o.refused());
  o.h.hangs_up(o.james);
  CHECK(o.h.rings_at("103"));
  CHECK_FALSE(o.h.leg(o.caller).over);
  o.empties();
}

TEST_CASE("a BYE after the acknowledged refusal is the end of the call", "[park]") {
  office o;
  o.h.refers(o.james, "*68999");
  o.h.acknowledges_report(o.james);
  o.h.after(1s);
  o.h.hangs_up(o.james);
  CHECK(o.h.leg(o.caller).over);
  CHECK(o.h.left_over() == "");
}

TEST_CASE("a failed park is rung back also when the store is what failed", "[park]") {
  office o;
  o.h.journal().fails = GENERATE(true, false);
  o.h.journal().is_silent = !o.h.journal().fails;
  o.h.refers(o.james, "*68104");
  o.h.hangs_up(o.james);
  o.h.after(10s);
  CHECK_FALSE(o.h.leg(o.caller).over);
  CHECK(o.h.rings_at("103"));
  o.empties();
}

TEST_CASE("a failed park goes on as a recall until final", "[park][recall]") {
  house::choices c;
  c.office.call_park.recall.max_park_time = 300s;
  office o{c};
  o.h.refers(o.james, "*68999");
  o.h.hangs_up(o.james);
  REQUIRE(o.h.rings_at("103"));
  o.h.after(30s);
  CHECK_FALSE(o.h.rings_at("103"));
  CHECK(o.h.hears(o.caller) == "music");
  o.h.after(10s);
  CHECK(o.h.rings_at("103"));
  // It is at no place: nobody retrieves it.
  CHECK(o.h.leg(o.h.dials("103", "*88")).refused->code == fault_code::nothing_parked);
  o.h.after(260s);
  CHECK(o.h.leg(o.caller).over);
  CHECK(o.h.left_over() == "");
}

TEST_CASE(
  "a failed park in a tenant whose recalls go to the ring group rings the parker once, "
  "then the group, then comes to its end",
  "[park][recall]") {
  house::choices c;
  c.office.call_park.recall.target = recall_target::ring_group_only;
  c.office.call_park.recall.ring_group = number{"600"};
  office o{c};
  o.h.registers("105");
  o.h.refers(o.james, "*68999");
  o.h.hangs_up(o.james);
  o.h.refuses(o.h.rings_at("103"), fault_code::busy, 486);
  const auto group = o.h.rings_at("105");
  REQUIRE(group);
  CHECK(o.h.leg(group).placed->from.name == "Park failed: user106");
  o.h.after(20s);
  CHECK(o.h.leg(o.caller).hung_up);
  CHECK(o.h.left_over() == "");
}

// --- the parked party ----------------------------------------------------------------------------

TEST_CASE("the parked party hanging up while it is parked is reported to the parker", "[park]") {
  office o;
  o.h.journal().is_silent = true;
  o.h.refers(o.james, "*68104");
  o.h.hangs_up(o.caller);
  CHECK(o.refused()->code == fault_code::gone);
  o.h.acknowledges_report(o.james);
  o.h.after(4s);
  CHECK(o.h.leg(o.james).over);
  o.h.after(15s);
  CHECK(o.h.left_over() == "");
}

TEST_CASE("what is parked is not parked again elsewhere: only the same park is done already",
          "[park]") {
  office o;
  o.h.refers(o.james, "*68104", 1);
  o.h.refers(o.james, "*68104", 2);
  o.h.refers(o.james, "*68102", 3);
  o.h.refers(o.james, "*58", 4);
  REQUIRE(o.h.leg(o.james).reports.size() == 4);
  CHECK_FALSE(o.refused(0));
  CHECK_FALSE(o.refused(1));
  CHECK(o.refused(2)->code == fault_code::gone);
  CHECK(o.refused(3)->code == fault_code::gone);
  o.empties();
}

TEST_CASE("an attended transfer to a code needs the call that it names", "[park]") {
  office o;
  transfer_requested t;
  t.leg = o.james;
  t.id = 1;
  t.dialled = "*68104";
  t.replaces = dialog_name{"nobody's", "to", "from", false};
  o.h.says(std::move(t));
  CHECK(o.refused()->code == fault_code::gone);
  o.still_talks();
  o.empties();
}

TEST_CASE("who has just transferred the call is let go when its next park comes to nothing",
          "[park][race]") {
  office o;
  o.h.refers(o.james, "104");
  const auto mary = o.h.rings_at("104");
  o.h.answers(mary);
  o.h.journal().is_silent = true;
  o.h.refers(mary, "*68102");
  o.h.hangs_up(o.caller);
  CHECK(o.h.leg(o.james).over);
  o.h.acknowledges_report(mary);
  o.h.after(19s);
  CHECK(o.h.leg(mary).over);
  CHECK(o.h.left_over() == "");
}

TEST_CASE("both hanging up while the place is reserved leaves it free again", "[park][race]") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    house::choices any_order;
    any_order.seed = seed;
    office o{any_order};
    transfer_requested t;
    t.leg = o.james;
    t.id = 1;
    t.dialled = seed % 2 ? "*68104" : "*58";
    o.h.says_at_once(std::move(t));
    o.h.run_some(seed % 10);
    o.h.says_at_once(leg_ended{seed % 3 ? o.james : o.caller, end_cause::hung_up});
    o.h.run_some(seed % 7);
    o.h.says_at_once(leg_ended{seed % 3 ? o.caller : o.james, end_cause::hung_up});
    o.h.run();
    CAPTURE(seed);
    CHECK(o.h.left_over() == "");
  }
}

TEST_CASE("the parked party's own re-INVITE is answered while it is being parked", "[park]") {
  office o;
  o.h.journal().is_silent = true;
  o.h.refers(o.james, "*68104");
  o.h.hangs_up(o.james);
  o.h.says(leg_offered{o.caller, sound({"PCMU"})});
  CHECK(o.h.leg(o.caller).offer_answers.size() == 1);
  CHECK(o.h.hears(o.caller) == "music");
  o.empties();
}

// --- attended transfer to a code, REFER from outside ---------------------------------------------

TEST_CASE("a REFER from outside of the call parks the peer and hangs up the leg it names",
          "[park][referral]") {
  office o;
  const auto asked = o.h.refers_from_outside("103", "park", "104", o.james);
  REQUIRE(o.h.leg(asked).reports.size() == 1);
  CHECK_FALSE(o.h.leg(asked).reports[0].why);
  CHECK(o.h.parked_at("104").size() == 1);
  CHECK(o.h.leg(o.james).hung_up);
  o.empties();
}

TEST_CASE("a REFER from outside names a leg of its own phones, or is refused", "[park][referral]") {
  office o;
  SECTION("somebody else's leg") {
    const auto asked = o.h.refers_from_outside("102", "park", "104", o.james);
    CHECK(o.h.leg(asked).reports.at(0).why->code == fault_code::gone);
  }
  SECTION("a place that nobody has") {
    const auto asked = o.h.refers_from_outside("103", "park", "999", o.james);
    CHECK(o.h.leg(asked).reports.at(0).why->code == fault_code::no_such_number);
  }
  SECTION("not a park") {
    const auto asked = o.h.refers_from_outside("103", "102", "", o.james);
    CHECK(o.h.leg(asked).reports.at(0).why->code == fault_code::forbidden);
  }
  o.still_talks();
  o.empties();
}
