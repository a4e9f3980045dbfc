#include "tests/actors/office.hpp"

using namespace parkway;
using namespace parkway::testing;

TEST_CASE("*88 takes the call parked at the own extension; the first answer shows who it is",
          "[retrieve]") {
  office o;
  const auto parked = o.parks("*68104");
  const auto mary = o.h.dials("104", "*88");
  REQUIRE(o.h.leg(mary).answered);
  CHECK(o.h.leg(mary).answered->connected == party{"user106", number{"106"}, false});
  CHECK(o.h.parked_at("104") == std::vector{park_state::bridging});
  o.h.confirms(mary);
  CHECK(o.h.hears(parked) == "104");
  CHECK(o.h.hears(mary) == "106");
  CHECK(o.h.leg(parked).shown.back() == party{"Mary", number{"104"}, false});
  CHECK(o.h.parked_at("104").empty());
  CHECK(o.h.journal().on_disk.empty());
  CHECK(o.h.leg(parked).offers.empty());
  CHECK(o.h.park_events().back().why == park_end::retrieved);
  CHECK(o.h.park_events().back().other.extension.text == "104");
  o.empties();
}

TEST_CASE("*88N takes a call parked at a colleague", "[retrieve]") {
  office o;
  const auto parked = o.parks("*68104");
  const auto ann = o.retrieves("101", GENERATE("*88104", "*88104#"));
  CHECK(o.h.hears(parked) == "101");
  o.h.hangs_up(ann);
  CHECK(o.h.leg(parked).over);
  CHECK(o.h.left_over() == "");
}

TEST_CASE("what is not there is 404: nothing parked, no such extension", "[retrieve]") {
  office o;
  CHECK(o.h.leg(o.h.dials("104", "*88")).refused->code == fault_code::nothing_parked);
  CHECK(o.h.leg(o.h.dials("104", "*88103")).refused->code == fault_code::nothing_parked);
  CHECK(o.h.leg(o.h.dials("104", "*88999")).refused->code == fault_code::no_such_number);
  CHECK(o.h.left_over() == "");
}

TEST_CASE("the longest-parked call is taken first", "[retrieve]") {
  office o;
  const auto first = o.parks("*68104", "106");
  const auto second = o.parks("*68104", "105");
  o.retrieves("104");
  CHECK(o.h.hears(first) == "104");
  CHECK(o.h.hears(second) == "music");
  o.retrieves("102", "*88104");
  CHECK(o.h.hears(second) == "102");
  o.empties();
}

TEST_CASE("the longest-parked call is taken first, whichever place was asked for first",
          "[retrieve]") {
  office o;
  o.h.journal().is_silent = true;
  const auto [slow, james] = o.h.talking("106", "103");
  o.h.refers(james, "*68104");
  const auto on_its_way = o.parked_call_at("104");
  const auto id = o.h.extension_state("104").parked[0].id;
  o.h.journal().is_silent = false;
  const auto quick = o.parks("*68104", "105", "102");
  o.h.tell(o.h.wire().face(), on_its_way, kept{id, std::nullopt});
  o.h.hangs_up(james);
  o.retrieves("104");
  CHECK(o.h.hears(quick) == "104");
  CHECK(o.h.hears(slow) == "music");
  o.retrieves("101", "*88104");
  CHECK(o.h.hears(slow) == "101");
  o.empties();
}

TEST_CASE("the bare code takes own calls first, then those of the own group, then is 404",
          "[retrieve]") {
  office o;
  const auto grouped = o.parks("*58", "106");  // Placed at 101.
  const auto own = o.parks("*68102", "105");
  o.retrieves("102");
  CHECK(o.h.hears(own) == "102");
  o.retrieves("103");
  CHECK(o.h.hears(grouped) == "103");
  CHECK(o.h.leg(o.h.dials("101", "*88")).refused->code == fault_code::nothing_parked);
  o.empties();
}

TEST_CASE("who is in no group takes no group-parked call with the bare code, but by its place",
          "[retrieve]") {
  office o;
  const auto grouped = o.parks("*58");
  CHECK(o.h.leg(o.h.dials("104", "*88")).refused->code == fault_code::nothing_parked);
  o.retrieves("104", "*88101");
  CHECK(o.h.hears(grouped) == "104");
  o.empties();
}

TEST_CASE("GROUP_OR_OWNER: the place, the parker and the place's group may retrieve, others not",
          "[retrieve]") {
  office o{with([](tenant& t) { t.call_park.scope = retrieve_scope::group_or_owner; })};
  SECTION("a stranger is refused, the call stays parked") {
    const auto parked = o.parks("*68104");
    CHECK(o.h.leg(o.h.dials("101", "*88104")).refused->code == fault_code::forbidden);
    CHECK(o.h.hears(parked) == "music");
    CHECK(o.h.parked_at("104") == std::vector{park_state::parked});
  }
  SECTION("the place") {
    const auto parked = o.parks("*68104");
    o.retrieves("104");
    CHECK(o.h.hears(parked) == "104");
  }
  SECTION("the parker") {
    const auto parked = o.parks("*68104");
    o.retrieves("103", "*88104");
    CHECK(o.h.hears(parked) == "103");
  }
  SECTION("a member of the place's group") {
    const auto parked = o.parks("*68102", "106", "104");
    o.retrieves("101", "*88102");
    CHECK(o.h.hears(parked) == "101");
  }
  o.empties();
}

TEST_CASE("without a common format the retriever gets 488 and the call stays parked",
          "[retrieve]") {
  office o;
  const auto parked = o.parks("*68104");
  const auto mary = o.h.dials("104", "*88", sound({"G722"}));
  CHECK(o.h.leg(mary).refused->code == fault_code::no_common_codec);
  CHECK(o.h.hears(parked) == "music");
  o.retrieves("104");
  CHECK(o.h.hears(parked) == "104");
  o.empties();
}

TEST_CASE("the answer offers the waiting party's format first", "[retrieve]") {
  office o;
  const auto parked = o.parks("*68104");
  const auto mary = o.h.dials("104", "*88", sound({"PCMU", "G722", "PCMA"}));
  REQUIRE(o.h.leg(mary).answered);
  CHECK(formats_of(o.h.leg(mary).answered->session).front() == "PCMA");
  o.h.confirms(mary);
  CHECK(o.h.leg(parked).offers.empty());
  o.empties();
}

TEST_CASE("a retriever that wants our offer is offered what the parked party understands",
          "[retrieve]") {
  office o;
  const auto parked = o.parks("*68104");
  const auto mary = o.h.dials("104", "*88", nullptr);
  REQUIRE(o.h.leg(mary).answered);
  CHECK(formats_of(o.h.leg(mary).answered->session) == std::vector<std::string>{"PCMA", "PCMU"});
  SECTION("and answers it") {
    o.h.confirms(mary, sound({"PCMA"}));
    CHECK(o.h.hears(parked) == "104");
  }
  SECTION("or does not: the call is parked again") {
    o.h.confirms(mary);
    CHECK(o.h.leg(mary).hung_up);
    CHECK(o.h.hears(parked) == "music");
    CHECK(o.h.parked_at("104") == std::vector{park_state::parked});
  }
  o.empties();
}

TEST_CASE("a retriever that narrows the formats makes the waiting party follow", "[retrieve]") {
  office o;
  const auto parked = o.parks("*68104");
  const auto mary = o.h.dials("104", "*88", sound({"PCMU"}));
  o.h.confirms(mary);
  REQUIRE(o.h.leg(parked).offers.size() == 1);
  CHECK(formats_of(o.h.leg(parked).offers[0].session) == std::vector<std::string>{"PCMU"});
  o.h.says(offer_answered{parked, sound({"PCMU"})});
  CHECK(o.h.hears(parked) == "104");
  o.empties();
}

// --- a retrieve that fails -----------------------------------------------------------------------

TEST_CASE("a retriever that hangs up before its ACK leaves the call parked, at once retrievable",
          "[retrieve]") {
  office o;
  const auto parked = o.parks("*68104");
  const auto mary = o.h.dials("104", "*88");
  const auto cause = GENERATE(end_cause::hung_up, end_cause::no_ack, end_cause::cancelled);
  o.h.says(leg_ended{mary, cause, true});
  CHECK(o.h.hears(parked) == "music");
  CHECK(o.h.parked_at("104") == std::vector{park_state::parked});
  o.retrieves("104");
  CHECK(o.h.hears(parked) == "104");
  o.empties();
}

TEST_CASE("a CANCEL at any moment of a retrieve leaves the call parked, at once retrievable",
          "[retrieve][race]") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    office o{in_order_of(seed)};
    const auto parked = o.parks("*68104");
    const auto mary = o.h.dials_at_once("104", "*88", sound({"PCMA"}));
    o.h.run_some(seed % 14);
    o.h.says_at_once(leg_ended{mary, end_cause::cancelled, true});
    o.h.run();
    CAPTURE(seed);
    CHECK(o.h.parked_at("104") == std::vector{park_state::parked});
    CHECK(o.h.hears(parked) == "music");
    o.retrieves("104");
    CHECK(o.h.hears(parked) == "104");
    o.empties();
  }
}

TEST_CASE("a failed retrieve does not postpone the recall", "[retrieve][recall]") {
  office o;
  o.parks("*68104");
  o.h.after(50s);
  const auto mary = o.h.dials("104", "*88");
  o.h.after(9s);
  o.h.says(leg_ended{mary, end_cause::no_ack, true});
  CHECK_FALSE(o.h.rings_at("103"));
  o.h.after(1s);
  CHECK(o.h.rings_at("103"));
  o.empties();
}

TEST_CASE("a recall that falls due while a retrieve is under way is made when that has failed",
          "[retrieve][recall]") {
  office o;
  o.parks("*68104");
  o.h.after(50s);
  const auto mary = o.h.dials("104", "*88");
  o.h.after(25s);
  CHECK_FALSE(o.h.rings_at("103"));
  o.h.says(leg_ended{mary, end_cause::no_ack, true});
  o.h.after(0ms);
  CHECK(o.h.rings_at("103"));
  o.empties();
}

TEST_CASE("the end that falls due while a retrieve is under way comes when that has failed",
          "[retrieve][recall]") {
  office o{with([](tenant& t) { t.call_park.recall.max_park_time = 55s; })};
  const auto parked = o.parks("*68104");
  o.h.after(50s);
  const auto mary = o.h.dials("104", "*88");
  o.h.after(20s);
  CHECK_FALSE(o.h.leg(parked).over);
  o.h.says(leg_ended{mary, end_cause::no_ack, true});
  o.h.after(0ms);
  CHECK(o.h.leg(parked).over);
  CHECK(o.h.left_over() == "");
}

TEST_CASE("a retrieve whose leg neither comes up nor ends is given up", "[retrieve]") {
  office o{with([](tenant& t) { t.call_park.recall.recall_time = 600s; })};
  const auto parked = o.parks("*68104");
  const auto mary = o.h.dials("104", "*88");
  o.h.after(40s);
  CHECK(o.h.leg(mary).over);
  CHECK(o.h.hears(parked) == "music");
  CHECK(o.h.parked_at("104") == std::vector{park_state::parked});
  o.empties();
}

// --- who is first --------------------------------------------------------------------------------

TEST_CASE("two retrieves in the same instant: one has the call, the other 404",
          "[retrieve][race]") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    office o{in_order_of(seed)};
    const auto parked = o.parks(seed % 2 ? "*68104" : "*58");
    const char* code = seed % 2 ? "*88104" : "*88";
    const auto ann = o.h.dials_at_once("101", code, sound({"PCMA"}));
    o.h.run_some(seed % 9);
    const auto bob = o.h.dials_at_once("102", code, sound({"PCMA"}));
    o.h.run_some(seed % 23);
    if (o.h.leg(ann).answered) o.h.says_at_once(leg_confirmed{ann, nullptr});
    o.h.run();
    CAPTURE(seed);
    const auto& first = o.h.leg(ann);
    const auto& second = o.h.leg(bob);
    CHECK(first.answered.has_value() != second.answered.has_value());
    CHECK((first.refused ? first : second).refused->code == fault_code::nothing_parked);
    const auto winner = first.answered ? ann : bob;
    if (!o.h.leg(winner).up) o.h.confirms(winner);
    CHECK(o.h.hears(parked) == (first.answered ? "101" : "102"));
    o.empties();
  }
}

TEST_CASE("who is second takes the next call, where there is one", "[retrieve][race]") {
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    office o{in_order_of(seed)};
    const auto one = o.parks("*68104", "106");
    const auto two = o.parks("*68104", "105");
    const auto ann = o.h.dials_at_once("101", "*88104", sound({"PCMA"}));
    const auto bob = o.h.dials_at_once("102", "*88104", sound({"PCMA"}));
    o.h.run();
    CAPTURE(seed);
    REQUIRE(o.h.leg(ann).answered);
    REQUIRE(o.h.leg(bob).answered);
    o.h.confirms(ann);
    o.h.confirms(bob);
    CHECK(o.h.hears(one) != o.h.hears(two));
    o.empties();
  }
}

TEST_CASE("the parked party hanging up at any moment of a retrieve leaves nobody behind",
          "[retrieve][race]") {
  for (std::uint32_t seed = 1; seed <= 80; ++seed) {
    office o{in_order_of(seed)};
    const auto parked = o.parks("*68104");
    const auto mary = o.h.dials_at_once("104", "*88", sound({"PCMA"}));
    o.h.run_some(seed % 13);
    if (o.h.leg(mary).answered) {
      o.h.says_at_once(leg_confirmed{mary, nullptr});
      o.h.run_some(seed % 7);
    }
    o.h.says_at_once(leg_ended{parked, end_cause::hung_up});
    o.h.run();
    CAPTURE(seed);
    // Without a wait: not even the ten seconds of a call that is being joined.
    CHECK(o.h.leg(mary).over);
    CHECK(o.h.left_over() == "");
  }
}

TEST_CASE("a retrieve while the park is not on disk yet waits for it", "[retrieve][race]") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    office o{in_order_of(seed)};
    const auto [parked, james] = o.h.talking("106", "103");
    transfer_requested t;
    t.leg = james;
    t.id = 1;
    t.dialled = "*68104";
    o.h.says_at_once(std::move(t));
    o.h.run_some(3 + seed % 6);
    const auto mary = o.h.dials_at_once("104", "*88", sound({"PCMA"}));
    o.h.run();
    CAPTURE(seed);
    if (o.h.leg(mary).answered) {
      o.h.confirms(mary);
      CHECK(o.h.hears(parked) == "104");
    } else {
      CHECK(o.h.leg(mary).refused->code == fault_code::nothing_parked);
      CHECK(o.h.parked_at("104") == std::vector{park_state::parked});
    }
    o.empties();
  }
}

TEST_CASE("retrieves that waited for a park that failed are refused", "[retrieve]") {
  office o;
  const auto [parked, james] = o.h.talking("106", "103");
  o.h.journal().is_silent = true;
  o.h.refers(james, "*68104");
  const auto mary = o.h.dials("104", "*88");
  CHECK_FALSE(o.h.leg(mary).answered);
  o.h.after(15s);
  CHECK(o.h.leg(mary).refused->code == fault_code::nothing_parked);
  CHECK(o.h.hears(parked) == "103");
  o.empties();
}

TEST_CASE("two retrieves that waited for the same park: one has it, the other 404", "[retrieve]") {
  office o;
  const auto [parked, james] = o.h.talking("106", "103");
  o.h.journal().is_silent = true;
  o.h.refers(james, "*68104");
  const auto mary = o.h.dials("104", "*88");
  const auto ann = o.h.dials("101", "*88104");
  const auto waiting = o.parked_call_at("104");
  o.h.tell(o.h.lent()->journal, waiting, kept{o.h.extension_state("104").parked[0].id, {}});
  REQUIRE(o.h.leg(mary).answered);
  CHECK(o.h.leg(ann).refused->code == fault_code::nothing_parked);
  o.h.confirms(mary);
  CHECK(o.h.hears(parked) == "104");
  o.empties();
}
