#pragma once

/// Lamps and screens: who watches an extension, what they are shown, what they answered.
///
///   shard ──watch_place──► extension ──► notifier ──watch_taken, notify_watcher──► shard
///                                            ◄──────────watcher_answered──────────────┘
/// State is sent, never deltas: what is lost is healed by the next message.

#include "kernel/messages/park.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace parkway {

/// A subscription: one SUBSCRIBE dialog (RFC 6665), owned by the shard in its id.
using subscription_id = leg_id;

/// A parked call as a phone is shown it.
struct parked_shown {
  park_id id;
  park_terms_ptr terms;
  std::string place_name;     ///< Display name of the extension it is parked at.
  std::string retrieve_code;  ///< What to dial: "*88104".
  std::chrono::system_clock::time_point parked_at;
  bool recalling = false;
};

/// An ordinary call of the extension as a BLF key is shown it (RFC 4235).
struct call_shown {
  leg_id leg;  ///< Makes the dialog id; never the same twice.
  leg_activity activity = leg_activity::talking;
  party peer;
  bool initiated = false;  ///< The extension's phone has called.
};

/// Everything there is to see of an extension at one moment. Shared and immutable.
struct lamp_state {
  tenant_name tenant;
  std::string domain;
  number place;               ///< Whose lamp it is.
  number service_number;      ///< Whom unasked NOTIFYs come from.
  std::uint64_t version = 0;  ///< Grows with every change, also across restarts.
  std::vector<parked_shown>
    parked;  ///< Retrievable by this extension with the bare code; oldest first.
  std::vector<parked_shown> here;  ///< Those of them that are parked at it: its BLF shows these.
  std::vector<call_shown> calls;
  park_end cleared_by = park_end::retrieved;  ///< Why the last one went, when `parked` is empty.
};
using lamp_ptr = std::shared_ptr<const lamp_state>;

/// What a subscription is for.
enum class watch_kind : std::uint8_t {
  call_info,  ///< Event: call-info, BroadWorks park body where it was asked for.
  dialog,     ///< Event: dialog (RFC 4235).
};

/// A phone wants to watch what it dialled: "104", "*88104". shard → switchboard, which sends
/// watch_place to the extension meant, or answers watch_refused.
struct watch_asked {
  subscription_id id;
  caf::actor shard;
  tenant_name tenant;
  number watcher;
  std::string dialled;
  std::string orbit;
  watch_kind kind = watch_kind::dialog;
  bool park_body = false;
  device phone;
  bool once = false;
};
struct watch_refused {
  subscription_id id;
  refusal why;
};

/// A phone subscribes or refreshes. shard → extension watched. Its notifier answers watch_taken or
/// watch_refused at once.
struct watch_place {
  subscription_id id;
  caf::actor shard;
  watch_kind kind = watch_kind::dialog;
  bool park_body = false;  ///< call_info: Accept lists the BroadWorks park body.
  device phone;
  bool once = false;  ///< A fetch: Expires 0.
};

/// The subscription stands: what there is to see follows by notify_watcher, as soon as the phone
/// has answered what it is being told. notifier → shard.
struct watch_taken {
  subscription_id id;
  caf::actor notifier;
};

/// The subscription is over. shard → notifier.
struct unwatch_place {
  subscription_id id;
};

/// Tell the subscriber this state. notifier → shard; answered by watcher_answered, and not sent
/// again before that.
struct notify_watcher {
  subscription_id id;
  caf::actor notifier;
  lamp_ptr state;
};
/// It did (200), or how it did not: 408 for silence.
struct watcher_answered {
  subscription_id id;
  std::uint16_t status;
  std::chrono::seconds retry_after{0};
};

/// The subscriber comes from elsewhere, or has registered anew: what is out for it is not answered
/// any more, and it is told again. shard → notifier.
struct watcher_back {
  subscription_id id;
  bool anew = false;  ///< It may have forgotten everything; else only what is out was lost.
};

/// Tell a registered phone without a subscription (Event: park-info). notifier → shard;
/// answered by phone_answered.
struct notify_phone {
  binding to;
  number extension;
  std::uint64_t ticket;  ///< Comes back with the answer.
  caf::actor notifier;
  lamp_ptr state;
};
struct phone_answered {
  std::string key;  ///< Of the binding.
  std::uint64_t ticket;
  std::uint16_t status;
  std::chrono::seconds retry_after{0};
};

/// Nobody will answer: the phone has gone, or comes from elsewhere. What is out is not repeated, so
/// that it cannot arrive behind something newer. notifier → shard.
struct drop_notify {
  std::uint64_t ticket;
  caf::actor notifier;
};

// --- extension → notifier ------------------------------------------------------------------------

/// The phones registered now. `anew`: keys of those that came, or came back.
struct phones_are {
  std::vector<binding> bindings;
  std::vector<std::string> anew;
};

/// The ordinary calls of the extension now.
struct calls_are {
  std::vector<call_shown> calls;
};

/// A parked call is, or is no longer, to be shown at this extension. parked_call, park_group →
/// extension → notifier. `here`: it is parked at this extension.
struct show_parked {
  parked_shown what;
  bool here = false;
};
struct unshow_parked {
  park_id id;
  park_end why = park_end::retrieved;
};

}  // namespace parkway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::watch_asked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::watch_refused)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::watch_place)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::watch_taken)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::unwatch_place)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::notify_watcher)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::watcher_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::watcher_back)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::notify_phone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::phone_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::drop_notify)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::phones_are)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::calls_are)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::show_parked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::unshow_parked)
