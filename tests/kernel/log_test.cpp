#include "kernel/runtime/log.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
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
  CHECK_THAT(lines[1], Catch::EndsWith("\"message\":\"Zo\xC3\xAB \\ufffd\"}"));
  CHECK_THAT(
    lines[0],
    Catch::Matches(
      R"(\{"time":"[\d:.TZ-]+","level":"debug","area":"call","message":"says \\"a\\\\b\\""\})"));
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

namespace {

/// A process of its own that logs by a thread, to a pipe of 4 KiB. Its `work` may tell us
/// something.
class apart {
 public:
  template <class Work>
  explicit apart(Work work) {
    REQUIRE(pipe2(log_.data(), O_CLOEXEC) == 0);
    REQUIRE(pipe2(word_.data(), O_CLOEXEC) == 0);
    REQUIRE(fcntl(log_[1], F_SETPIPE_SZ, 4096) == 4096);
    child_ = fork();
    if (child_ == 0) {
      alarm(20);  // A test that hangs has failed.
      dup2(log_[1], STDERR_FILENO);
      close(log_[1]);
      start_log(log_level::info, log_format::text);
      start_log_thread();
      work([this] { REQUIRE(write(word_[1], "!", 1) == 1); });
      _exit(0);
    }
    close(log_[1]);
    close(word_[1]);
  }
  bool told() {
    char word = 0;
    return read(word_[0], &word, 1) == 1;
  }
  bool ended_well() const {
    int status = -1;
    return waitpid(child_, &status, 0) == child_ && status == 0;
  }
  /// All that is written to the log until the process ends.
  std::string log() {
    std::string text;
    std::array<char, 4096> some;
    for (ssize_t n; (n = read(log_[0], some.data(), some.size())) > 0;)
      text.append(some.data(), static_cast<std::size_t>(n));
    return text;
  }

 private:
  std::array<int, 2> log_{}, word_{};
  pid_t child_ = -1;
};

void write_many(int lines) {
  for (int i = 0; i < lines; ++i)
    log(log_area::sip).info("line {} of many", i);
}

}  // namespace

TEST_CASE("nobody who logs waits for a reader of stderr, nor does the end", "[log]") {
  apart one{[](auto tell) {
    write_many(20'000);
    tell();
    flush_log(std::chrono::milliseconds{50});
  }};
  CHECK(one.told());
  CHECK(one.ended_well());
}

TEST_CASE("what was dropped is counted where it is missing; the end is whole", "[log]") {
  apart one{[](auto tell) {
    write_many(20'000);
    tell();
    flush_log(std::chrono::seconds{10});
  }};
  REQUIRE(one.told());
  const auto text = one.log();
  CHECK(one.ended_well());
  std::size_t lines = 0, dropped = 0;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) {
    const auto missing = line.find(" lines of the log were dropped");
    if (missing == line.npos)
      ++lines;
    else
      dropped += std::stoul(line.substr(line.rfind("] ", missing) + 2));
  }
  CHECK(lines + dropped == 20'000);
  CHECK(lines >= 4096 - 1);  // The wish to be told of the end took the place of one.
  CHECK(text.find("line 19999 of many\n") != text.npos);
}

TEST_CASE("the child of a fork writes for itself", "[log]") {
  apart one{[](auto) {
    log(log_area::sip).info("parent");
    if (fork() == 0) {
      log(log_area::sip).info("child");
      _exit(0);
    }
    wait(nullptr);
    flush_log(std::chrono::seconds{10});
  }};
  const auto text = one.log();
  CHECK(one.ended_well());
  CHECK(text.find("parent") != text.npos);
  CHECK(text.find("child") != text.npos);
}

TEST_CASE("an exception nobody catches is the last line", "[log]") {
  apart one{[](auto) {
    rlimit none{};
    setrlimit(RLIMIT_CORE, &none);
    signal(SIGABRT, SIG_DFL);  // Not Catch's to report.
    std::thread{[] { throw std::runtime_error{"a bad day"}; }}.join();
  }};
  const auto text = one.log();
  CHECK_FALSE(one.ended_well());
  CHECK_THAT(text, Catch::EndsWith("error [kernel] Parkway ends itself: a bad day\n"));
}

TEST_CASE("a raw line is raw in text, and the message of an event in JSON", "[log]") {
  capture out;
  start_log(log_level::error, log_format::text);
  log_raw("ready sip.udp=127.0.0.1:5060");
  start_log(log_level::error, log_format::json);
  log_raw("ready sip.udp=127.0.0.1:5060");
  const auto lines = out.lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "ready sip.udp=127.0.0.1:5060");
  CHECK_THAT(lines[1], Catch::EndsWith(R"("level":"info","area":"kernel",)"
                                       R"("message":"ready sip.udp=127.0.0.1:5060"})"));
}
