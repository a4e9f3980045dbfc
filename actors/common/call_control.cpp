#include "actors/common/call_control.hpp"

#include "actors/common/deadline.hpp"
#include "actors/common/offer_answer.hpp"
#include "kernel/runtime/log.hpp"
#include "kernel/runtime/registry.hpp"

namespace parkway {

void call_control::aim(const call_leg& to) const {
  if (!to.media) return;
  // What is agreed stands in the answer, whoever wrote it; payload types are the phone's own.
  const auto* theirs = audio_of(to.remote);
  const auto* ours = audio_of(to.local);
  aim_media aimed{to.media, rtp_of(to.remote), rtcp_of(to.remote), {}, listens(to.remote), 20, {}};
  if (theirs && ours) {
    aimed.codecs = common_in_order_of(ours->codecs, theirs->codecs);
    aimed.said_as = common_codecs(ours->codecs, theirs->codecs);
  }
  if (theirs && theirs->packet_time_ms) aimed.packet_time_ms = theirs->packet_time_ms;
  engine(to.media, std::move(aimed));
}

caf::message_handler call_control::other_events() const {
  return {
    [this](const leg_offered& o) {
      leg(refuse_offer{o.leg, {fault_code::glare, 0, {}}});
    },
    [this](const transfer_requested& t) {
      leg(report_transfer{t.leg, t.id, refusal{fault_code::gone, 0, {}}, true});
    },
    [](const leg_ringing&) {},
    [](const leg_confirmed&) {},
    [](const leg_ended&) {},
    [](const leg_info&) {},
    [](const offer_answered&) {},
    [](const offer_refused&) {},
    [](const transfer_reported&) {},
    [](const park_announced&) {},
    [](const media_opened&) {},
    [](const tick&) {},
  };
}

caf::actor call_control::extension(const tenant& in, const number& n) const {
  return context_->actors->extension(in.name, n);
}

void call_control::dismiss(const tenant& in, const call_leg& party) const {
  drop(party);
  if (!party.extension.empty()) self_->send(extension(in, party.extension), leg_idle{party.leg});
}

void bury(caf::event_based_actor* self, const node_context& context, const caf::down_msg& down) {
  if (!down.reason || down.reason == caf::exit_reason::normal
      || down.reason == caf::exit_reason::user_shutdown)
    return;
  log(log_area::call)
    .error("actor #{} died ({}): its legs are ended", down.source.id(),
           self->system().render(down.reason));
  for (const auto& shard : context.shards)
    self->send(shard, owner_died{down.source});
  for (const auto& engine : context.media)
    self->send(engine, owner_died{down.source});
}

}  // namespace parkway
