#include "tests/actors/office.hpp"

/// INVITE with Replaces (RFC 3891) of a call that is not parked.

using namespace parkway;
using namespace parkway::testing;

TEST_CASE("a phone takes over a call from another phone of its extension", "[retrieve][replaces]") {
  office o;
  const auto [caller, james] = o.h.talking("106", "103");
  const auto other = o.h.dials_for("103", james);
  REQUIRE(o.h.leg(other).answered);
  CHECK(o.h.leg(other).answered->connected->extension.text == "106");
  o.h.confirms(other);
  CHECK(o.h.hears(caller) == "103");
  CHECK(o.h.leg(james).hung_up);
  o.empties();
}

TEST_CASE("a phone that gives up taking over leaves the two talking", "[retrieve][replaces]") {
  office o;
  const auto [caller, james] = o.h.talking("106", "103");
  const auto other = o.h.dials_for("103", james);
  o.h.says(leg_ended{other, end_cause::no_ack, true});
  CHECK(o.h.hears(caller) == "103");
  CHECK(o.h.hears(james) == "106");
  o.h.refers(james, "*68104");
  CHECK(o.h.parked_at("104").size() == 1);
  o.empties();
}

TEST_CASE("a leg is not parked while another phone is taking it over", "[retrieve][replaces]") {
  office o;
  const auto [caller, james] = o.h.talking("106", "103");
  const auto other = o.h.dials_for("103", james);
  o.h.refers(james, "*68104");
  CHECK(o.h.leg(james).reports.at(0).why->code == fault_code::busy);
  o.h.confirms(other);
  CHECK(o.h.hears(caller) == "103");
  CHECK(o.h.parked_at("104").empty());
  o.empties();
}

TEST_CASE("who hangs up the phone that is being replaced does not lose the other party",
          "[retrieve][replaces]") {
  office o;
  const auto [caller, james] = o.h.talking("106", "103");
  const auto other = o.h.dials_for("103", james);
  o.h.hangs_up(james);
  CHECK_FALSE(o.h.leg(caller).over);
  SECTION("the new phone comes") {
    CHECK(o.h.hears(caller) == "music");
    o.h.confirms(other);
    CHECK(o.h.hears(caller) == "103");
    CHECK(o.h.hears(other) == "106");
  }
  SECTION("the new phone does not come: nobody is left") {
    o.h.says(leg_ended{other, end_cause::no_ack, true});
    CHECK(o.h.leg(caller).hung_up);
  }
  o.empties();
}

TEST_CASE("a leg of somebody else, or of nobody, is not taken over", "[retrieve][replaces]") {
  office o;
  const auto [caller, james] = o.h.talking("106", "103");
  CHECK(o.h.leg(o.h.dials_for("102", james)).refused->code == fault_code::gone);
  CHECK(o.h.leg(o.h.dials_for("103", leg_id{0, 99999})).refused->code == fault_code::gone);
  CHECK(o.h.hears(caller) == "103");
  o.empties();
}

TEST_CASE("both ends hanging up while a phone takes over leaves nobody behind",
          "[retrieve][replaces][race]") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    office o{in_order_of(seed)};
    const auto [caller, james] = o.h.talking("106", "103");
    const auto other = o.h.dials_at_once("103", "103", sound({"PCMA"}), 9, james);
    o.h.run_some(seed % 11);
    if (o.h.leg(other).answered) o.h.says_at_once(leg_confirmed{other, nullptr});
    o.h.run_some(seed % 5);
    o.h.says_at_once(leg_ended{seed % 2 ? caller : james, end_cause::hung_up});
    o.h.run();
    if (!o.h.leg(other).over) o.h.hangs_up(other);
    CAPTURE(seed);
    CHECK(o.h.left_over() == "");
  }
}
