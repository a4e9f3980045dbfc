#pragma once

#include "actors/park/park_history.hpp"
#include "tools/control_socket.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace parkway {

/// What is asked about parked calls, and in which shape.
enum class park_question { list, show, explain };
enum class answer_shape { text, json };

/// As it goes over the control socket: "park show json pk-1".
std::string park_request(park_question what, answer_shape shape, const std::string& id);

/// Answers such a line; asks the park book, and waits for it. Not on a loop.
control_answer answer_park_request(caf::actor_system& system, const caf::actor& book,
                                   std::string_view line);

/// All calls parked now: a line each under a headline, or {"count", "items"}.
std::string list_of(const park_entries& all, answer_shape shape,
                    std::chrono::system_clock::time_point now);
/// One call: a line a field, or an object. Field names are those of the HTTP API.
std::string fields_of(const park_entry& one, answer_shape shape);
/// One call's timeline: a line a decision, or the object of the call with "timeline".
std::string timeline_of(const park_entry& one, answer_shape shape);

}  // namespace parkway
