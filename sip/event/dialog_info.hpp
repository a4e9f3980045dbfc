#pragma once

#include "kernel/config/device_profiles.hpp"
#include "kernel/messages/watch.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// dialog-info documents (RFC 4235). Pure.

namespace parkway::sip {

inline constexpr std::string_view dialog_body_type = "application/dialog-info+xml";

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

}  // namespace parkway::sip
