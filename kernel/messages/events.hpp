#pragma once

/// What the bus carries: facts for whoever watches. Nothing depends on their being heard.

#include "kernel/messages/park.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace parkway {

/// A parked call has changed.
struct park_event {
  park_id id;
  park_terms_ptr terms;
  park_state state = park_state::parking;
  park_end why = park_end::retrieved;  ///< Where state is ended.
  party other;                         ///< Who retrieved it or answered the recall.
  std::chrono::steady_clock::time_point at;
  /// Where state is parked: when its parker, or whoever recall_to names, is rung next.
  std::optional<std::chrono::steady_clock::time_point> recall_at{};
};

/// Why something about a parked call was decided: for its timeline.
struct park_noted {
  park_id id;
  park_terms_ptr terms;
  std::string what;  ///< "102 passed over: a call is parked there"
  std::chrono::steady_clock::time_point at;
};

/// A call between two parties has changed.
struct call_event {
  enum class stage : std::uint8_t { ringing, talking, ended };
  tenant_name tenant;
  leg_id caller_leg;
  party caller, called;
  stage now = stage::ringing;
  std::chrono::steady_clock::time_point at;
};

/// The phones of an extension have changed.
struct registration_event {
  tenant_name tenant;
  number extension;
  std::uint32_t contact_count = 0;
  std::chrono::steady_clock::time_point at;
};

}  // namespace parkway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::park_event)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::park_noted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::call_event)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::registration_event)
