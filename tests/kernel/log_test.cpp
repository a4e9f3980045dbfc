#include "kernel/runtime/log.hpp"

#include <catch2/catch.hpp>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

using namespace parkway;

namespace {

/// Takes stderr while it lives.
class capture {
 public:
  capture() : saved_(dup(STDERR_FILENO)) {
    REQUIRE(pipe(pipe_.data()) == 0);
    dup2(pipe_[1], STDERR_FILENO);
  }
  ~capture() {
    end();
    start_log(log_level::warn, log_format::text);
  }
  /// What was written, line by line.
  std::vector<std::string> lines() {
    end();
    std::string text;
    std::array<char, 4096> some;
    for (ssize_t n; (n = read(pipe_[0], some.data(), some.size())) > 0;)
      text.append(some.data(), static_cast<std::size_t>(n));
    std::vector<std::string> made;
    for (std::size_t at = 0; at < text.size();) {
      const auto end_of_line = text.find('\n', at);
      made.push_back(text.substr(at, end_of_line - at));
      at = end_of_line == text.npos ? text.size() : end_of_line + 1;
    }
    return made;
  }

 private:
  void end() {
    if (saved_ < 0) return;
    dup2(saved_, STDERR_FILENO);
    close(saved_);
    close(pipe_[1]);
    saved_ = -1;
  }

  std::array<int, 2> pipe_{};
  int saved_;
};

}  // namespace

TEST_CASE("an event is one line, with level and area by the names of the configuration", "[log]") {
  capture out;
  start_log(log_level::info, log_format::text);
  log(log_area::sip_wire).warn("hello {}", 1);
  log(log_area::park).info("parked");
  log(log_area::park).debug("not at this level");
  plugin_log("lamp").error("dark");
  const auto lines = out.lines();
  REQUIRE(lines.size() == 3);
  CHECK_THAT(lines[0], Catch::Matches(R"(\d{4}-\d\d-\d\dT[\d:.]{12}Z warn \[sip\.wire\] hello 1)"));
  CHECK_THAT(lines[1], Catch::EndsWith("Z info [park] parked"));
  CHECK_THAT(lines[2], Catch::EndsWith("Z error [plugin.lamp] dark"));
}

TEST_CASE("nobody outside can forge a line", "[log]") {
  capture out;
  start_log(log_level::info, log_format::text);
  log(log_area::sip).info("{}", "INVITE\r\n2026-01-01 error [kernel] \x1b[31mforged\x7f");
  log_foreign(log_area::sip, log_level::info, std::string(2000, 'x'));
  const auto lines = out.lines();
  REQUIRE(lines.size() == 2);
  CHECK_THAT(lines[0],
             Catch::EndsWith(R"(INVITE\r\n2026-01-01 error [kernel] \u001b[31mforged\u007f)"));
  CHECK(std::count(lines[1].begin(), lines[1].end(), 'x') == 512);
}

TEST_CASE("JSON is one object a line, quotes and all", "[log]") {
  capture out;
  start_log(log_level::debug, log_format::json);
  log(log_area::call).debug("{}", R"(says "a\b")");
  log(log_area::call).debug("{}", "Zo\xC3\xAB \xFF");
  const auto lines = out.lines();
  REQUIRE(lines.size() == 2);
  CHECK_THAT(lines[1], Catch::EndsWith("\"text\":\"Zo\xC3\xAB \\ufffd\"}"));
  CHECK_THAT(
    lines[0],
    Catch::Matches(
      R"(\{"time":"[\d:.TZ-]+","level":"debug","area":"call","text":"says \\"a\\\\b\\""\})"));
}

TEST_CASE("the level changes at run time, for loggers made before and after", "[log]") {
  capture out;
  auto& before = plugin_log("before");
  start_log(log_level::error, log_format::text);
  before.warn("lost");
  plugin_log("after").warn("lost");
  start_log(log_level::warn, log_format::text);
  before.warn("kept");
  plugin_log("after").warn("kept");
  CHECK(out.lines().size() == 2);
}
