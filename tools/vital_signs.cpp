#include "tools/vital_signs.hpp"

#include "kernel/runtime/actor.hpp"
#include "kernel/runtime/log.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>

namespace parkway {

namespace {

using named_actors = std::vector<std::pair<std::string, caf::actor>>;

struct vital_signs {
  static inline const char* name = "vital_signs";
  caf::event_based_actor* const self;
  const named_actors watched;
  std::atomic<bool>* const lost;

  vital_signs(caf::event_based_actor* actor, named_actors all, std::atomic<bool>* flag)
    : self(actor), watched(std::move(all)), lost(flag) {}

  caf::behavior make_behavior() {
    self->set_down_handler([this](const caf::down_msg& down) { died(down); });
    for (const auto& one : watched)
      self->monitor(one.second);
    return {[](caf::ok_atom) {}};
  }

  void died(const caf::down_msg& down) {
    for (const auto& [role, actor] : watched)
      if (actor.address() == down.source)
        log(log_area::kernel)
          .error("the {} died ({}); Parkway stops", role, self->system().render(down.reason));
    lost->store(true);
    kill(getpid(), SIGTERM);
  }
};

}  // namespace

caf::actor spawn_vital_signs(caf::actor_system& system, named_actors watched,
                             std::atomic<bool>& lost) {
  return spawn_actor<vital_signs>(system, std::move(watched), &lost);
}

}  // namespace parkway
