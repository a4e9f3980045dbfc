#include "sip/shard/shard_actor.hpp"

#include <type_traits>
#include <utility>

namespace parkway::sip {

namespace {

/// Hands commands over as they come; the goodbyes of the last one are out when it is answered.
template <class... Commands, class... Others>
caf::behavior forward(shard_actor* to, command_list<Commands...>, Others... others) {
  const auto hand_over = [to](const auto& c) { to->served->command(c, to->self->clock().now()); };
  return {[=](const Commands& c) {
            hand_over(c);
            if constexpr (std::is_same_v<Commands, shut_down>) return stopped{};
          }...,
          std::move(others)...};
}

}  // namespace

caf::behavior shard_actor::make_behavior() {
  return forward(
    this, shard_commands{}, [this](show_unanswered) { return unanswered{served->unanswered()}; },
    [this](const stray_message& m) { served->on_message(m.from, m.bytes, self->clock().now()); },
    [this](const outbound_message& m) { served->send_for_other(m.to, m.bytes); },
    [this](const proved_connection& m) { served->trust_for_other(m.which); },
    [this](const authentication_failed& m) {
      served->on_authentication_failure(m.source, m.user, self->clock().now());
    });
}

}  // namespace parkway::sip
