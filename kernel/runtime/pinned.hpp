#pragma once

#include "kernel/runtime/actor.hpp"
#include "kernel/runtime/loop_scheduler.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <tuple>
#include <utility>

namespace parkway {

/// An actor that runs on one worker only, so that it may own sockets and timers of that loop. CAF's
/// ordinary actors run wherever the message that wakes them was sent.
class pinned_actor : public caf::event_based_actor {
 public:
  /// `worker` null: an ordinary actor (the simulator has one thread).
  pinned_actor(caf::actor_config& config, loop_worker* worker);

  using caf::event_based_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr content, caf::execution_unit* host) override;
  void launch(caf::execution_unit* host, bool lazy, bool hide) override;
  /// Where it runs, or null.
  loop_worker* worker() const { return worker_; }

 private:
  loop_worker* const worker_;
};

/// The actor spawn_pinned makes: a boxed State on a worker.
template <class State, class... Args>
class pinned_state final : public caf::stateful_actor<boxed_state<State>, pinned_actor> {
 public:
  using super = caf::stateful_actor<boxed_state<State>, pinned_actor>;

  pinned_state(caf::actor_config& config, loop_worker* worker, Args... args)
    : super(config, worker), args_(std::move(args)...) {}

  caf::behavior make_behavior() override {
    this->set_default_handler(refuse_unlisted);
    return std::apply(
      [this](Args&... args) -> caf::behavior {
        return this->state.it
          .emplace(static_cast<caf::event_based_actor*>(this), std::move(args)...)
          .make_behavior();
      },
      args_);
  }

 private:
  std::tuple<Args...> args_;
};

/// spawn_actor for an actor that must stay on `worker`: State(self, args...) is built there, then
/// State::make_behavior() is asked. Null: any thread of the scheduler.
template <class State, class... Args>
caf::actor spawn_pinned(caf::actor_system& system, loop_worker* worker, Args... args) {
  return system.spawn<pinned_state<State, Args...>>(worker, std::move(args)...);
}

}  // namespace parkway
