#include "tools/control_socket.hpp"

#include <sys/time.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <optional>

namespace parkway {

namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr auto client_patience = 2s;
constexpr auto server_patience = 10s;  ///< Others may be asking.
constexpr std::size_t question_max = 256;
constexpr std::size_t answer_max = 64 << 20;  ///< 100 000 parked calls.
constexpr int waiting_max = 16;

/// Waits until `fd` is ready for `what`; false: `stop` is readable, or the time is over.
bool ready(int fd, short what, int stop, steady::time_point until) {
  for (;;) {
    pollfd both[]{{fd, what, 0}, {stop, POLLIN, 0}};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady::now()).count();
    const auto got = poll(both, 2, static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000)));
    if (got < 0 && errno != EINTR) return false;
    if (got > 0) return both[1].revents == 0;
    if (left <= 0) return false;
  }
}

bool send_all(int fd, std::string_view bytes, int stop, steady::time_point until) {
  while (!bytes.empty()) {
    if (!ready(fd, POLLOUT, stop, until)) return false;
    const auto sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0)
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    else if (errno != EAGAIN && errno != EINTR)
      return false;
  }
  return true;
}

/// Adds what comes next to `to`; false: nothing will.
bool receive_some(int fd, std::string& to, int stop, steady::time_point until) {
  char buffer[16384];
  for (;;) {
    if (!ready(fd, POLLIN, stop, until)) return false;
    const auto got = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got > 0) to.append(buffer, static_cast<std::size_t>(got));
    if (got > 0) return true;
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) return false;
  }
}

/// The address of the socket in a folder. A path that is too long for it goes by the folder's own
/// descriptor, which is kept in `folder` as long as the address is used.
sockaddr_un address_in(const std::filesystem::path& data_dir, descriptor& folder) {
  sockaddr_un made{};
  made.sun_family = AF_UNIX;
  auto path = (data_dir / "control").string();
  if (path.size() >= sizeof made.sun_path) {
    folder = descriptor{open(data_dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    path = "/proc/self/fd/" + std::to_string(folder.get()) + "/control";
  }
  std::memcpy(made.sun_path, path.c_str(), path.size() + 1);
  return made;
}

descriptor unix_socket(int flags) {
  return descriptor{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)};
}

/// Whether whoever is at the other end may ask.
bool may_ask(int client) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0
         && (peer.uid == geteuid() || peer.uid == 0);
}

/// The line that is asked, without its end; none: too long, too slow, or nothing.
std::optional<std::string> question_of(int client, int stop, steady::time_point until) {
  std::string asked;
  while (receive_some(client, asked, stop, until)) {
    const auto end = asked.find('\n');
    if (end <= question_max) return asked.substr(0, end);
    if (asked.size() > question_max) return std::nullopt;
  }
  return std::nullopt;
}

/// An answer on the wire: "0 BYTES" or "1 BYTES", a line end, the text.
std::string packed(const control_answer& answer) {
  return (answer.done ? "0 " : "1 ") + std::to_string(answer.text.size()) + "\n" + answer.text;
}

/// None: not whole yet, or not an answer.
std::optional<control_answer> unpacked(std::string_view bytes) {
  const auto end = bytes.find('\n');
  if (end == bytes.npos || end < 3) return std::nullopt;
  std::size_t size = 0;
  const auto [stopped, error] = std::from_chars(bytes.data() + 2, bytes.data() + end, size);
  if (error != std::errc{} || bytes.size() - end - 1 != size) return std::nullopt;
  return control_answer{bytes[0] == '0', std::string{bytes.substr(end + 1)}};
}

fault cannot(const std::string& what) {
  return {fault_code::unavailable, what + ": " + std::strerror(errno)};
}

}  // namespace

result<descriptor> listen_for_control(const std::filesystem::path& data_dir) {
  descriptor folder;
  const auto address = address_in(data_dir, folder);
  const auto what = "cannot listen at " + (data_dir / "control").string();
  auto made = unix_socket(SOCK_NONBLOCK);
  // The mode of a unix socket is that of its descriptor when it is bound: never more than 0600.
  if (!made || fchmod(made.get(), 0600) != 0) return cannot(what);
  unlink(address.sun_path);
  const auto* const at = reinterpret_cast<const sockaddr*>(&address);
  if (bind(made.get(), at, sizeof address) != 0) return cannot(what);
  if (listen(made.get(), waiting_max) != 0) return cannot(what);
  return made;
}

control_server::control_server(descriptor listening, answerer answer)
  : listening_(std::move(listening)),
    stop_(eventfd(0, EFD_CLOEXEC)),
    answer_(std::move(answer)),
    thread_([this] { serve(); }) {
}

control_server::~control_server() {
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

void control_server::serve() {
  const auto stopped_within = [this](auto span) {
    return ready(stop_.get(), POLLIN, -1, steady::now() + span);
  };
  while (!stopped_within(0s)) {
    if (!ready(listening_.get(), POLLIN, stop_.get(), steady::now() + 1h)) continue;
    const descriptor client{accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    if (!client && errno != EAGAIN && stopped_within(100ms)) return;  // No descriptor is left.
    if (!client || !may_ask(client.get())) continue;
    const auto until = steady::now() + client_patience;
    if (const auto asked = question_of(client.get(), stop_.get(), until))
      send_all(client.get(), packed(answer_(*asked)), stop_.get(), until);
  }
}

result<control_answer> ask_node(const std::filesystem::path& data_dir, std::string_view question) {
  descriptor folder;
  const auto address = address_in(data_dir, folder);
  const auto node = unix_socket(0);
  if (!node) return cannot("no socket");
  // Where too many wait already, connecting waits too: as long as for an answer.
  const timeval patience{server_patience.count(), 0};
  setsockopt(node.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(node.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR)
      return fault{fault_code::unavailable,
                   "no node is running with data_dir " + data_dir.string()};
    if (errno == EAGAIN)
      return fault{fault_code::unavailable,
                   "the node at " + data_dir.string() + " does not answer; too many are asking it"};
    return cannot("cannot ask the node at " + (data_dir / "control").string());
  }
  const auto until = steady::now() + server_patience;
  std::string bytes;
  if (send_all(node.get(), std::string{question} + "\n", -1, until))
    while (bytes.size() < answer_max && receive_some(node.get(), bytes, -1, until)) {
    }
  if (auto answer = unpacked(bytes)) return std::move(*answer);
  return fault{fault_code::unavailable,
               "the node at " + data_dir.string() + " did not answer; only its own user and root "
                 "may ask it"};
}

}  // namespace parkway
