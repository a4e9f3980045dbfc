#include "kernel/runtime/log.hpp"

#include "kernel/values/utf8.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>

namespace parkway {

namespace {

constexpr std::array area_names{"kernel", "sip.wire", "sip.transaction", "sip", "call",
                                "park",   "media"};
constexpr std::size_t foreign_line_max = 512;

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

void append(spdlog::memory_buf_t& to, std::string_view text) {
  to.append(text.data(), text.data() + text.size());
}

void append_escaped(spdlog::memory_buf_t& to, char c, bool quoted) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  if (c == '\n') return append(to, "\\n");
  if (c == '\r') return append(to, "\\r");
  if (c == '\t') return append(to, "\\t");
  if (quoted && (c == '"' || c == '\\')) to.push_back('\\');
  if (byte >= 0x20 && byte != 0x7F) return to.push_back(c);
  append(to, "\\u00");
  to.push_back(digits[byte >> 4]);
  to.push_back(digits[byte & 15]);
}

/// %*: the message with its control characters escaped, so that an event is one line and nobody
/// outside can forge one. `quoted`: for use inside a JSON string.
class one_line final : public spdlog::custom_flag_formatter {
 public:
  explicit one_line(bool quoted) : quoted_(quoted) {}

  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& to) override {
    std::string_view rest{message.payload.data(), message.payload.size()};
    while (!rest.empty()) {
      const auto size = utf8_length(rest);
      if (size > 1)
        append(to, rest.substr(0, size));
      else if (size == 1 || !quoted_)
        append_escaped(to, rest.front(), quoted_);
      else
        append(to, "\\ufffd");  // JSON is UTF-8.
      rest.remove_prefix(std::max<std::size_t>(size, 1));
    }
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<one_line>(quoted_);
  }

 private:
  const bool quoted_;
};

/// %~: the level by the name it has in the configuration.
class level_name final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& to) override {
    constexpr std::array<std::string_view, 7> names{"trace", "debug", "info", "warn",
                                                    "error", "error", ""};
    append(to, names[std::min<std::size_t>(message.level, names.size() - 1)]);
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<level_name>();
  }
};

std::unique_ptr<spdlog::formatter> formatter_for(log_format format) {
  const bool json = format == log_format::json;
  auto made = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  made->add_flag<one_line>('*', json).add_flag<level_name>('~');
  made->set_pattern(json
                      ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%~","area":"%n","text":"%*"})"
                      : "%Y-%m-%dT%H:%M:%S.%eZ %~ [%n] %*");
  return made;
}

/// All loggers of the process. They share one sink; nothing is ever removed.
class loggers {
 public:
  loggers() : sink_(std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    for (std::size_t i = 0; i < area_names.size(); ++i)
      areas_[i] = make(area_names[i]);
    sink_->set_formatter(formatter_for(log_format::text));
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
    sink_->set_formatter(formatter_for(format));
    for (const auto& logger : areas_)
      logger->set_level(level_);
    for (const auto& [name, logger] : plugins_)
      logger->set_level(level_);
  }

 private:
  std::shared_ptr<spdlog::logger> make(std::string name) {
    auto made = std::make_shared<spdlog::logger>(std::move(name), sink_);
    made->set_level(level_);
    return made;
  }

  std::mutex mutex_;
  spdlog::level::level_enum level_ = spdlog::level::warn;
  std::shared_ptr<spdlog::sinks::stderr_sink_mt> sink_;
  std::array<std::shared_ptr<spdlog::logger>, area_names.size()> areas_;
  std::map<std::string, std::shared_ptr<spdlog::logger>, std::less<>> plugins_;
};

/// Lives until the process ends: an actor may write while statics are being destroyed.
loggers& all() {
  static auto* const made = new loggers;
  return *made;
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

void log_foreign(log_area area, log_level level, std::string_view line) noexcept {
  const auto cut = line.substr(0, foreign_line_max);
  log(area).log(spdlog_level(level), spdlog::string_view_t{cut.data(), cut.size()});
}

}  // namespace parkway
