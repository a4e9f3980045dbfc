#pragma once

#include "tests/actors/fixture.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace parkway::testing {

/// A house with phones for 101 to 106, and what its stories have in common.
struct office {
  house h;

  explicit office(house::choices c = {}) : h(std::move(c)) {
    for (const char* who : {"101", "102", "103", "104", "105", "106"})
      h.registers(who);
  }

  /// user106 (or whoever) called James (103), who parks that party. The parked party's leg.
  leg_id parks(const std::string& dialled, const std::string& caller = "106",
               const std::string& parker = "103") {
    const auto [parked, by] = h.talking(caller, parker);
    h.refers(by, dialled);
    REQUIRE(h.leg(by).reports.size() == 1);
    REQUIRE_FALSE(h.leg(by).reports[0].why);
    h.hangs_up(by);
    return parked;
  }

  /// Dials a retrieve code; the leg. `taken`: it must be answered, and is confirmed.
  leg_id retrieves(const std::string& who, const std::string& dialled = "*88") {
    const auto leg = h.dials(who, dialled);
    REQUIRE(h.leg(leg).answered);
    h.confirms(leg);
    return leg;
  }

  /// Everybody hangs up; nothing may be left.
  void empties() {
    for (const auto& [id, leg] : h.wire().legs())
      if (!leg.over) h.hangs_up(id);
    h.after(1min);
    CHECK(h.left_over() == "");
  }

  /// The actor of the only call parked at an extension.
  caf::actor parked_call_at(const std::string& n) {
    REQUIRE(h.extension_state(n).parked.size() == 1);
    return h.extension_state(n).parked[0].parked_call;
  }
};

/// The usual choices, with one thing changed.
inline house::choices with(void (*how)(tenant&)) {
  house::choices c;
  how(c.office);
  return c;
}

/// The usual choices, messages read in an order of this seed.
inline house::choices in_order_of(std::uint32_t seed) {
  house::choices c;
  c.seed = seed;
  return c;
}

}  // namespace parkway::testing
