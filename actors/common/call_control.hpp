#pragma once

#include "kernel/messages/messages.hpp"
#include "kernel/runtime/actor.hpp"
#include "kernel/runtime/context.hpp"

#include <caf/message_handler.hpp>

#include <utility>

namespace parkway {

/// How an actor speaks to its legs, their media and the journal: finds the right mailbox, hides
/// nothing else. One per actor, held by value.
class call_control {
 public:
  call_control(caf::event_based_actor* self, context_ptr context)
    : self_(self), context_(std::move(context)) {}

  const node_context& context() const { return *context_; }
  const context_ptr& shared_context() const { return context_; }
  bool relays() const { return context_->node->media == media_mode::relay; }

  /// Sends a command to the shard that has the leg named in it.
  template <class Command>
  void leg(Command command) const {
    const auto shard = command.leg.shard;
    if (shard < context_->shards.size()) self_->send(context_->shards[shard], std::move(command));
  }

  /// Sends a command to the engine that has the media port named in it.
  template <class Command>
  void media(Command command) const {
    const media_id id = command.id;
    engine(id, std::move(command));
  }

  void connect(const call_leg& a, const call_leg& b) const {
    if (a.media && b.media) engine(a.media, connect_media{a.media, b.media});
  }
  void close(const media_id& id) const {
    if (id) engine(id, close_media{id});
  }

  /// Tells the media port of a leg where its phone listens and which formats are agreed.
  void aim(const call_leg& to) const;
  /// Lets the party hear music.
  void music(const call_leg& to, const std::string& file = {}) const {
    if (to.media) engine(to.media, play_music{to.media, file});
  }
  void mute(const call_leg& to) const {
    if (to.media) engine(to.media, mute_media{to.media});
  }
  /// Ends a leg and closes its media.
  void drop(const call_leg& party, hang_up_reason reason = hang_up_reason::normal) const {
    if (party.leg) leg(hang_up{party.leg, reason});
    close(party.media);
  }
  /// Ends a phone's leg that came too late, and tells its extension.
  void dismiss(const tenant& in, const call_leg& party) const;
  /// Makes `owner` the owner of a leg and its media. It has been told of them before: what the leg
  /// says from now on it says to `owner`.
  void hand_over(const call_leg& party, const caf::actor& owner) const {
    leg(adopt{party.leg, owner});
    if (party.media) engine(party.media, adopt_media{party.media, owner});
  }

  /// What any owner answers to events it has no use for, such as those of a leg that belongs to
  /// somebody else by now: the phone's wishes are refused so that it tries again, the rest is past.
  caf::message_handler other_events() const;

  caf::actor extension(const tenant& in, const number& n) const;

 private:
  template <class Command>
  void engine(const media_id& id, Command command) const {
    if (id.engine < context_->media.size())
      self_->send(context_->media[id.engine], std::move(command));
  }

  caf::event_based_actor* self_;
  context_ptr context_;
};

/// Ends everything a dead actor owned: called by whoever monitored it, when it died abnormally.
void bury(caf::event_based_actor* self, const node_context& context, const caf::down_msg& down);

}  // namespace parkway
