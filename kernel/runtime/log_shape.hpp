#pragma once

#include "kernel/config/settings.hpp"

#include <spdlog/details/log_msg.h>
#include <spdlog/formatter.h>

#include <memory>

namespace parkway {

/// How an event of the log looks as a line. For one thread at a time.
class log_shape {
 public:
  log_shape();

  /// Where a message comes from that is a raw line in text. In JSON it is an event like the others.
  static spdlog::source_loc raw();

  /// Adds the line, with its end.
  void format(const spdlog::details::log_msg& message, log_format as, spdlog::memory_buf_t& to);

 private:
  std::unique_ptr<spdlog::formatter> text_, json_;
};

}  // namespace parkway
