#pragma once

#include "kernel/config/device_profiles.hpp"
#include "kernel/messages/watch.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

/// What watchers are shown, as documents. Pure.

namespace parkway::sip {

inline constexpr std::string_view park_body_type = "application/x-broadworks-callpark-info+xml";
inline constexpr std::string_view dialog_body_type = "application/dialog-info+xml";

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

/// What a dialog-info document is about.
struct dialog_body_form {
  lamp_style style = lamp_style::bw;
  bool place_only = false;  ///< The key watches a place ("*88104"): parked calls, no others.
  std::string_view entity;  ///< The URI subscribed to, byte for byte.
  std::uint32_t version = 0;
};

/// A dialog-info document (RFC 4235), full state. `before`: what the watcher was shown last, or
/// null; what was there and is no more is named once as terminated.
std::string dialog_body(const lamp_state& state, const lamp_state* before,
                        const dialog_body_form& form);

/// The dialog by whose name a parked call can be taken (RFC 3891): published in dialog-info, read
/// back from Replaces.
struct published_dialog {
  std::string call_id, local_tag, remote_tag;
};
published_dialog publish(const parked_shown& p, std::string_view domain);

/// `text` for an XML attribute or element.
std::string escape_xml(std::string_view text);

}  // namespace parkway::sip
