// The rules of the house, read off the sources: who may include whom, what nobody may call, how
// wide and how long a file may be.

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct source {
  std::string path;  ///< From the root of the repository: "kernel/runtime/log.cpp".
  std::vector<std::string> lines;

  bool in(std::string_view folder) const { return path.starts_with(folder); }
};

std::vector<source> read_sources() {
  std::vector<source> all;
  const fs::path root{PARKWAY_SOURCE_DIR};
  for (const auto* const folder : {"kernel", "sip", "actors", "plugins", "tools", "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator{root / folder}) {
      const auto ending = entry.path().extension();
      if (ending != ".cpp" && ending != ".hpp") continue;
      source made{fs::relative(entry.path(), root).string(), {}};
      std::ifstream in{entry.path()};
      for (std::string line; std::getline(in, line);)
        made.lines.push_back(line);
      all.push_back(std::move(made));
    }
  }
  return all;
}

const std::vector<source>& sources() {
  static const auto all = read_sources();
  return all;
}

/// Fails once a finding, with "file:line: why".
class findings {
 public:
  void add(const source& in, std::size_t line, const std::string& why) {
    all_ += in.path + ":" + std::to_string(line + 1) + ": " + why + "\n";
  }
  ~findings() {
    INFO(all_);
    CHECK(all_.empty());
  }

 private:
  std::string all_;
};

/// What stands between quotes or angle brackets, where the line includes something.
std::optional<std::string> included(const std::string& line, char open, char close) {
  if (!line.starts_with("#include ")) return std::nullopt;
  const auto begin = line.find(open);
  const auto end = line.rfind(close);
  if (begin == line.npos || end <= begin) return std::nullopt;
  return line.substr(begin + 1, end - begin - 1);
}

/// "plugins/media/" for plugins/media/engine.cpp, "sip/message/" for sip/message/uri.cpp.
std::string folder_of(const source& of) {
  return of.path.substr(0, of.path.rfind('/') + 1);
}

/// Folders of ours that a source may include.
std::vector<std::string> floors_below(const source& of) {
  if (of.in("kernel/")) return {"kernel/"};
  if (of.in("sip/")) return {"kernel/", "sip/"};
  if (of.in("actors/")) return {"kernel/", "actors/"};
  return {"kernel/", folder_of(of)};
}

/// The rooms of a wing, lowest first. Rooms that stand in one step do not include each other.
struct room_order {
  std::string_view wing;
  std::vector<std::vector<std::string_view>> steps;

  /// The step of a path "sip/event/subscription.hpp". What lies in the wing itself stands on top.
  std::size_t step_of(std::string_view path) const {
    const auto below = path.substr(wing.size());
    const auto room = below.substr(0, below.find('/') + 1);
    for (std::size_t i = 0; i < steps.size(); ++i)
      if (std::find(steps[i].begin(), steps[i].end(), room) != steps[i].end()) return i;
    return steps.size();
  }
};

const std::vector<room_order>& room_orders() {
  static const std::vector<room_order> all{
    {"kernel/", {{"values/"}, {"config/"}, {"messages/"}, {"runtime/"}, {"plugin/"}}},
    {"sip/",
     {{"message/"},
      {"sdp/", "auth/", "transaction/", "transport/"},
      {"dialog/"},
      {"event/"},
      {"shard/"}}},
    {"actors/", {{"common/"}, {"call/"}, {"park/"}, {"extension/"}}}};
  return all;
}

std::string room_of(std::string_view path) {
  return std::string{path.substr(0, path.rfind('/') + 1)};
}

/// Whether a file of one room may include a file of another room of the same wing.
bool may_include(const room_order& order, std::string_view path, std::string_view name) {
  if (room_of(path) == room_of(name)) return true;
  return order.step_of(name) < order.step_of(path);
}

/// Characters, not bytes: continuation bytes of UTF-8 have no width.
std::size_t width(const std::string& line) {
  return static_cast<std::size_t>(
    std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

template <std::size_t N>
bool excepted(const source& file, const std::array<std::string_view, N>& exceptions) {
  return std::find(exceptions.begin(), exceptions.end(), file.path) != exceptions.end();
}

/// A line without its // comment.
std::string code_of(const std::string& line) {
  return line.substr(0, line.find("//"));
}

}  // namespace

TEST_CASE("sip, actors and plugins include nothing but the kernel and themselves", "[house]") {
  findings wrong;
  for (const auto& file : sources()) {
    if (file.in("tools/") || file.in("tests/")) continue;
    const auto allowed = floors_below(file);
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const auto name = included(file.lines[i], '"', '"');
      if (!name || name->ends_with(".inc")) continue;  // .inc: generated from config/.
      const bool right = std::any_of(allowed.begin(), allowed.end(),
                                     [&](const auto& folder) { return name->starts_with(folder); });
      if (!right) wrong.add(file, i, folder_of(file) + " may not include " + *name);
    }
  }
}

TEST_CASE("inside a wing, includes point from a room to the rooms below it", "[house]") {
  findings wrong;
  for (const auto& order : room_orders()) {
    for (const auto& file : sources()) {
      if (!file.in(order.wing)) continue;
      for (std::size_t i = 0; i < file.lines.size(); ++i) {
        const auto name = included(file.lines[i], '"', '"');
        if (!name || !name->starts_with(order.wing) || may_include(order, file.path, *name))
          continue;
        wrong.add(file, i, room_of(file.path) + " may not include " + *name);
      }
    }
  }
}

TEST_CASE("every file of a wing stands in a room that the order knows", "[house]") {
  constexpr std::array<std::string_view, 2> on_top{"actors/switchboard.cpp",
                                                   "actors/switchboard.hpp"};
  findings wrong;
  for (const auto& order : room_orders())
    for (const auto& file : sources())
      if (file.in(order.wing) && order.step_of(file.path) == order.steps.size()
          && !excepted(file, on_top))
        wrong.add(file, 0, "no room of " + std::string{order.wing});
  const auto& sip = room_orders()[1];
  CHECK(may_include(sip, "sip/shard/shard.cpp", "sip/message/uri.hpp"));
  CHECK_FALSE(may_include(sip, "sip/message/uri.cpp", "sip/shard/shard.hpp"));
  CHECK_FALSE(may_include(sip, "sip/auth/admission.hpp", "sip/transaction/transaction_key.hpp"));
}

TEST_CASE("the top of the repository holds what belongs there", "[house]") {
  constexpr std::array<std::string_view, 14> known{
    "CHANGELOG.md", "CMakeLists.txt", "CMakePresets.json",
    "LICENSE",      "README.md",      "actors",
    "build",        "config",         "data",
    "kernel",       "plugins",        "sip",
    "tests",        "tools"};
  for (const auto& entry : fs::directory_iterator{PARKWAY_SOURCE_DIR}) {
    const auto name = entry.path().filename().string();
    INFO(name);
    const bool dotted = name.starts_with('.');
    CHECK((dotted || std::find(known.begin(), known.end(), name) != known.end()));
  }
}

TEST_CASE("only sip sees libosip2, and only through its one door", "[house]") {
  findings wrong;
  for (const auto& file : sources()) {
    const bool sip = file.in("sip/") || file.in("tests/sip/") || file.in("tests/fuzz/");
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const auto system = included(file.lines[i], '<', '>');
      const auto own = included(file.lines[i], '"', '"');
      if (system && system->starts_with("osip") && !sip)
        wrong.add(file, i, "libosip2 belongs to sip/");
      if (own && *own == "sip/message/osip.hpp"
          && (!sip || (file.in("sip/") && file.path.ends_with("hpp"))))
        wrong.add(file, i, "osip.hpp is for sources of sip/ only, never for a header");
    }
  }
}

TEST_CASE("nothing sleeps", "[house]") {
  const std::regex sleep{R"(\b(sleep|usleep|nanosleep|sleep_for|sleep_until)\s*\()"};
  findings wrong;
  for (const auto& file : sources()) {
    for (std::size_t i = 0; i < file.lines.size(); ++i)
      if (std::regex_search(code_of(file.lines[i]), sleep))
        wrong.add(file, i, "time is waited for by timers");
  }
}

TEST_CASE("above the wire the time is passed in, or comes from the actor clock", "[house]") {
  // Where libevent wakes us, and the clock itself.
  constexpr std::array<std::string_view, 4> wires{
    "sip/transport/udp_wire.cpp", "sip/transport/stream_wire.cpp", "kernel/runtime/loop_clock.cpp",
    "plugins/media/engine_actor.cpp"};
  const std::regex clock{R"((system_clock|steady_clock|clock_type)::now|\btime\((nullptr|NULL|0)\))"
                         R"(|\bgettimeofday\b|\bclock_gettime\b)"};
  findings wrong;
  for (const auto& file : sources()) {
    if (file.in("tools/") || file.in("tests/") || excepted(file, wires)) continue;
    for (std::size_t i = 0; i < file.lines.size(); ++i)
      if (std::regex_search(code_of(file.lines[i]), clock))
        wrong.add(file, i, "no clock of its own");
  }
}

TEST_CASE("a line has 100 columns at most, and a file 700 lines", "[house]") {
  findings wrong;
  for (const auto& file : sources()) {
    if (file.lines.size() > 700) wrong.add(file, file.lines.size() - 1, "split it");
    for (std::size_t i = 0; i < file.lines.size(); ++i)
      if (width(file.lines[i]) > 100) wrong.add(file, i, "wider than 100 columns");
  }
}

TEST_CASE("every header is included once", "[house]") {
  findings wrong;
  for (const auto& file : sources()) {
    if (!file.path.ends_with(".hpp")) continue;
    const auto found = std::find(file.lines.begin(), file.lines.end(), "#pragma once");
    if (found == file.lines.end()) wrong.add(file, 0, "no #pragma once");
  }
}

TEST_CASE("nothing is left for later", "[house]") {
  // In two parts, or this file would find itself.
  const std::regex later{std::string{R"(\b(TO)"} + R"(DO|FIX)" + R"(ME|XX)" + R"(X)\b)"};
  findings wrong;
  for (const auto& file : sources()) {
    for (std::size_t i = 0; i < file.lines.size(); ++i)
      if (std::regex_search(file.lines[i], later)) wrong.add(file, i, "do it now, or not at all");
  }
}

TEST_CASE("the rules have something to look at", "[house]") {
  for (const auto* const folder : {"kernel/", "sip/", "actors/", "plugins/", "tools/", "tests/"}) {
    INFO(folder);
    CHECK(std::any_of(sources().begin(), sources().end(),
                      [&](const source& file) { return file.in(folder); }));
  }
  CHECK(width("Zürich") == 6);
  CHECK(included("#include <caf/actor.hpp>", '<', '>') == "caf/actor.hpp");
}
