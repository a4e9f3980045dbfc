#include "kernel/runtime/actor.hpp"

#include "kernel/messages/events.hpp"
#include "kernel/runtime/bus.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <catch2/catch.hpp>

using namespace parkway;

namespace {

/// Lists one message and no other.
struct deaf {
  static inline const char* name = "deaf";
  caf::event_based_actor* const self;

  deaf(caf::event_based_actor* actor, caf::unit_t) : self(actor) {}
  caf::behavior make_behavior() {
    return {[](int n) { return n; }};
  }
};

}  // namespace

TEST_CASE("a message that no state lists kills nobody", "[actor]") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  auto one = spawn_actor<deaf>(system, caf::unit);
  caf::scoped_actor me{system};
  SECTION("sent by nobody") {
    caf::anon_send(one, park_noted{});
  }
  SECTION("passed on by an actor: it goes on, too") {
    auto bus = spawn_bus(system);
    me->send(bus, watch{one, topic::park});
    me->send(bus, watch{me, topic::park});
    for (auto* word : {"first", "second", "third"}) {
      me->send(bus, park_noted{{}, nullptr, word, {}});
      me->request(one, caf::infinite, 7).receive([](int) {}, [](const caf::error&) {});
      me->receive([&](const park_noted& n) { CHECK(n.what == word); },
                  caf::after(std::chrono::seconds(5)) >> [&] { FAIL("the bus is dead"); });
    }
    caf::anon_send_exit(bus, caf::exit_reason::user_shutdown);
  }
  SECTION("asked for an answer: the answer says so") {
    me->request(one, caf::infinite, park_noted{})
      .receive([] { FAIL("answered"); },
               [](const caf::error& why) { CHECK(why == caf::sec::unexpected_message); });
  }
  me->request(one, caf::infinite, 7)
    .receive([](int n) { CHECK(n == 7); }, [](const caf::error&) { FAIL("it is dead"); });
  caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
}
