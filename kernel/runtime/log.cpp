#include "kernel/runtime/log.hpp"

#include "kernel/runtime/log_writer.hpp"

#include <array>
#include <cstdlib>
#include <exception>
#include <map>
#include <memory>
#include <mutex>

namespace parkway {

namespace {

constexpr std::array area_names{"kernel", "sip.wire", "sip.transaction", "sip", "call",
                                "park",   "media"};
constexpr std::size_t foreign_line_max = 512;
constexpr std::chrono::milliseconds last_words{200};

spdlog::level::level_enum spdlog_level(log_level level) {
  switch (level) {
    case log_level::trace:
      return spdlog::level::trace;
    case log_level::debug:
      return spdlog::level::debug;
    case log_level::info:
      return spdlog::level::info;
    case log_level::warn:
      return spdlog::level::warn;
    case log_level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

/// All loggers of the process. They share one sink; nothing is ever removed.
class loggers {
 public:
  loggers() {
    for (std::size_t i = 0; i < area_names.size(); ++i)
      areas_[i] = make(area_names[i]);
  }

  spdlog::logger& area(log_area which) { return *areas_[static_cast<std::size_t>(which)]; }

  spdlog::logger& plugin(std::string_view name) {
    const std::lock_guard lock{mutex_};
    auto found = plugins_.find(name);
    if (found == plugins_.end())
      found = plugins_.emplace(name, make("plugin." + std::string{name})).first;
    return *found->second;
  }

  void start(log_level level, log_format format) {
    const std::lock_guard lock{mutex_};
    level_ = spdlog_level(level);
    writer_->set_format(format);
    for (const auto& logger : areas_)
      logger->set_level(level_);
    for (const auto& [name, logger] : plugins_)
      logger->set_level(level_);
  }

  log_writer& writer() { return *writer_; }

 private:
  std::shared_ptr<spdlog::logger> make(std::string name) {
    auto made = std::make_shared<spdlog::logger>(std::move(name), writer_);
    made->set_level(level_);
    return made;
  }

  std::mutex mutex_;
  spdlog::level::level_enum level_ = spdlog::level::warn;
  const std::shared_ptr<log_writer> writer_ = std::make_shared<log_writer>();
  std::array<std::shared_ptr<spdlog::logger>, area_names.size()> areas_;
  std::map<std::string, std::shared_ptr<spdlog::logger>, std::less<>> plugins_;
};

/// Lives until the process ends: an actor may write while statics are being destroyed.
loggers& all() {
  static auto* const made = new loggers;
  return *made;
}

/// An exception that nobody caught, or a broken promise of the program: the log says so, and what
/// waits there is written before the process ends.
[[noreturn]] void end_badly() {
  std::string what = "no exception";
  if (const auto thrown = std::current_exception()) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
      what = error.what();
    } catch (...) {
      what = "something that is no exception";
    }
  }
  log(log_area::kernel).error("Parkway ends itself: {}", what);
  flush_log(last_words);
  std::abort();
}

}  // namespace

spdlog::logger& log(log_area area) {
  return all().area(area);
}

spdlog::logger& plugin_log(std::string_view name) {
  return all().plugin(name);
}

void start_log(log_level level, log_format format) {
  all().start(level, format);
}

void start_log_thread() {
  all().writer().start_thread();
  std::set_terminate(end_badly);
}

void flush_log(std::chrono::milliseconds patience) {
  all().writer().drain(patience);
}

void log_raw(std::string_view line) {
  all().writer().write_raw({line.data(), line.size()});
}

void log_foreign(log_area area, log_level level, std::string_view line) noexcept {
  const auto cut = line.substr(0, foreign_line_max);
  log(area).log(spdlog_level(level), spdlog::string_view_t{cut.data(), cut.size()});
}

}  // namespace parkway
