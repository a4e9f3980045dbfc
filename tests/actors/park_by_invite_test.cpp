#include "tests/actors/fixture.hpp"

#include <catch2/catch.hpp>

using namespace parkway;
using namespace parkway::testing;

namespace {

/// James (103) talks to user106, holds, and calls a code.
struct desk {
  house h;
  leg_id caller, james;

  explicit desk(house::choices c = {}) : h(std::move(c)) {
    for (const char* who : {"101", "102", "103", "104", "106"})
      h.registers(who);
    std::tie(caller, james) = h.talking("106", "103");
    h.says(leg_offered{james, sound({"PCMA", "PCMU"}, media_direction::sendonly)});
  }
  void empties() {
    for (const auto& [id, leg] : h.wire().legs())
      if (!leg.over) h.hangs_up(id);
    h.after(1min);
    CHECK(h.left_over() == "");
  }
};

}  // namespace

TEST_CASE("calling *68N while another call is held parks that one, shows the place, ends both",
          "[consultation]") {
  desk d;
  const auto second = d.h.dials("103", "*68104");
  REQUIRE(d.h.leg(second).answered);
  CHECK(d.h.leg(second).answered->connected == party{"Parked at 104", number{"104"}, false});
  CHECK(audio_of(d.h.leg(second).answered->session)->direction == media_direction::inactive);
  CHECK(d.h.parked_at("104") == std::vector{park_state::parked});
  CHECK(d.h.hears(d.caller) == "music");
  d.h.confirms(second);
  d.h.after(1999ms);
  CHECK_FALSE(d.h.leg(second).over);
  CHECK_FALSE(d.h.leg(d.james).over);
  d.h.after(1ms);
  CHECK(d.h.leg(second).hung_up);
  CHECK(d.h.leg(d.james).hung_up);
  d.empties();
}

TEST_CASE("the phone that hangs up first has its held call hung up too; the park stands",
          "[consultation]") {
  desk d;
  const auto second = d.h.dials("103", "*68104");
  d.h.confirms(second);
  d.h.hangs_up(second);
  CHECK(d.h.leg(d.james).hung_up);
  CHECK(d.h.parked_at("104").size() == 1);
  d.empties();
}

TEST_CASE("a phone that hangs up before the park is decided still parks", "[consultation][race]") {
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    house::choices any_order;
    any_order.seed = seed;
    desk d{any_order};
    const auto second = d.h.dials_at_once("103", "*68104", sound({"PCMA"}));
    d.h.run_some(seed % 16);
    d.h.says_at_once(leg_ended{second, end_cause::cancelled, true});
    d.h.run();
    CAPTURE(seed);
    CHECK(d.h.parked_at("104").size() == 1);
    CHECK(d.h.leg(d.james).over);
    d.empties();
  }
}

TEST_CASE("without another call there is nothing to park", "[consultation]") {
  house h;
  h.registers("103");
  CHECK(h.leg(h.dials("103", "*68104")).refused->code == fault_code::no_call);
  CHECK(h.left_over() == "");
}

TEST_CASE("the call of another phone of the same extension is not what is parked",
          "[consultation]") {
  desk d;
  const auto second = d.h.dials("103", "*68104", sound({"PCMA"}), 2);
  CHECK(d.h.leg(second).refused->code == fault_code::no_call);
  CHECK(d.h.parked_at("104").empty());
}

TEST_CASE("a call that still rings is not parked", "[consultation]") {
  house h;
  for (const char* who : {"103", "104"})
    h.registers(who);
  const auto first = h.dials("103", "104");
  const auto second = h.dials("103", "*68104");
  CHECK(h.leg(second).refused->code == fault_code::forbidden);
  CHECK_FALSE(h.leg(first).over);
}

TEST_CASE("of two calls the one held last is parked", "[consultation]") {
  house h;
  for (const char* who : {"101", "102", "103", "104"})
    h.registers(who);
  const auto first = h.talking("101", "103");
  const auto second = h.talking("102", "103");
  h.says(leg_offered{second.second, sound({"PCMA"}, media_direction::sendonly)});
  h.says(leg_offered{first.second, sound({"PCMA"}, media_direction::sendonly)});
  h.dials("103", "*68104");
  REQUIRE(h.parked_at("104").size() == 1);
  CHECK(h.extension_state("104").parked[0].terms->parked.extension.text == "101");
}

TEST_CASE("what cannot be parked is refused with its reason, and the held call stays held",
          "[consultation]") {
  desk d;
  const auto second = d.h.dials("103", "*68999");
  CHECK(d.h.leg(second).refused->code == fault_code::no_such_number);
  CHECK(d.h.hears(d.caller) == "music");
  d.h.says(leg_offered{d.james, sound({"PCMA"})});
  CHECK(d.h.hears(d.caller) == "103");
  d.empties();
}

TEST_CASE("a group park by a second call shows the place that was found", "[consultation]") {
  desk d;
  const auto second = d.h.dials("103", "*58");
  REQUIRE(d.h.leg(second).answered);
  CHECK(d.h.leg(second).answered->connected->name == "Parked at 101");
  d.empties();
}

TEST_CASE("an attended transfer to the code after the park is the same park", "[consultation]") {
  desk d;
  const auto second = d.h.dials("103", "*68104");
  d.h.confirms(second);
  d.h.refers(d.james, "*68104", 1, second);
  REQUIRE(d.h.leg(d.james).reports.size() == 1);
  CHECK_FALSE(d.h.leg(d.james).reports[0].why);
  CHECK(d.h.parked_at("104").size() == 1);
  d.h.after(2s);
  CHECK(d.h.leg(d.james).over);
  CHECK(d.h.leg(second).over);
  d.empties();
}

TEST_CASE("an attended transfer to the code while the park is under way is the same park",
          "[consultation][race]") {
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    house::choices any_order;
    any_order.seed = seed;
    desk d{any_order};
    const auto second = d.h.dials_at_once("103", "*68104", sound({"PCMA"}));
    d.h.run_some(seed % 24);
    transfer_requested t;
    t.leg = d.james;
    t.id = 1;
    t.dialled = "*68104";
    t.replaces_leg = second;
    d.h.says_at_once(std::move(t));
    d.h.run();
    CAPTURE(seed);
    REQUIRE(d.h.leg(d.james).reports.size() == 1);
    CHECK_FALSE(d.h.leg(d.james).reports[0].why);
    CHECK(d.h.parked_at("104").size() == 1);
    d.empties();
  }
}

TEST_CASE("the held leg hung up while its park fails: the second call is refused, the parker rung",
          "[consultation]") {
  desk d;
  d.h.journal().is_silent = true;
  const auto second = d.h.dials("103", "*68104");
  d.h.hangs_up(d.james);
  CHECK_FALSE(d.h.leg(d.caller).over);
  d.h.after(10s);
  CHECK(d.h.leg(second).refused->code == fault_code::unavailable);
  const auto ringing = d.h.rings_at("103");
  REQUIRE(ringing);
  CHECK(d.h.leg(ringing).placed->from.name == "Park failed: user106");
  d.empties();
}

TEST_CASE("the parked party gone meanwhile: the second call is refused, the held one hung up",
          "[consultation]") {
  desk d;
  d.h.journal().is_silent = true;
  const auto second = d.h.dials("103", "*68104");
  d.h.hangs_up(d.caller);
  CHECK(d.h.leg(second).refused->code == fault_code::gone);
  CHECK(d.h.leg(d.james).hung_up);
  d.h.after(15s);
  CHECK(d.h.left_over() == "");
}

TEST_CASE("a call that ends just when it is to be parked is refused at once",
          "[consultation][race]") {
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    house::choices any_order;
    any_order.seed = seed;
    desk d{any_order};
    const auto second = d.h.dials_at_once("103", "*68104", sound({"PCMA"}));
    d.h.run_some(seed % 5);
    d.h.says_at_once(leg_ended{d.caller, end_cause::hung_up});
    d.h.run();
    CAPTURE(seed);
    CHECK(d.h.leg(second).refused.has_value() != d.h.leg(second).answered.has_value());
    d.empties();
  }
}

TEST_CASE("a code called without an offer, or with one that has no usable audio, parks as well",
          "[consultation]") {
  desk d;
  auto encrypted = *sound({"PCMA"});
  encrypted.streams[0].protocol = "RTP/SAVP";
  const auto offer = GENERATE_COPY(
    session_ptr{}, session_ptr{std::make_shared<const session_description>(encrypted)});
  const auto second = d.h.dials("103", "*68104", offer);
  REQUIRE(d.h.leg(second).answered);
  CHECK(d.h.leg(second).answered->session);
  d.empties();
}

TEST_CASE("a phone that never acknowledges its confirmation keeps neither call", "[consultation]") {
  desk d;
  const auto second = d.h.dials("103", "*68104");
  d.h.after(20s);
  CHECK(d.h.leg(second).hung_up);
  CHECK(d.h.leg(d.james).hung_up);
  d.empties();
}
