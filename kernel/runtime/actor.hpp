#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/behavior.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>

#include <optional>
#include <utility>

namespace parkway {

/// Logs and counts a message that the actor's present state does not list.
caf::result<caf::message> refuse_unlisted(caf::scheduled_actor* self, caf::message_view& message);

/// Holds a State built in place, so that a state is never half-initialised. CAF destroys it at
/// quit(): handles held in it cannot make a cycle.
template <class State>
struct boxed_state {
  static inline const char* name = State::name;
  std::optional<State> it;
};

/// Body of a spawned actor: builds the State, then asks it for its behavior.
template <class State, class... Args>
caf::behavior run_state(caf::stateful_actor<boxed_state<State>>* self, Args... args) {
  self->set_default_handler(refuse_unlisted);
  return self->state.it.emplace(self, std::move(args)...).make_behavior();
}

/// Spawns an actor whose data and behavior live in State: State(self, args...), then
/// State::make_behavior(). At least one argument: CAF 0.17.6 dereferences a null tuple otherwise.
template <class State, class... Args>
caf::actor spawn_actor(caf::actor_system& system, Args... args) {
  static_assert(sizeof...(Args) > 0);
  return system.spawn(run_state<State, Args...>, std::move(args)...);
}

/// Spawns a child and monitors it: the parent hears a down_msg however the child ends. Never the
/// other way round: a monitor of a long-lived actor by a short-lived one leaks 1.2 kB (CAF 0.17.6).
template <class State, class... Args>
caf::actor spawn_child(caf::event_based_actor* parent, Args... args) {
  static_assert(sizeof...(Args) > 0);
  return parent->spawn<caf::monitored>(run_state<State, Args...>, std::move(args)...);
}

}  // namespace parkway
