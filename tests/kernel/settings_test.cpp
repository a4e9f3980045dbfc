#include "kernel/config/configuration_words.hpp"
#include "tests/kernel/configuration_file.hpp"

#include <toml++/toml.h>

#include <iterator>
#include <regex>

using namespace parkway;
using namespace parkway::test;

namespace {

std::vector<config_error> mistakes_of(std::string_view text) {
  const folder here;
  return mistakes_in(read_settings(here.write("node.toml", text)));
}

settings read(const folder& here, std::string_view text) {
  const auto got = read_settings(here.write("node.toml", text));
  INFO(text_of(mistakes_in(got)));
  REQUIRE(got.index() == 0);
  return std::get<0>(got);
}

}  // namespace

TEST_CASE("an empty file is all defaults", "[settings]") {
  const folder here;
  const auto s = read(here, "");
  CHECK(s.level == log_level::info);
  CHECK(s.data_dir == here.path() / "data");
  CHECK(s.listeners == std::vector<listener_settings>{{}});
  CHECK(s.listeners[0].port == 5060);
  CHECK(s.media_port_min == 20000);
  CHECK(s.calls_max == 10000);
  CHECK(s.nonce_life == std::chrono::seconds{300});
  CHECK(s.exempt.size() == 2);
  CHECK(s.seed.empty());
  CHECK_FALSE(s.plugins_given);
  CHECK(s.plugins.size() == 7);
  CHECK(s.plugin_path == std::vector<std::filesystem::path>{here.path() / "plugins"});
}

TEST_CASE("nobody is ever banned where ban_after is 0", "[settings]") {
  const folder here;
  CHECK(read(here, "[limits]\nban_after = 0\n").ban_after == 0);
}

TEST_CASE("every key is read", "[settings]") {
  const folder here;
  here.write("d.toml", "");
  here.write("m.wav", "");
  const auto s = read(here, R"(
[node]
name = "pbx-1"
data_dir = "/var/lib/parkway"
[log]
level = "trace"
format = "json"
[sip]
digest = ["SHA-256"]
[[sip.listen]]
transport = "udp"
address = "127.0.0.1"
port = 0
advertise = "192.0.2.1"
[[sip.listen]]
transport = "tcp"
address = "::"
[media]
mode = "direct"
port_min = 30000
port_max = 30999
music = "m.wav"
[http]
address = "::1"
port = 0
[store]
url = "postgresql://db/parkway"
[directory]
seed = "d.toml"
[limits]
exempt = ["192.0.2.0/25"]
requests_per_second = 5
ban_after = 3
ban_time = 2
nonce_life = 1
calls = 7
[plugins]
load = ["media"]
path = ["/opt/plugins", "mine"]
)");
  CHECK(s.node_name == "pbx-1");
  CHECK(s.data_dir == "/var/lib/parkway");
  CHECK(s.level == log_level::trace);
  CHECK(s.format == log_format::json);
  CHECK(s.digest == std::vector{digest_algorithm::sha256});
  CHECK(s.listeners
        == std::vector<listener_settings>{{transport_kind::udp, "127.0.0.1", 0, "192.0.2.1"},
                                          {transport_kind::tcp, "::", 5060, ""}});
  CHECK(s.media == media_mode::direct);
  CHECK(s.media_port_max == 30999);
  CHECK(s.music == (here.path() / "m.wav").string());
  CHECK(s.http_port == 0);
  CHECK(s.store_url == "postgresql://db/parkway");
  CHECK(s.seed == here.path() / "d.toml");
  CHECK(s.exempt[0].contains(*ip_address::parse("192.0.2.127")));
  CHECK_FALSE(s.exempt[0].contains(*ip_address::parse("192.0.2.128")));
  CHECK_FALSE(s.exempt[0].contains(*ip_address::parse("::1")));
  CHECK(s.requests_per_second == 5);
  CHECK(s.ban_after == 3);
  CHECK(s.ban_time == std::chrono::seconds{2});
  CHECK(s.calls_max == 7);
  CHECK(s.plugins_given);
  CHECK(s.plugin_path.at(1) == here.path() / "mine");
}

TEST_CASE("all mistakes are told at once, with line, key and what would be right", "[settings]") {
  const auto all = mistakes_of(R"([nod]
[node]
name = 5
[log]
level = "loud"
[sip]
digest = ["SHA-512", "MD5", "MD5"]
[[sip.listen]]
transport = "tls"
prt = 5
[[sip.listen]]
address = "localhost"
port = 70000
advertise = "0.0.0.0"
[media]
port_min = 30000
music = "none.wav"
[store]
url = "mysql://x"
[limits]
exempt = ["10.0.0.0/33", 7]
ban_time = 0
[directory]
seed = "nope.toml"
[plugins]
load = ["media", "http", "media", "../x"]
)");
  INFO(text_of(all));
  CHECK(all.size() == 20);
  CHECK(tells(all, 1, "nod", "nearest known key: node"));
  CHECK(tells(all, 3, "node.name", "is a whole number; expected a string"));
  CHECK(tells(all, 5, "log.level", R"("trace", "debug", "info", "warn" or "error")"));
  CHECK(tells(all, 7, "sip.digest", R"("SHA-512" is not one of)"));
  CHECK(tells(all, 7, "sip.digest", R"("MD5" stands here twice)"));
  CHECK(tells(all, 9, "sip.listen[1].transport", "not available in this version"));
  CHECK(tells(all, 10, "sip.listen[1].prt", "nearest known key: port"));
  CHECK(tells(all, 12, "sip.listen[2].address", "not an IP address"));
  CHECK(tells(all, 13, "sip.listen[2].port", "expected 0–65535"));
  CHECK(tells(all, 14, "sip.listen[2].advertise", "not an address a phone can send to"));
  CHECK(tells(all, 15, "media.port_max", "no room above port_min = 30000"));
  CHECK(tells(all, 17, "media.music", "no readable file"));
  CHECK(tells(all, 19, "store.url", R"("sqlite:FILE")"));
  CHECK(tells(all, 21, "limits.exempt", "\"10.0.0.0/33\" is not a network"));
  CHECK(tells(all, 21, "limits.exempt", "a list of strings only"));
  CHECK(tells(all, 22, "limits.ban_time", "expected 1–86400 (seconds)"));
  CHECK(tells(all, 24, "directory.seed", "no readable file"));
  CHECK(tells(all, 26, "plugins.load", "\"http\" is not built in"));
  CHECK(tells(all, 26, "plugins.load", "\"media\" stands here twice"));
  CHECK(tells(all, 26, "plugins.load", "\"../x\" is no plugin name"));
}

TEST_CASE("two listeners on one socket are a mistake, on port 0 they are not", "[settings]") {
  const std::string one = "[[sip.listen]]\nport = 5070\n", any = "[[sip.listen]]\nport = 0\n";
  CHECK(tells(mistakes_of(one + one), 4, "sip.listen[2].port", "another listener"));
  CHECK(mistakes_of(any + any).empty());
  CHECK(mistakes_of(one + "[[sip.listen]]\nport = 5070\ntransport = \"tcp\"\n").empty());
}

TEST_CASE("a file that is none, or no TOML, is a mistake with its name", "[settings]") {
  const folder here;
  const auto missing = mistakes_in(read_settings(here.path() / "missing.toml"));
  REQUIRE(missing.size() == 1);
  CHECK(missing[0].text()
        == (here.path() / "missing.toml").string() + ": cannot be read: No such file or directory");
  CHECK(tells(mistakes_in(read_settings(here.path())), 0, "", "it is a folder"));
  CHECK(tells(mistakes_of("[node]\nname = \n"), 2, "", "not valid TOML"));
  CHECK(tells(mistakes_of("[node]\nname = \"a\"\nname = \"b\"\n"), 3, "", "not valid TOML"));
}

TEST_CASE("a mistake is one line, whatever stands in the file", "[settings]") {
  const auto found = mistakes_of("\"a\\nb\\u001B\" = 1\n");
  REQUIRE(found.size() == 1);
  CHECK(found[0].text().find("node.toml:1: a?b?: unknown key") != std::string::npos);
}

TEST_CASE("the seed is found though the rest is wrong", "[settings]") {
  const folder here;
  const auto seed = here.write("d.toml", "");
  CHECK(find_seed(here.write("n.toml", "[node]\nnmae = 1\n[directory]\nseed = \"d.toml\"\n"))
        == seed);
  CHECK(find_seed(here.write("n.toml", "[directory]\nseed = \"e.toml\"\n")).empty());
  CHECK(find_seed(here.write("n.toml", "[directory\n")).empty());
}

TEST_CASE("the data folder is found though the rest is wrong", "[settings]") {
  const folder here;
  const auto of = [&](std::string_view text) { return find_data_dir(here.write("n.toml", text)); };
  CHECK(*of("[node]\nnmae = 3\ndata_dir = \"there\"\n[log]\nlevel = 7\n") == here.path() / "there");
  CHECK(*of("") == here.path() / "data");
  CHECK_FALSE(of("[node"));
  CHECK(find_data_dir(here.path() / "none.toml").error().detail.find("none.toml")
        != std::string::npos);
}

TEST_CASE("what is printed can be read again, and says what is inert", "[settings]") {
  const folder here;
  auto s = read(here, "[node]\nname = \"a \\\"b\\\" \\\\ \\u0007\"\n[[sip.listen]]\nport = 0\n");
  const auto printed = print_settings(s);
  INFO(printed);
  CHECK(printed.find("[http] # inert: no http plugin in this version") != printed.npos);
  CHECK(printed.find("# inert, not in this version: store, http") != printed.npos);
  const auto again = toml::parse(printed);
  CHECK(again["node"]["name"].value_or(std::string{}) == "a \"b\" \\ \a");
  CHECK(again["sip"]["listen"][0]["port"].value_or(-1) == 0);
  CHECK(again["limits"]["exempt"][0].value_or(std::string{}) == "127.0.0.0/8");
}

TEST_CASE("the nearest key is a slip of the pen away, not any key", "[settings]") {
  const std::vector<std::string_view> keys{"recall_time", "recall_to", "final", "music"};
  CHECK(nearest("recal_time", keys) == "recall_time");
  CHECK(nearest("finale", keys) == "final");
  CHECK(nearest("zzzzzzzz", keys).empty());
  CHECK(nearest("", keys).empty());
}

namespace {

const std::filesystem::path config{PARKWAY_SOURCE_DIR "/config"};

std::string text_in(const std::filesystem::path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// The file with its commented defaults in force; the list of plugins, of which not all exist, is
/// left as it is.
std::string with_defaults_written(const std::string& text) {
  const std::regex is_default{R"(^( *)# (?!load)(\w+ = ))", std::regex::multiline};
  return std::regex_replace(text, is_default, "$1$2");
}

/// Keys that were printed and that the file does not show.
std::string undocumented(const std::string& printed, const std::string& file) {
  const std::regex key{R"((^|\n) *(\w+) = )"};
  std::string missing;
  for (std::sregex_iterator at{printed.begin(), printed.end(), key}; at != std::sregex_iterator{};
       ++at)
    if (file.find((*at)[2].str() + " = ") == file.npos) missing += (*at)[2].str() + " ";
  return missing;
}

}  // namespace

TEST_CASE("config/parkway.toml shows every key with its default", "[settings]") {
  const folder here;
  here.write("demo.toml", "");
  const auto text = text_in(config / "parkway.toml");
  const auto as_it_is = print_settings(read(here, text));
  CHECK(print_settings(read(here, with_defaults_written(text))) == as_it_is);
  CHECK(undocumented(as_it_is, text) == "");
}

TEST_CASE("config/directory.toml shows every key with its default", "[settings]") {
  const folder here;
  const auto printed_of = [&](const std::string& text) {
    const auto got = read_directory(here.write("d.toml", text));
    INFO(text_of(mistakes_in(got)));
    REQUIRE(got.index() == 0);
    return print_directory(*std::get<0>(got));
  };
  const auto text = text_in(config / "directory.toml");
  const auto as_it_is = printed_of(text);
  CHECK(printed_of(with_defaults_written(text)) == as_it_is);
  CHECK(undocumented(as_it_is, text) == "");
}

TEST_CASE("the files of config/ are right", "[settings]") {
  for (const auto* const name : {"parkway.toml", "demo-node.toml"}) {
    const auto got = read_settings(config / name);
    INFO(text_of(mistakes_in(got)));
    REQUIRE(got.index() == 0);
    const auto tenants = read_directory(std::get<0>(got).seed);
    INFO(text_of(mistakes_in(tenants)));
    CHECK(tenants.index() == 0);
  }
}
