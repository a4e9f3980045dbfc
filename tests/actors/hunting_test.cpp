#include "actors/park/hunting.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace parkway;
using namespace std::chrono_literals;

namespace {

using statuses = std::vector<place_status>;
const auto morning = std::chrono::steady_clock::time_point{8h};

place_status member(const char* n, bool registered, std::uint32_t parked = 0,
                    std::optional<std::chrono::minutes> idle_since = std::nullopt) {
  place_status s{number{n}, registered, parked, std::nullopt};
  if (idle_since) s.idle_since = morning + *idle_since;
  return s;
}

std::string order(hunting_policy policy, const statuses& members, const char* parker = "103") {
  std::string text;
  for (const auto& n : hunting_by(policy)(members, number{parker}))
    text += (text.empty() ? "" : " ") + n.text;
  return text;
}

constexpr auto every_policy = {hunting_policy::first, hunting_policy::next_after_parker,
                               hunting_policy::least_parked, hunting_policy::longest_idle};

}  // namespace

TEST_CASE("FIRST starts at the first assigned member; the parker stands in the list like any",
          "[hunting]") {
  const statuses all{member("101", true), member("102", true), member("103", true)};
  CHECK(order(hunting_policy::first, all) == "101 102 103");
  CHECK(order(hunting_policy::first, all, "101") == "101 102 103");
}

TEST_CASE("S04: unregistered and occupied members are passed over, busy ones are not",
          "[hunting]") {
  // 101 is not registered, 102 has a call parked, 103 is in a call with do-not-disturb set (which
  // no status tells), 104 is free.
  const statuses all{member("101", false), member("102", true, 1), member("103", true),
                     member("104", true)};
  CHECK(order(hunting_policy::first, all, "104") == "103 104 102 101");
}

TEST_CASE("S04: with nobody available the registered member with the fewest parked calls is first",
          "[hunting]") {
  const statuses all{member("101", false, 0), member("102", true, 3), member("103", true, 2),
                     member("104", true, 2)};
  for (const auto policy : every_policy)
    CHECK(order(policy, all) == "103 104 102 101");
}

TEST_CASE("S04: with nobody registered the first member with the fewest parked calls is first",
          "[hunting]") {
  const statuses all{member("101", false, 2), member("102", false, 1), member("103", false, 1)};
  for (const auto policy : every_policy)
    CHECK(order(policy, all) == "102 103 101");
}

TEST_CASE("NEXT_AFTER_PARKER starts behind the parker and wraps, the parker last", "[hunting]") {
  const statuses all{member("101", true), member("102", true), member("103", true),
                     member("104", true)};
  CHECK(order(hunting_policy::next_after_parker, all, "102") == "103 104 101 102");
  CHECK(order(hunting_policy::next_after_parker, all, "104") == "101 102 103 104");
  const statuses some{member("101", true), member("102", true), member("103", true, 1),
                      member("104", false)};
  CHECK(order(hunting_policy::next_after_parker, some, "102") == "101 102 103 104");
}

TEST_CASE("NEXT_AFTER_PARKER takes the list as it is for a parker who is not in it", "[hunting]") {
  const statuses all{member("101", true), member("102", true)};
  CHECK(order(hunting_policy::next_after_parker, all, "999") == "101 102");
}

TEST_CASE("LEAST_PARKED takes the registered member with the fewest, ties by list order",
          "[hunting]") {
  const statuses all{member("101", true, 2), member("102", true, 0), member("103", true, 1),
                     member("104", true, 0), member("105", false, 0)};
  CHECK(order(hunting_policy::least_parked, all) == "102 104 103 101 105");
}

TEST_CASE("LONGEST_IDLE takes who was never busy, then whose last call ended longest ago",
          "[hunting]") {
  const statuses all{member("101", true, 0, 50min), member("102", true, 0, 10min),
                     member("103", true), member("104", true, 0, 10min), member("105", true)};
  CHECK(order(hunting_policy::longest_idle, all) == "103 105 102 104 101");
}

TEST_CASE("LONGEST_IDLE looks among the available only", "[hunting]") {
  const statuses all{member("101", false), member("102", true, 1, 1min),
                     member("103", true, 0, 90min)};
  CHECK(order(hunting_policy::longest_idle, all) == "103 102 101");
}

TEST_CASE("every policy tries every member exactly once", "[hunting]") {
  const statuses all{member("101", false, 1), member("102", true, 0, 5min), member("103", true, 2),
                     member("104", true), member("105", false, 0, 1min)};
  for (const auto policy : every_policy) {
    auto places = hunting_by(policy)(all, number{"103"});
    std::sort(places.begin(), places.end());
    CHECK(places.size() == all.size());
    CHECK(std::unique(places.begin(), places.end()) == places.end());
  }
  CHECK(hunting_by(hunting_policy::first)({}, number{"103"}).empty());
}
