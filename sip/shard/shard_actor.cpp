#include "sip/shard/shard_actor.hpp"

namespace parkway::sip {

namespace {

/// Hands a command over as it comes.
template <class Command>
auto forward(shard_actor* to) {
  return [to](const Command& c) { to->served->command(c, to->self->clock().now()); };
}

}  // namespace

caf::behavior shard_actor::make_behavior() {
  return {
    forward<place_call>(this),
    forward<send_ringing>(this),
    forward<answer_call>(this),
    forward<reject_call>(this),
    forward<hang_up>(this),
    forward<send_offer>(this),
    forward<answer_offer>(this),
    forward<refuse_offer>(this),
    forward<confirm>(this),
    forward<show_identity>(this),
    forward<send_info>(this),
    forward<report_transfer>(this),
    forward<adopt>(this),
    forward<owner_died>(this),
    forward<phone_registered>(this),
    forward<watch_taken>(this),
    forward<phone_moved>(this),
    forward<phone_came>(this),
    forward<user_revoked>(this),
    forward<outside_park>(this),
    forward<watch_refused>(this),
    forward<notify_watcher>(this),
    forward<notify_phone>(this),
    forward<drop_notify>(this),
    [this](const shut_down& c) {
      served->command(c, self->clock().now());
      return stopped{};
    },
    [this](show_unanswered) { return unanswered{served->unanswered()}; },
    [this](const stray_message& m) { served->on_message(m.from, m.bytes, self->clock().now()); },
    [this](const outbound_message& m) { served->send_for_other(m.to, m.bytes); },
    [this](const proved_connection& m) { served->trust_for_other(m.which); },
    [this](const authentication_failed& m) {
      served->on_authentication_failure(m.source, m.user, self->clock().now());
    },
  };
}

}  // namespace parkway::sip
