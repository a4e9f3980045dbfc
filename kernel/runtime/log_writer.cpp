#include "kernel/runtime/log_writer.hpp"

#include <poll.h>
#include <pthread.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdint>

namespace parkway {

namespace {

/// With lines of a message each (`trace`) some 30 MB, usually 2.
constexpr std::size_t lines_waiting_max = 4096;

/// The one whose thread a fork does not copy.
std::atomic<bool>* queued_of_all = nullptr;

/// Writes all of it, however long that takes; what nobody can ever read is given up.
void write_line(const spdlog::memory_buf_t& line) {
  for (std::size_t done = 0; done < line.size();) {
    const auto wrote = ::write(STDERR_FILENO, line.data() + done, line.size() - done);
    if (wrote > 0)
      done += static_cast<std::size_t>(wrote);
    else if (wrote < 0 && errno == EAGAIN) {
      pollfd writable{STDERR_FILENO, POLLOUT, 0};
      poll(&writable, 1, -1);
    } else if (wrote == 0 || errno != EINTR)
      return;
  }
}

}  // namespace

/// What the thread does with a line. All but drained is the thread's alone.
class log_writer::thread_end final : public spdlog::sinks::sink {
 public:
  thread_end(const std::atomic<log_format>& format, spdlog::details::thread_pool& queue)
    : format_(format), queue_(queue) {}

  void log(const spdlog::details::log_msg& message) override {
    tell_dropped();
    write(message);
  }
  /// Stands in the queue behind the lines it is about.
  void flush() override {
    const std::lock_guard lock{mutex_};
    ++drained_;
    changed_.notify_all();
  }
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

  template <class Ask>
  void wait_until_drained(Ask ask, std::chrono::milliseconds patience) {
    std::unique_lock lock{mutex_};
    const auto before = drained_;
    ask();
    changed_.wait_for(lock, patience, [&] { return drained_ != before; });
  }

 private:
  void write(const spdlog::details::log_msg& message) {
    line_.clear();
    shape_.format(message, format_, line_);
    write_line(line_);
  }

  /// What was dropped stood before the line that comes next.
  void tell_dropped() {
    const auto dropped = queue_.overrun_counter();
    if (dropped == told_) return;
    const auto text = std::to_string(dropped - told_)
                      + " lines of the log were dropped here: stderr is not read fast enough";
    told_ = dropped;
    write({"kernel", spdlog::level::warn, text});
  }

  const std::atomic<log_format>& format_;
  spdlog::details::thread_pool& queue_;
  log_shape shape_;
  spdlog::memory_buf_t line_;
  std::size_t told_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t drained_ = 0;  ///< Under mutex_.
};

log_writer::log_writer() = default;
log_writer::~log_writer() = default;

void log_writer::start_thread() {
  const std::lock_guard lock{alone_};
  if (queue_) return;
  thread_ = std::make_shared<spdlog::details::thread_pool>(lines_waiting_max, 1);
  end_ = std::make_shared<thread_end>(format_, *thread_);
  queue_ = std::make_shared<spdlog::async_logger>("", end_, thread_,
                                                  spdlog::async_overflow_policy::overrun_oldest);
  queued_of_all = &queued_;
  pthread_atfork(nullptr, nullptr, [] { *queued_of_all = false; });
  queued_ = true;
}

void log_writer::drain(std::chrono::milliseconds patience) {
  if (queued_) end_->wait_until_drained([&] { queue_->flush(); }, patience);
}

void log_writer::write_raw(spdlog::string_view_t line) {
  log({log_shape::raw(), "kernel", spdlog::level::info, line});
}

void log_writer::log(const spdlog::details::log_msg& message) {
  if (queued_) {
    auto by = queue_;
    return thread_->post_log(std::move(by), message, spdlog::async_overflow_policy::overrun_oldest);
  }
  const std::lock_guard lock{alone_};
  spdlog::memory_buf_t line;
  shape_.format(message, format_, line);
  write_line(line);
}

}  // namespace parkway
