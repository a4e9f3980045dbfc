#pragma once

#include "kernel/config/device_profiles.hpp"
#include "kernel/messages/watch.hpp"
#include "sip/auth/token_bucket.hpp"
#include "sip/dialog/dialog.hpp"
#include "sip/event/dialog_info.hpp"
#include "sip/event/park_info.hpp"
#include "sip/message/message.hpp"
#include "sip/transaction/timer_wheel.hpp"
#include "sip/transaction/transaction_table.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace parkway::sip {

/// What a SUBSCRIBE asks for (RFC 6665 §3.1), and how long.
struct subscribe_wish {
  watch_kind kind = watch_kind::dialog;
  bool park_body = false;  ///< Accept lists BroadWorks' park body.
  std::chrono::seconds expires{3600};
  bool line_seize = false;  ///< Shared line appearance: answered, and over at once.
  std::string event_id;     ///< id of Event, as NOTIFY repeats it; empty: none.
};

/// Reads Event, Accept and Expires. Fails with the status to answer: 489 for a package that is not
/// ours, 423 for an interval under a minute.
std::variant<subscribe_wish, std::uint16_t> read_subscribe(const message& request);

/// A request that waits for the switchboard's word.
struct pending_subscribe {
  message request;
  transaction_id transaction;
  timer_id patience;
};

/// Why a subscription is over (RFC 6665 §4.2.2); none while it goes on.
enum class subscription_end : std::uint8_t { none, timeout, no_resource, rejected };

/// One SUBSCRIBE dialog, notifier's side (RFC 6665 §4.2). The shard moves it.
struct subscription {
  subscription_id id;
  flow via;
  dialog names;
  subscribe_wish wish;
  lamp_style style = lamp_style::bw;
  bool place_only = false;      ///< It watches a place, not a person.
  bool takes_park_body = true;  ///< What its device profile says.
  tenant_name tenant;
  number watcher;
  std::string dialled, orbit;
  std::string entity;  ///< The URI subscribed to, as written.
  device phone;
  caf::actor notifier;  ///< Who waits for answers and is told when it is over; null: not taken yet.
  lamp_ptr shown;       ///< The state last sent.
  transaction_id out;   ///< Of the NOTIFY that is not answered yet.
  bool owed = true;     ///< The next state is sent, whether it shows anything new or not.
  std::uint32_t version = 0;
  /// Not none: the NOTIFY that is out, or the next one, is the last.
  subscription_end end = subscription_end::none;
  std::chrono::steady_clock::time_point expires_at;
  timer_id expiry;
  std::optional<pending_subscribe> pending;
  token_bucket asked;    ///< What the phone may ask in the dialog.
  std::size_t held = 0;  ///< held_by() this, as counted.

  bool over() const { return end != subscription_end::none; }
};

/// About how many bytes a subscription takes, but for a request that waits.
std::size_t held_by(const subscription& s);

/// Everything of a NOTIFY behind its dialog headers.
struct notify_text {
  std::string lines;
  std::string_view type;  ///< Empty: no body.
  std::string body;
};

/// What `s` is told of `state` now. Counts its version on.
notify_text notify_of(subscription& s, const lamp_ptr& state,
                      std::chrono::steady_clock::time_point now, std::string_view contact);

/// An unasked NOTIFY, Event: park-info, at this moment.
notify_text unasked_notify_of(const lamp_state& state, const device_profile& profile,
                              std::chrono::system_clock::time_point at, std::string_view contact);

}  // namespace parkway::sip
