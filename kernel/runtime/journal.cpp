#include "kernel/runtime/journal.hpp"

#include "kernel/runtime/actor.hpp"

namespace parkway {
namespace {

struct null_journal {
  static inline const char* name = "null_journal";
  caf::event_based_actor* const self;

  null_journal(caf::event_based_actor* actor, const caf::unit_t&) : self(actor) {}

  caf::behavior make_behavior() {
    return {
      [](const keep_parked& record) {
        return kept{record.id, std::nullopt};
      },
      [](const drop_parked&) {},
    };
  }
};

}  // namespace

caf::actor spawn_null_journal(caf::actor_system& system) {
  return spawn_actor<null_journal>(system, caf::unit);
}

}  // namespace parkway
