#include "kernel/config/dial_plan.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace parkway;

namespace {

tenant office() {
  tenant t;
  for (const char* n : {"100", "104", "0104", "1045"})
    t.extensions[number{n}] = {number{n}, "", {}};
  t.ring_groups[number{"600"}] = {number{"600"}, "Desk", ring_strategy::simultaneous, {}, {}};
  return t;
}

/// A route in words.
std::string read(const route& r) {
  struct reader {
    std::string at(const std::optional<number>& n) { return n ? " at " + n->text : " own"; }
    std::string operator()(const dials_nobody&) { return "nobody"; }
    std::string operator()(const dials_extension& d) { return "extension " + d.called.text; }
    std::string operator()(const dials_ring_group& d) { return "ring group " + d.called.text; }
    std::string operator()(const dials_park& d) { return "park" + at(d.place); }
    std::string operator()(const dials_group_park&) { return "group park"; }
    std::string operator()(const dials_retrieve& d) { return "retrieve" + at(d.place); }
  };
  return std::visit(reader{}, r);
}

std::string dialling(const std::string& text, const std::string& orbit = {}) {
  return read(dial(office(), text, orbit));
}

}  // namespace

TEST_CASE("every spelling of a code says the same", "[dial_plan]") {
  CHECK(dialling("*68") == "park own");
  CHECK(dialling("*68#") == "park own");
  CHECK(dialling("*68104") == "park at 104");
  CHECK(dialling("*68104#") == "park at 104");
  CHECK(dialling("*58") == "group park");
  CHECK(dialling("*58#") == "group park");
  CHECK(dialling("*88") == "retrieve own");
  CHECK(dialling("*88#") == "retrieve own");
  CHECK(dialling("*88104") == "retrieve at 104");
  CHECK(dialling("*88104#") == "retrieve at 104");
}

TEST_CASE("visual separators are passed over", "[dial_plan]") {
  CHECK(dialling("*68-104") == "park at 104");
  CHECK(dialling("*68 (104)#") == "park at 104");
  CHECK(dialling("1-0.4") == "extension 104");
  CHECK(dialling("-.()") == "nobody");
}

TEST_CASE("a number is a string: leading zeros count", "[dial_plan]") {
  CHECK(dialling("0104") == "extension 0104");
  CHECK(dialling("00104") == "nobody");
  CHECK(dialling("*680104") == "park at 0104");
}

TEST_CASE("a place behind a code need not exist: that is said when it is asked", "[dial_plan]") {
  CHECK(dialling("*68999") == "park at 999");
  CHECK(dialling("*88999") == "retrieve at 999");
}

TEST_CASE("nothing but digits may follow a code, and one # end it", "[dial_plan]") {
  CHECK(dialling("*68##") == "nobody");
  CHECK(dialling("*68#104") == "nobody");
  CHECK(dialling("*68*104") == "nobody");
  CHECK(dialling("*68bob") == "nobody");
  CHECK(dialling("*58104") == "nobody");  // A group park has no place.
  CHECK(dialling("#") == "nobody");
}

TEST_CASE("extensions and ring groups are found by their whole number", "[dial_plan]") {
  CHECK(dialling("104") == "extension 104");
  CHECK(dialling("1045") == "extension 1045");
  CHECK(dialling("10") == "nobody");
  CHECK(dialling("600") == "ring group 600");
  CHECK(dialling("") == "nobody");
}

TEST_CASE("neighbouring codes of other features are nobody's", "[dial_plan]") {
  for (const char* code : {"*54", "*55104", "*97", "*98", "*69", "*6", "*8", "68104", "**68"})
    CHECK(dialling(code) == "nobody");
}

TEST_CASE("sip:park@domain;orbit=N parks at N", "[dial_plan]") {
  CHECK(dialling("park", "104") == "park at 104");
  CHECK(dialling("park") == "park own");
  CHECK(dialling("park", "10a") == "nobody");
  CHECK(dialling("park", "*68") == "nobody");
  CHECK(dialling("park", std::string(73, '1')) == "nobody");
  CHECK(dialling("104", "105") == "extension 104");  // An orbit means something to park only.
}

TEST_CASE("a tenant's own codes count, and a code that is switched off is no code", "[dial_plan]") {
  auto t = office();
  t.codes = {"#7", "", "*99"};
  CHECK(read(dial(t, "#7104")) == "park at 104");
  CHECK(read(dial(t, "#7#")) == "park own");
  CHECK(read(dial(t, "*68104")) == "nobody");
  CHECK(read(dial(t, "*58")) == "nobody");
  CHECK(read(dial(t, "*99")) == "retrieve own");
}

TEST_CASE("codes of different length do not shade each other", "[dial_plan]") {
  auto t = office();
  t.codes = {"*6", "*58", "*8812"};
  CHECK(read(dial(t, "*68104")) == "park at 8104");
  CHECK(read(dial(t, "*8812104")) == "retrieve at 104");
  CHECK(read(dial(t, "*88104")) == "nobody");
}

TEST_CASE("what is longer than any number behind any code is nobody's", "[dial_plan]") {
  CHECK(dialling("*68" + std::string(64, '1') + "#") == "park at " + std::string(64, '1'));
  CHECK(dialling("*68" + std::string(80, '1')) == "nobody");
  CHECK(dialling(std::string(100000, '-') + "104") == "nobody");
}

TEST_CASE("codes are features, numbers are not", "[dial_plan]") {
  for (const char* code : {"*68", "*68104", "*58", "*88", "*88999#"})
    CHECK(is_feature(dial(office(), code)));
  CHECK(is_feature(dial(office(), "park", "104")));
  for (const char* other : {"104", "600", "*77", "*58104", ""})
    CHECK_FALSE(is_feature(dial(office(), other)));
}
