#pragma once

#include "kernel/config/settings.hpp"

#include <spdlog/logger.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace parkway {

/// The part of the house that writes. Their names in the log: "kernel", "sip.wire",
/// "sip.transaction", "sip", "call", "park", "media".
enum class log_area : std::uint8_t { kernel, sip_wire, sip_transaction, sip, call, park, media };

/// The logger of an area, at the cost of an array access. Usable from the first line of main, from
/// any thread; before start_log it writes warnings and errors as text. Never give it a secret.
spdlog::logger& log(log_area area);

/// The logger of a plugin, "plugin.NAME", made on first use. Keep the reference: it stays valid.
spdlog::logger& plugin_log(std::string_view name);

/// Level and shape of every logger, also of those made later. May be called again at run time.
void start_log(log_level level, log_format format);

/// From now on a thread of its own writes the lines: nobody who logs waits for whoever reads
/// stderr. Where 4096 lines wait the oldest is dropped, and how many were is a line when they flow
/// again. A child of a fork writes for itself. Once; before other threads log.
void start_log_thread();

/// Waits until what was logged is written, but no longer than `patience`. Before the process ends.
void flush_log(std::chrono::milliseconds patience);

/// A line whatever the level: raw in text, the message of an event in JSON.
void log_raw(std::string_view line);

/// Writes a line that came from a library or from the network: cut to 512 bytes. Control
/// characters are escaped, as in every line, so that it stays one line.
void log_foreign(log_area area, log_level level, std::string_view line) noexcept;

}  // namespace parkway
