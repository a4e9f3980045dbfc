#pragma once

#include "kernel/runtime/log_shape.hpp"

#include <spdlog/sinks/sink.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>

namespace spdlog {
class async_logger;
namespace details {
class thread_pool;
}
}  // namespace spdlog

namespace parkway {

/// Brings the lines of all loggers to stderr: by itself at first, by a thread of its own once that
/// is started. From then on nobody who writes waits for whoever reads stderr: where 4096 lines wait
/// the oldest makes room for the newest, and how many did is a line when they flow again. Lives as
/// long as the process.
class log_writer final : public spdlog::sinks::sink {
 public:
  log_writer();
  ~log_writer() override;

  /// From any thread; holds from the next line on.
  void set_format(log_format format) { format_ = format; }
  /// Once. A child of a fork has no such thread, and writes by itself.
  void start_thread();
  /// Returns when all lines that were given until now are written, or when the time is over.
  void drain(std::chrono::milliseconds patience);
  /// A line that is raw in text, and an event of the kernel in JSON.
  void write_raw(spdlog::string_view_t line);

  void log(const spdlog::details::log_msg& message) override;
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  class thread_end;

  std::atomic<log_format> format_{log_format::text};
  std::atomic<bool> queued_{false};
  std::mutex alone_;  ///< Taken by nobody while the thread runs: free in the child of a fork.
  log_shape shape_;   ///< Under alone_.
  std::shared_ptr<spdlog::details::thread_pool> thread_;
  std::shared_ptr<thread_end> end_;
  std::shared_ptr<spdlog::async_logger> queue_;  ///< Gives thread_ what end_ shall write.
};

}  // namespace parkway
