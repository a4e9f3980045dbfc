#pragma once

#include "kernel/messages/messages.hpp"
#include "kernel/runtime/context.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace parkway {

/// One line of a parked call's timeline: what happened, and why it was decided so.
struct park_line {
  std::chrono::system_clock::time_point at;
  std::string what;
};

/// A parked call as operators see it, living or ended lately.
struct park_entry {
  park_id id;
  park_terms_ptr terms;
  park_state state = park_state::parking;
  std::chrono::system_clock::time_point parked_at;
  std::optional<std::chrono::system_clock::time_point> recall_at;  ///< None: no recall to come.
  std::string retrieve_code;        ///< What to dial: "*88104"; empty: parked at no place.
  std::vector<park_line> timeline;  ///< In order of time. Empty where all are shown.
};

/// Which calls are parked? anybody → park book; the reply is park_entries, longest-parked first.
/// `id`: one of them, with its timeline, also when it has ended lately; empty: all that are parked
/// now.
struct show_park_book {
  park_id id;
};
struct park_entries {
  std::vector<park_entry> entries;
};

/// Spawns the park book: a projection of the bus, kept for whoever asks. Nothing depends on it.
caf::actor spawn_park_history(const context_ptr& context);

}  // namespace parkway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::show_park_book)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::park_entries)
