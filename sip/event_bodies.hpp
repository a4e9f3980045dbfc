#pragma once

#include "kernel/device_profiles.hpp"
#include "kernel/messages/watch.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// What watchers are shown, as documents. Pure.

namespace parkway::sip {

inline constexpr std::string_view park_body_type = "application/x-broadworks-callpark-info+xml";
inline constexpr std::string_view dialog_body_type = "application/dialog-info+xml";

/// BroadWorks' call park body: the call a bare retrieve code would fetch, or none. `extended`: with
/// elements of our own (urn:parkway:park-info:1) for parker, place and retrieve code of all of
/// them.
std::string park_body(const lamp_state& state, bool extended);

/// A dialog-info document (RFC 4235), full state. `before`: what the watcher was shown last, or
/// null; what was there and is no more is named once as terminated. `entity`: the URI subscribed
/// to, byte for byte.
std::string dialog_body(const lamp_state& state, const lamp_state* before, lamp_style style,
                        std::string_view entity, std::uint32_t version);

/// The dialog by whose name a parked call can be taken (RFC 3891): published in dialog-info, read
/// back from Replaces.
struct published_dialog {
  std::string call_id, local_tag, remote_tag;
};
published_dialog publish(const parked_shown& p, std::string_view domain);

/// `text` for an XML attribute or element.
std::string escape_xml(std::string_view text);

}  // namespace parkway::sip
