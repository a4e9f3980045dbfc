#include "tests/actors/office.hpp"

/// What the parked party does, and what befalls its actor.

using namespace parkway;
using namespace parkway::testing;

TEST_CASE("the parked party hanging up frees the place and stops everything", "[parked_call]") {
  office o;
  const auto parked = o.parks(GENERATE("*68104", "*58"));
  o.h.hangs_up(parked);
  CHECK(o.h.park_events().back().state == park_state::ended);
  CHECK(o.h.park_events().back().why == park_end::abandoned);
  CHECK(o.h.left_over() == "");
  o.h.after(2h);
  CHECK_FALSE(o.h.rings_at("103"));
}

TEST_CASE("the parked party's re-INVITE and refresh are answered, and music goes on",
          "[parked_call]") {
  office o;
  const auto parked = o.parks("*68104");
  o.h.says(leg_offered{parked, sound({"PCMU"})});
  CHECK(formats_of(o.h.leg(parked).offer_answers.back().session)
        == std::vector<std::string>{"PCMU"});
  CHECK(o.h.hears(parked) == "music");
  o.h.says(leg_offered{parked, nullptr});
  CHECK(o.h.leg(parked).offer_answers.size() == 2);
  o.h.says(leg_confirmed{parked, sound({"PCMU"})});
  CHECK(o.h.hears(parked) == "music");
  // It takes a format that we play nothing in: only what both ends knew before would do.
  o.h.says(leg_offered{parked, sound({"OPUS"})});
  CHECK(o.h.leg(parked).offer_refusals.back().code == fault_code::no_common_codec);
  o.empties();
}

TEST_CASE("a parked party that holds us hears nothing, and music again when it resumes",
          "[parked_call]") {
  office o;
  const auto parked = o.parks("*68104");
  o.h.says(leg_offered{parked, sound({"PCMA"}, media_direction::sendonly)});
  CHECK(o.h.hears(parked) == "silence");
  SECTION("and is retrieved meanwhile: the retriever hears music until it resumes") {
    const auto mary = o.retrieves("104");
    CHECK(o.h.hears(mary) == "music");
    o.h.says(leg_offered{parked, sound({"PCMA"})});
    CHECK(o.h.hears(mary) == "106");
  }
  SECTION("and resumes") {
    o.h.says(leg_offered{parked, sound({"PCMA"})});
    CHECK(o.h.hears(parked) == "music");
  }
  o.empties();
}

TEST_CASE("a parked party can neither park nor transfer", "[parked_call]") {
  office o;
  const auto parked = o.parks("*68104");
  o.h.refers(parked, GENERATE("*68103", "102"));
  CHECK(o.h.leg(parked).reports.at(0).why->code == fault_code::forbidden);
  CHECK(o.h.leg(o.h.dials("106", "*68103")).refused->code == fault_code::forbidden);
  CHECK(o.h.hears(parked) == "music");
  o.empties();
}

TEST_CASE("hold and resume after a retrieve are those of an ordinary call", "[retrieve]") {
  office o;
  const auto parked = o.parks("*68104");
  const auto mary = o.retrieves("104");
  o.h.says(leg_offered{mary, sound({"PCMA"}, media_direction::sendonly)});
  CHECK(o.h.hears(parked) == "music");
  o.h.says(leg_offered{mary, sound({"PCMA"})});
  CHECK(o.h.hears(parked) == "104");
  // And it can be parked again.
  o.h.refers(mary, "*68");
  CHECK(o.h.parked_at("104") == std::vector{park_state::parked});
  CHECK(o.h.hears(parked) == "music");
  o.empties();
}

TEST_CASE("a parked call that dies frees its place, and says so", "[parked_call]") {
  office o;
  const auto parked = o.parks(GENERATE("*68104", "*58"));
  const auto place = o.h.extension_state("104").parked.empty() ? "101" : "104";
  caf::anon_send_exit(o.parked_call_at(place), caf::exit_reason::kill);
  o.h.run();
  CHECK(o.h.parked_at(place).empty());
  CHECK(o.h.leg(parked).over);
  CHECK(o.h.park_events().back().why == park_end::failed);
  CHECK(o.h.journal().on_disk.empty());
  CHECK(o.h.media().open_ports().empty());
  CHECK(o.h.leg(o.h.dials("101", "*88")).refused->code == fault_code::nothing_parked);
}

TEST_CASE("a parker that is no extension any more leaves nobody in music for ever",
          "[parked_call][reload]") {
  auto without_end = with([](tenant& t) {
    t.call_park.recall.recall_time = 60s;
    t.call_park.recall.max_park_time = 0s;
  });
  office o{without_end};
  const auto parked = o.parks("*68104");
  auto changed = *o.h.tenants();
  changed.extensions.erase(number{"103"});
  o.h.change_tenant(changed);
  o.h.after(59s);
  CHECK_FALSE(o.h.leg(parked).over);
  o.h.after(2s);
  CHECK(o.h.leg(parked).hung_up);
  CHECK(o.h.parked_at("104").empty());
}

TEST_CASE("switching call park off strands nobody who is parked", "[retrieve][reload]") {
  office o;
  const auto parked = o.parks("*68104");
  auto changed = *o.h.tenants();
  changed.call_park.enabled = false;
  o.h.change_tenant(changed);
  const auto taken = o.retrieves("104");
  CHECK(o.h.hears(parked) == "104");
  o.h.hangs_up(taken);
  for (const char* dialled : {"*88", "*88104", "*88199"})
    CHECK(o.h.leg(o.h.dials("104", dialled)).refused->code == fault_code::forbidden);
  o.empties();
}
