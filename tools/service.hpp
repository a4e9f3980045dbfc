#pragma once

#include "kernel/values/result.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string_view>

namespace parkway {

/// Tells systemd something, such as "READY=1" (sd_notify protocol); nothing without it.
void notify_systemd(std::string_view state);

/// The data folder, held by this process until destruction.
class data_folder {
 public:
  /// Creates the folder where it is missing, and locks it. Fault unavailable: in use, or not ours
  /// to write.
  static result<data_folder> open(const std::filesystem::path& folder);
  data_folder(data_folder&& other) noexcept;
  data_folder& operator=(data_folder&&) = delete;
  ~data_folder();

 private:
  explicit data_folder(int lock) : lock_(lock) {}
  int lock_;
};

/// Lets the process have as many descriptors as the system allows it: every party of a call takes
/// two sockets, and the usual first limit of 1024 would end it at 250 calls. How many it has now.
std::size_t raise_descriptor_limit();

/// What somebody outside wants of the process.
enum class request_signal { reload, stop };

/// Takes SIGHUP, SIGTERM and SIGINT out of every thread's way and ignores SIGPIPE. Before the first
/// thread starts.
void hold_signals();
/// Waits for the next of them.
request_signal wait_for_signal();
/// From now on SIGTERM and SIGINT end the process at once, with this exit status, and so does the
/// end of `patience`: stopping takes no longer, whatever hangs.
void make_signals_final(std::chrono::milliseconds patience, int status);

}  // namespace parkway
