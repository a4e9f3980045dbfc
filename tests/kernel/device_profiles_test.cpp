#include "kernel/config/device_profiles.hpp"

#include <catch2/catch.hpp>

using namespace parkway;

TEST_CASE("the built-in profiles know the phones by their User-Agent", "[kernel][profiles]") {
  const auto all = device_profiles::built_in();
  REQUIRE(all);
  const auto name_of = [&](const char* user_agent) { return all->of(user_agent).name; };
  CHECK(name_of("Htek UC926 V2.42.6.6.1R22") == "htek");
  CHECK(name_of("Yealink SIP-T46U 108.86.0.118") == "yealink");
  CHECK(name_of("Fanvil X5U 2.12.16.17 0c383e112233") == "fanvil");
  CHECK(name_of("Grandstream GRP2612W 1.0.13.13") == "grandstream");
  CHECK(name_of("snomD785/10.1.204.0") == "snom");
  CHECK(name_of("Dinstar C60 2.60.6.9.7") == "dinstar");
  CHECK(name_of("OBIHAI/OBi1062-5.1.11") == "obihai");
  CHECK(name_of("yealink w70b") == "yealink");
  CHECK(name_of("Linphone") == "default");
  CHECK(name_of("") == "default");
  CHECK(all->of("OBIHAI/OBi1062").channel == park_channel::call_info);
  CHECK(all->of("snom").lamp == lamp_style::confirmed);
}

TEST_CASE("the longest beginning decides", "[kernel][profiles]") {
  const auto read = device_profiles::read(R"(
[[profile]]
name = "old"
user_agents = ["Acme"]
channel = "off"
[[profile]]
name = "new"
user_agents = ["Acme T9", "ACME T8"]
lamp = "early"
extended = false
terminated = true
[[profile]]
name = "default"
channel = "both"
)",
                                          "phones.toml");
  const auto* all = std::get_if<std::shared_ptr<const device_profiles>>(&read);
  REQUIRE(all);
  CHECK((*all)->of("acme t1").channel == park_channel::off);
  const auto& t9 = (*all)->of("acme t9/3");
  CHECK(t9.name == "new");
  CHECK(t9.lamp == lamp_style::early);
  CHECK_FALSE(t9.extended_body);
  CHECK(t9.terminated);
  CHECK((*all)->of("Else").channel == park_channel::both);
}

TEST_CASE("mistakes in profiles are all reported", "[kernel][profiles]") {
  const auto read = device_profiles::read(R"(
[[profile]]
name = "a"
chanel = "auto"
[[profile]]
user_agents = ["B"]
lamp = "blue"
)",
                                          "phones.toml");
  const auto* wrong = std::get_if<1>(&read);
  REQUIRE(wrong);
  CHECK(wrong->size() == 3);
  CHECK(std::get_if<1>(&read) != nullptr);
}
