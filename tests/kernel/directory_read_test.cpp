#include "kernel/config/ha1.hpp"
#include "tests/kernel/configuration_file.hpp"

#include <catch2/catch.hpp>
#include <toml++/toml.h>

#include <chrono>

using namespace parkway;
using namespace parkway::test;

namespace {

constexpr std::string_view office = R"(
[[tenant]]
name = "acme"
domain = "PBX.test"
[[tenant.extension]]
number = "101"
display_name = "Alice"
password = "secret101"
[[tenant.extension]]
number = "102"
password = "secret102"
[[tenant.ring_group]]
number = "600"
members = ["101", "102"]
)";

/// `more` begins in line 15; keys of [tenant.call_park] in line 16.
std::vector<config_error> mistakes_of(std::string_view more) {
  const folder here;
  return mistakes_in(read_directory(here.write("d.toml", std::string{office} + std::string{more})));
}

std::vector<config_error> mistakes_of_call_park(std::string_view keys) {
  return mistakes_of("[tenant.call_park]\n" + std::string{keys});
}

std::shared_ptr<const tenant_list> read(std::string_view text) {
  const folder here;
  const auto got = read_directory(here.write("d.toml", text));
  INFO(text_of(mistakes_in(got)));
  REQUIRE(got.index() == 0);
  return std::get<0>(got);
}

template <std::size_t N>
std::string hex(const std::array<std::uint8_t, N>& bytes) {
  std::string text;
  for (const auto byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

}  // namespace

TEST_CASE("a tenant has the defaults of the contract", "[directory]") {
  const auto list = read(office);
  const auto& t = *list->by_domain.at("pbx.test");
  CHECK(t.name.text == "acme");
  CHECK(list->fallback == nullptr);
  CHECK(t.codes.call_park == "*68");
  CHECK(t.call_park.enabled);
  CHECK(t.call_park.service_number.text == "666");
  const auto& recall = t.call_park.recall;
  CHECK(recall.target == recall_target::user_only);
  CHECK(recall.recall_time == std::chrono::seconds{60});
  CHECK(recall.max_park_time == std::chrono::seconds{3600});
  CHECK_FALSE(recall.final_number);
  CHECK(t.extension(number{"101"})->display_name == "Alice");
  CHECK(t.ring_groups.at(number{"600"}).strategy == ring_strategy::simultaneous);
}

TEST_CASE("of a password only the digest hashes are kept, with the tenant's realm", "[directory]") {
  // printf 101:pbx.test:secret101 | md5sum, sha256sum
  const auto list = read(office);
  const auto& secret = list->by_name.at(tenant_name{"acme"})->extension(number{"101"})->secret;
  CHECK(hex(secret.md5) == "316ec72cb3d4416ab99889ae5a332f66");
  CHECK(hex(secret.sha256) == "e2d9983a6ff32a6944ad5114d09a5395a2493bd1d5c6eaa5ab778f57e1c0e4bb");
  CHECK(print_directory(*list).find("secret101") == std::string::npos);
}

TEST_CASE("a group has the tenant's terms, but for its own", "[directory]") {
  const auto list = read(std::string{office} + R"([tenant.call_park]
recall_time = 30
recall_ring_time = 20
max_park_time = 100
final = "102"
hunting = "LEAST_PARKED"
[[tenant.call_park_group]]
name = "Sales"
members = ["102", "101"]
recall_time = 45
recall_to = "USER_FIRST_THEN_RING_GROUP"
recall_ring_group = "600"
hunting = "LONGEST_IDLE"
)");
  const auto& t = *list->by_name.at(tenant_name{"acme"});
  const auto* const group = t.park_group_of(number{"101"});
  REQUIRE(group);
  CHECK(group->members == std::vector{number{"102"}, number{"101"}});
  CHECK(group->recall.recall_time == std::chrono::seconds{45});
  CHECK(group->recall.ring_time == std::chrono::seconds{20});
  CHECK(group->recall.ring_group == number{"600"});
  CHECK(group->recall.final_number == number{"102"});
  CHECK(group->hunting == hunting_policy::longest_idle);
  CHECK(t.call_park.hunting == hunting_policy::least_parked);
}

TEST_CASE("what would leave a party in music for ever is refused", "[directory]") {
  const auto both = mistakes_of_call_park("recall_time = 0\nmax_park_time = 0\n");
  CHECK(tells(both, 16, "tenant[1].call_park.recall_time", "max_park_time are both 0"));
  CHECK(mistakes_of_call_park("recall_time = 0\n").empty());
  CHECK(mistakes_of_call_park("max_park_time = 0\n").empty());
  const auto group = mistakes_of(
    "[tenant.call_park]\nmax_park_time = 0\n"
    "[[tenant.call_park_group]]\nname = \"S\"\nrecall_time = 0\n");
  CHECK(tells(group, 19, "tenant[1].call_park_group[1].recall_time", "both 0"));
}

TEST_CASE("a destination must be somebody's, and no code", "[directory]") {
  const auto key = [](const std::string& name) { return "tenant[1].call_park." + name; };
  CHECK(mistakes_of_call_park("final = \"600\"\n").empty());
  CHECK(mistakes_of_call_park("recall_to = \"NUMBER\"\nrecall_number = \"102\"\n").empty());
  CHECK(tells(mistakes_of_call_park("final = \"999\"\n"), 16, key("final"), "nobody has"));
  CHECK(tells(mistakes_of_call_park("final = \"666\"\n"), 16, key("final"), "nobody has"));
  CHECK(tells(mistakes_of_call_park("final = \"*68\"\n"), 16, key("final"), "access code"));
  CHECK(tells(mistakes_of_call_park("final = \"\"\n"), 16, key("final"), "HANGUP"));
  CHECK(
    tells(mistakes_of_call_park("recall_number = \"1\"\n"), 16, key("recall_number"), "nobody"));
  CHECK(tells(mistakes_of_call_park("recall_to = \"NUMBER\"\n"), 16, key("recall_to"),
              "needs a recall_number"));
  CHECK(tells(mistakes_of_call_park("recall_to = \"RING_GROUP_ONLY\"\n"), 16, key("recall_to"),
              "needs a recall_ring_group"));
  CHECK(tells(mistakes_of_call_park("recall_ring_group = \"101\"\n"), 16, key("recall_ring_group"),
              "no ring group"));
  const auto group =
    mistakes_of("[[tenant.call_park_group]]\nname = \"S\"\nrecall_to = \"NUMBER\"\n");
  CHECK(tells(group, 17, "tenant[1].call_park_group[1].recall_to", "needs a recall_number"));
}

TEST_CASE("times have ranges, and some may be 0", "[directory]") {
  const auto wrong = [](const std::string& key, int value) {
    const auto all = mistakes_of_call_park(key + " = " + std::to_string(value) + "\n");
    return tells(all, 16, "tenant[1].call_park." + key, "out of range");
  };
  struct range {
    std::string key;
    int min, max;
    bool zero;
  };
  for (const auto& r : {range{"recall_time", 5, 3600, true},
                        {"max_park_time", 5, 86400, true},
                        {"recall_ring_group_time", 5, 3600, false},
                        {"recall_ring_time", 5, 120, false},
                        {"recall_retry_time", 5, 60, false}}) {
    INFO(r.key);
    CHECK_FALSE(wrong(r.key, r.min));
    CHECK_FALSE(wrong(r.key, r.max));
    CHECK(wrong(r.key, r.min - 1));
    CHECK(wrong(r.key, r.max + 1));
    CHECK(wrong(r.key, 0) != r.zero);
    CHECK(wrong(r.key, -5));
  }
}

TEST_CASE("extensions, ring groups and extension_number share one number space", "[directory]") {
  const auto all = mistakes_of(R"([[tenant.extension]]
number = "101"
password = "x"
[[tenant.extension]]
number = "666"
password = "x"
[[tenant.ring_group]]
number = "102"
members = ["101"]
[[tenant.extension]]
number = "1a1"
password = "x"
[[tenant.extension]]
number = "0101"
password = "x"
)");
  INFO(text_of(all));
  CHECK(all.size() == 4);
  CHECK(tells(all, 16, "tenant[1].extension[3].number", "taken by the extension in line 6"));
  CHECK(tells(all, 19, "tenant[1].extension[4].number", "taken by the extension_number"));
  CHECK(tells(all, 22, "tenant[1].ring_group[2].number", "taken by the extension in line 10"));
  CHECK(tells(all, 25, "tenant[1].extension[5].number", "3–64 digits"));
}

TEST_CASE("codes begin with * or #, and none begins another", "[directory]") {
  const auto codes = [](std::string_view keys) {
    return mistakes_of("[tenant.feature_access_codes]\n" + std::string{keys});
  };
  const std::string path = "tenant[1].feature_access_codes.";
  CHECK(tells(codes("CALL_PARK = \"68\"\n"), 16, path + "CALL_PARK", "expected * or #"));
  CHECK(tells(codes("CALL_PARK = \"*\"\n"), 16, path + "CALL_PARK", "expected * or #"));
  CHECK(tells(codes("CALL_PARK = \"*1234567\"\n"), 16, path + "CALL_PARK", "expected * or #"));
  CHECK(tells(codes("CALL_PARK = \"*6a\"\n"), 16, path + "CALL_PARK", "expected * or #"));
  CHECK(
    tells(codes("CALL_PARK = \"*5\"\n"), 15, path + "GROUP_CALL_PARK", "begins with CALL_PARK"));
  CHECK(codes("CALL_PARK = \"*88\"\n").size() == 1);
  CHECK(tells(codes("CALL_PARK = \"\"\n"), 16, path + "CALL_PARK", "expected * or #"));
  CHECK(
    codes("CALL_PARK = \"#1\"\nGROUP_CALL_PARK = \"*5\"\nCALL_RETRIEVE = \"*123456\"\n").empty());
}

TEST_CASE("members exist, are extensions, stand once, and in one group", "[directory]") {
  const auto all = mistakes_of(R"([[tenant.ring_group]]
number = "601"
members = []
[[tenant.ring_group]]
number = "602"
members = ["101", "101", "600", "777"]
[[tenant.call_park_group]]
name = "A"
members = ["101", "999"]
[[tenant.call_park_group]]
name = "A"
members = ["101", "102"]
max_park_time = 60
)");
  INFO(text_of(all));
  CHECK(all.size() == 8);
  CHECK(tells(all, 17, "tenant[1].ring_group[2].members", "one member at least"));
  CHECK(tells(all, 20, "tenant[1].ring_group[3].members", "twice"));
  CHECK(tells(all, 20, "tenant[1].ring_group[3].members", "the number of a ring group"));
  CHECK(tells(all, 20, "tenant[1].ring_group[3].members", "\"777\""));
  CHECK(tells(all, 23, "tenant[1].call_park_group[1].members", "\"999\""));
  CHECK(tells(all, 25, "tenant[1].call_park_group[2].name", "line 22"));
  CHECK(tells(all, 26, "tenant[1].call_park_group[2].members", "in the group \"A\" already"));
  CHECK(tells(all, 27, "tenant[1].call_park_group[2].max_park_time", "unknown key"));
}

TEST_CASE("tenants differ in name and domain, and one at most is the default", "[directory]") {
  const auto all = mistakes_of(R"([[tenant]]
name = "acme"
domain = "pbx.TEST"
default = true
[[tenant]]
name = "b"
domain = "b.test"
default = true
[[tenant]]
domain = "c d"
)");
  INFO(text_of(all));
  CHECK(all.size() == 5);
  CHECK(tells(all, 16, "tenant[2].name", "line 3"));
  CHECK(tells(all, 17, "tenant[2].domain", "line 4"));
  CHECK(tells(all, 22, "tenant[3].default", "one at most"));
  CHECK(tells(all, 23, "tenant[4].name", "is missing"));
  CHECK(tells(all, 24, "tenant[4].domain", "no domain"));
  // The same numbers may exist in each.
  CHECK(mistakes_of("[[tenant]]\nname = \"b\"\ndomain = \"b\"\n[[tenant.extension]]\n"
                    "number = \"101\"\npassword = \"x\"\n")
          .empty());
}

TEST_CASE("a phone has a MAC address of its own and an extension", "[directory]") {
  const auto all = mistakes_of(R"([[tenant.phone]]
mac = "00:1F:C1:1C:22:A9"
model = "Htek-UC926"
extension = "101"
[[tenant.phone]]
mac = "001fc11c22a9"
model = "htek-uc926"
extension = "600"
[[tenant.phone]]
mac = "nonsense"
model = "a b"
)");
  INFO(text_of(all));
  CHECK(all.size() == 5);
  CHECK(tells(all, 20, "tenant[1].phone[2].mac", "line 16"));
  CHECK(tells(all, 22, "tenant[1].phone[2].extension", "\"600\""));
  CHECK(tells(all, 24, "tenant[1].phone[3].mac", "no MAC address"));
  CHECK(tells(all, 25, "tenant[1].phone[3].model", "no model"));
  CHECK(tells(all, 23, "tenant[1].phone[3].extension", "is missing"));
}

TEST_CASE("a printed directory is the same when it is read again, but for the passwords",
          "[directory]") {
  const auto printed = print_directory(*read(R"([system_admin]
username = "root"
password = "secret-of-root")" + std::string{office}
                                             + R"([tenant.admin]
username = "boss"
password = "secret-of-boss"
[tenant.call_park]
recall_to = "NUMBER"
recall_number = "101"
final = "600"
retrieve_scope = "GROUP_OR_OWNER"
[[tenant.call_park_group]]
name = "Sales \"one\""
members = ["101"]
[[tenant.phone]]
mac = "001fc11c22a9"
model = "htek-uc926"
extension = "101"
)"));
  INFO(printed);
  CHECK(print_directory(*read(printed)) == printed);
  CHECK(printed.find("\"root\"") != printed.npos);
  CHECK(printed.find("\"boss\"") != printed.npos);
  CHECK(printed.find("secret") == printed.npos);
}

TEST_CASE("a hundred thousand extensions are read in a moment", "[directory][.bench]") {
  std::string text = "[[tenant]]\nname = \"big\"\ndomain = \"big.test\"\n";
  for (int i = 0; i < 100'000; ++i)
    text += "[[tenant.extension]]\nnumber = \"" + std::to_string(100'000 + i)
            + "\"\ndisplay_name = \"User\"\npassword = \"secret\"\n";
  const auto begin = std::chrono::steady_clock::now();
  CHECK(read(text)->by_domain.at("big.test")->extensions.size() == 100'000);
  WARN(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() << " s");
}
