#include "tests/actors/office.hpp"

#include <algorithm>
#include <ctime>

using namespace parkway;
using namespace parkway::testing;

namespace {

std::string nth(std::size_t n) {
  return std::to_string(2000 + n);
}

/// The usual office, where the group Sales is James, who parks, behind so many others.
house::choices with_members(std::size_t count) {
  house::choices c;
  auto& group = c.office.park_groups[0];
  for (std::size_t i = 0; i < count; ++i) {
    const number n{nth(i)};
    c.office.extensions[n] = {n, "Member", {}};
    c.office.group_of[n] = 0;
    group.members.push_back(n);
  }
  std::erase_if(group.members, [](const number& n) { return n.text.size() == 3; });
  group.members.emplace_back("103");
  return c;
}

/// What one hunt costs the process when a call is parked at every member; the best of some.
std::chrono::duration<double, std::milli> hunt(std::size_t count) {
  office o{with_members(count)};
  for (std::size_t i = 0; i < count; ++i) {
    o.h.registers(nth(i));
    auto taken = std::make_shared<park_terms>();
    taken->place = number{nth(i)};
    o.h.extension_state(nth(i)).parked.push_back({park_id{"pk-" + nth(i)}, {}, taken});
  }
  o.h.extension_state("103").parked.push_back(
    {park_id{"pk-103"}, {}, o.h.extension_state(nth(0)).parked[0].terms});
  auto best = std::chrono::duration<double, std::milli>::max();
  for (int round = 0; round < 5; ++round) {
    const auto [alice, james] = o.h.talking("106", "103");
    const auto before = std::clock();
    o.h.refers(james, "*58");
    const auto spent = 1e3 * static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
    REQUIRE(o.h.leg(james).reports.size() == 1);
    CHECK_FALSE(o.h.leg(james).reports[0].why);
    best = std::min(best, std::chrono::duration<double, std::milli>{spent});
    o.h.hangs_up(alice);
    o.h.hangs_up(james);
  }
  return best;
}

}  // namespace

TEST_CASE("what hunting costs grows with the members and not with their square", "[hunting]") {
  const auto hundred = hunt(100);
  const auto thousand = hunt(1000);
  CAPTURE(hundred.count(), thousand.count());
  CHECK(thousand < 25 * hundred);
#ifdef NDEBUG
  CHECK(thousand < 5ms);
#endif
}
