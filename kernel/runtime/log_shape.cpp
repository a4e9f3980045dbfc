#include "kernel/runtime/log_shape.hpp"

#include "kernel/values/utf8.hpp"

#include <spdlog/pattern_formatter.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace parkway {

namespace {

constexpr const char* raw_mark = "raw";

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
  made->set_pattern(
    json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%~","area":"%n","message":"%*"})"
         : "%Y-%m-%dT%H:%M:%S.%eZ %~ [%n] %*");
  return made;
}

}  // namespace

log_shape::log_shape()
  : text_(formatter_for(log_format::text)), json_(formatter_for(log_format::json)) {
}

spdlog::source_loc log_shape::raw() {
  return {raw_mark, 1, ""};
}

void log_shape::format(const spdlog::details::log_msg& message, log_format as,
                       spdlog::memory_buf_t& to) {
  if (as == log_format::json) return json_->format(message, to);
  if (message.source.filename != raw_mark) return text_->format(message, to);
  append(to, {message.payload.data(), message.payload.size()});
  to.push_back('\n');
}

}  // namespace parkway
