#pragma once

#include "kernel/messages/watch.hpp"

#include <chrono>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

/// The BroadWorks call park document. Pure.

namespace parkway::sip {

inline constexpr std::string_view park_body_type = "application/x-broadworks-callpark-info+xml";

/// How a park body is written.
struct park_body_form {
  bool extended = false;                     ///< With elements of our own.
  std::chrono::system_clock::time_point at;  ///< Now: recall-in counts from here.
  /// Bytes it may have. The oldest call is always told whole; further ones where there is room.
  std::size_t room = std::numeric_limits<std::size_t>::max();
};

/// BroadWorks' call park body: the call a bare retrieve code would fetch, or none. Extended: with
/// elements of our own (urn:parkway:park-info:1) for parker, place and retrieve code.
std::string park_body(const lamp_state& state, const park_body_form& form);

/// When the parker is recalled, seconds from `at`; 0: any moment. None: never.
std::optional<std::chrono::seconds> recall_in(const parked_shown& p,
                                              std::chrono::system_clock::time_point at);

}  // namespace parkway::sip
