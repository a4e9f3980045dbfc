#include "tools/service.hpp"

#include <sys/time.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

namespace parkway {

namespace {

/// For the handler, which can be given nothing else.
volatile sig_atomic_t last_status = 0;

sigset_t our_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGHUP, SIGTERM, SIGINT})
    sigaddset(&set, signal);
  return set;
}

}  // namespace

void notify_systemd(std::string_view state) {
  const char* const path = std::getenv("NOTIFY_SOCKET");
  if (!path || (*path != '/' && *path != '@')) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto length = std::strlen(path);
  if (length >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, path, length);
  if (*path == '@') address.sun_path[0] = '\0';  // An abstract socket.
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  // Nobody to tell, nothing to do about it.
  [[maybe_unused]] const auto sent = sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
                                            reinterpret_cast<const sockaddr*>(&address), size);
  close(fd);
}

result<data_folder> data_folder::open(const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed)
    return fault{fault_code::unavailable,
                 "cannot create data_dir " + folder.string() + ": " + failed.message()};
  const auto file = folder / "lock";
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return fault{fault_code::unavailable,
                 "cannot write to data_dir " + folder.string() + ": " + std::strerror(errno)};
  data_folder held{fd};
  if (flock(fd, LOCK_EX | LOCK_NB) != 0)
    return fault{fault_code::unavailable,
                 "data_dir " + folder.string() + " is in use by another process"};
  return held;
}

data_folder::data_folder(data_folder&& other) noexcept : lock_(std::exchange(other.lock_, -1)) {
}

data_folder::~data_folder() {
  if (lock_ >= 0) close(lock_);
}

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

void hold_signals() {
  const auto set = our_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

request_signal wait_for_signal() {
  const auto set = our_signals();
  int got = 0;
  while (sigwait(&set, &got) != 0) {
  }
  return got == SIGHUP ? request_signal::reload : request_signal::stop;
}

void make_signals_final(std::chrono::milliseconds patience, int status) {
  last_status = status;
  struct sigaction at_once {};
  at_once.sa_handler = [](int) { _exit(last_status); };
  for (const int signal : {SIGTERM, SIGINT, SIGALRM})
    sigaction(signal, &at_once, nullptr);
  signal(SIGHUP, SIG_IGN);
  const auto set = our_signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  const itimerval alarm{{}, {patience.count() / 1000, patience.count() % 1000 * 1000}};
  setitimer(ITIMER_REAL, &alarm, nullptr);
}

}  // namespace parkway
