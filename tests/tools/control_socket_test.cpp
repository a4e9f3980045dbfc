#include "tools/control_socket.hpp"

#include "tests/kernel/configuration_file.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <string>

using namespace parkway;
using parkway::test::folder;

namespace {

control_answer echo(std::string_view question) {
  return {question != "no", "you asked: " + std::string{question}};
}

descriptor connected_to(const std::filesystem::path& data_dir) {
  descriptor made{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  const auto path = (data_dir / "control").string();
  std::memcpy(to.sun_path, path.c_str(), path.size() + 1);
  REQUIRE(connect(made.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  return made;
}

/// What comes until the other end hangs up.
std::string all_of(const descriptor& from) {
  std::string got;
  char some[512];
  for (ssize_t n = 0; (n = recv(from.get(), some, sizeof some, 0)) > 0;)
    got.append(some, static_cast<std::size_t>(n));
  return got;
}

}  // namespace

TEST_CASE("a question is answered, whatever the length of the answer", "[control]") {
  const folder here;
  auto listening = listen_for_control(here.path());
  REQUIRE(listening);
  const control_server server{*std::move(listening), [](std::string_view question) {
                                if (question == "long")
                                  return control_answer{true, std::string(3'000'000, 'x')};
                                return echo(question);
                              }};
  CHECK(ask_node(here.path(), "park list")->text == "you asked: park list");
  CHECK(ask_node(here.path(), "yes")->done);
  CHECK_FALSE(ask_node(here.path(), "no")->done);
  CHECK(ask_node(here.path(), "long")->text.size() == 3'000'000);
}

TEST_CASE("the socket is its owner's alone, and takes the place of one that was left",
          "[control]") {
  const folder here;
  { const auto left = listen_for_control(here.path()); }
  const auto none = ask_node(here.path(), "anybody?");
  REQUIRE_FALSE(none);
  CHECK(none.error().detail.find("no node is running") != std::string::npos);
  const auto listening = listen_for_control(here.path());
  REQUIRE(listening);
  struct stat file {};
  REQUIRE(stat((here.path() / "control").c_str(), &file) == 0);
  CHECK(S_ISSOCK(file.st_mode));
  CHECK((file.st_mode & 0777) == 0600);
}

TEST_CASE("a path that is too long for a socket address is no hindrance", "[control]") {
  const folder here;
  const auto deep = here.path() / std::string(100, 'd') / std::string(100, 'e');
  std::filesystem::create_directories(deep);
  auto listening = listen_for_control(deep);
  REQUIRE(listening);
  const control_server server{*std::move(listening), echo};
  CHECK(ask_node(deep, "deep")->text == "you asked: deep");
}

TEST_CASE("where no node has ever run, none does", "[control]") {
  const folder here;
  CHECK_FALSE(ask_node(here.path(), "anybody?"));
  CHECK_FALSE(ask_node(here.path() / "nowhere", "anybody?"));
  CHECK_FALSE(listen_for_control(here.path() / "nowhere"));
}

TEST_CASE("who asks too much is hung up on, who asks nothing holds nobody up for long",
          "[control]") {
  const folder here;
  auto listening = listen_for_control(here.path());
  REQUIRE(listening);
  const control_server server{*std::move(listening), echo};
  const auto talker = connected_to(here.path());
  const std::string much(100'000, 'a');
  send(talker.get(), much.data(), much.size(), MSG_NOSIGNAL);
  CHECK(all_of(talker).empty());
  const auto silent = connected_to(here.path());
  CHECK(ask_node(here.path(), "me")->text == "you asked: me");
  CHECK(all_of(silent).empty());
}

TEST_CASE("stopping waits for nobody who does not read", "[control]") {
  const folder here;
  auto listening = listen_for_control(here.path());
  REQUIRE(listening);
  descriptor deaf;
  {
    const control_server server{*std::move(listening), [](std::string_view) {
                                  return control_answer{true, std::string(30'000'000, 'x')};
                                }};
    deaf = connected_to(here.path());
    send(deaf.get(), "all\n", 4, MSG_NOSIGNAL);
  }
  SUCCEED("it has stopped");
}
