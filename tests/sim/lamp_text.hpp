#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace parkway::sim {

/// What a phone makes of the body of a notification.
struct lamp_text {
  std::set<std::string> parked;  ///< Ids of the calls shown as parked.
  std::string first;             ///< Number shown as parked, that of a bare retrieve; empty: none.
  std::size_t calls = 0;         ///< Ordinary calls shown (dialog-info).
  std::vector<std::string> published;  ///< The dialogs of parked calls, for Replaces (RFC 3891).
  std::string entity;                  ///< Of dialog-info.
  std::optional<std::uint64_t> version;

  bool lit() const { return !first.empty() || !parked.empty(); }
};

/// Reads BroadWorks' call park body, with our own elements or without.
lamp_text read_park_body(std::string_view body);
/// Reads a dialog-info document (RFC 4235).
lamp_text read_dialog_body(std::string_view body);

}  // namespace parkway::sim
