#include "kernel/runtime/bus.hpp"

#include "kernel/runtime/actor.hpp"

#include <algorithm>
#include <vector>

namespace parkway {
namespace {

/// Watchers are few (plugins) and ordered by arrival.
struct bus {
  static inline const char* name = "bus";
  caf::event_based_actor* const self;
  std::vector<watch> watchers;

  bus(caf::event_based_actor* actor, const caf::unit_t&) : self(actor) {}

  caf::behavior make_behavior() {
    self->set_down_handler([this](const caf::down_msg& down) {
      std::erase_if(watchers, [&](const watch& w) { return w.watcher.address() == down.source; });
    });
    return {
      [this](const watch& w) {
        self->monitor(w.watcher);
        watchers.push_back(w);
      },
      [this](const park_event& e) { tell(topic::park, e); },
      [this](const park_noted& e) { tell(topic::park, e); },
      [this](const call_event& e) { tell(topic::call, e); },
      [this](const registration_event& e) { tell(topic::registration, e); },
    };
  }

  template <class Event>
  void tell(topic about, const Event& event) {
    for (const auto& w : watchers)
      if (static_cast<unsigned>(w.topics) & static_cast<unsigned>(about))
        self->send(w.watcher, event);
  }
};

}  // namespace

caf::actor spawn_bus(caf::actor_system& system) {
  return spawn_actor<bus>(system, caf::unit);
}

}  // namespace parkway
