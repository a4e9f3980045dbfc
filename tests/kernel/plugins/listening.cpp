// A plugin as somebody else builds it: against the public headers, loaded by dlopen. It answers
// every registration it hears of on the bus with one of tenant "heard"; 13 contacts make it throw.

#include "kernel/plugin/plugin.hpp"

#include <stdexcept>

namespace {

struct listening {
  static inline const char* name = "listening";
  caf::event_based_actor* const self;
  const caf::actor bus;

  listening(caf::event_based_actor* actor, caf::actor events)
    : self(actor), bus(std::move(events)) {}

  caf::behavior make_behavior() {
    self->send(bus, parkway::watch{self, parkway::topic::registration});
    return {[this](const parkway::registration_event& event) { answer(event); }};
  }

  void answer(const parkway::registration_event& event) {
    if (event.tenant.text == "heard") return;
    if (event.contact_count == 13) throw std::runtime_error{"thirteen contacts"};
    auto heard = event;
    heard.tenant = parkway::tenant_name{"heard"};
    self->send(bus, heard);
  }
};

}  // namespace

extern "C" const parkway::plugin_manifest parkway_plugin{
  parkway::plugin_abi, "listening", "1.0", "Answers registrations, for tests.",
  [](const parkway::plugin_context& lent) -> std::vector<caf::actor> {
    return {parkway::spawn_actor<listening>(lent.bus.home_system(), lent.bus)};
  }};
