#include "tests/actors/fixture.hpp"

#include <catch2/catch.hpp>

using namespace parkway;
using namespace parkway::testing;

TEST_CASE("a house in which nothing happened has nothing left over", "[fixture]") {
  house h;
  CHECK(h.left_over() == "");
}

TEST_CASE("a house tells what is left over", "[fixture]") {
  house h;
  h.registers("103");
  h.dials("106", "103");
  const auto left = h.left_over();
  CHECK(left.find("leg") != std::string::npos);
  CHECK(left.find("media port") != std::string::npos);
  CHECK(left.find("actors live") != std::string::npos);
}
