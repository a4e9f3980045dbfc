#pragma once

#include "sip/auth/admission.hpp"
#include "sip/auth/authentication.hpp"
#include "sip/auth/complaints.hpp"
#include "sip/dialog/leg.hpp"
#include "sip/dialog/leg_host.hpp"
#include "sip/dialog/refer_reports.hpp"
#include "sip/event/subscription.hpp"
#include "sip/shard/lane.hpp"
#include "sip/shard/shard.hpp"
#include "sip/transaction/timer_wheel.hpp"
#include "sip/transaction/transaction_table.hpp"

#include <spdlog/common.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace parkway::sip {

/// A REGISTER that waits for its extension.
struct pending_registration {
  message request;
  transaction_id transaction;
  flow from;
  timer_id patience;  ///< The extension does not answer: 503.
};

/// A REFER outside of every dialog, until its last report is acknowledged.
struct referral {
  flow via;
  dialog names;
  transfer_reports reports;
  outside_park about;  ///< Whose leg it means.
};

/// What the phones of one extension watch.
struct watching {
  std::unordered_set<std::uint64_t> serials;
  std::size_t held = 0;  ///< Bytes of all of it.
};

/// A NOTIFY without a subscription that is out: to which contact, and who waits for its answer.
struct unasked_notify {
  std::string key;
  std::uint64_t ticket;
  caf::actor notifier;
  transaction_id transaction{};
};

/// The inside of a shard, for its own sources only: shard.cpp life and legs' wishes,
/// on_request.cpp, on_register.cpp, on_response.cpp, on_refer.cpp what comes in, commands.cpp
/// what actors want.
///
///   bytes -> pre-scan -> parse -> validate -> ours? -> transaction -> dialog -> leg -> owner
///               400, 413, 513      4xx      post over   repeat       481
struct shard_core final : leg_host, transaction_user {
  shard_core(const shard_options& options, wire& out, context_ptr context, caf::actor switchboard,
             time_point now);

  // What comes in.
  void on_message(const flow& from, std::string_view bytes);
  void on_request(message request, const flow& from, std::string_view bytes);
  void on_ack(const message& ack);
  bool has_come_back(const message& request) const;
  void on_own_request(const message& request, const flow& from);
  void on_cancel(const message& cancel, const flow& from, const request_key& key);
  void on_request_in_dialog(message request, const flow& from, const request_key& key);
  void refuse_flood(const message& request, const flow& from);
  void on_request_outside(message request, const flow& from, const request_key& key);
  void on_options(const message& request, const flow& from);
  void on_invite(message invite, const flow& from, const request_key& key);
  void on_register(message request, const flow& from, const request_key& key);
  void on_registration_timeout(std::uint64_t number);
  void on_subscribe(message request, const flow& from, const request_key& key);
  void on_resubscribe(subscription& s, message request, const flow& from,
                      transaction_id transaction);
  void on_response(const message& response, const flow& from, std::string_view bytes);
  void on_timer(std::uint64_t cookie);

  // What actors want.
  void place(const place_call& c);
  void end_legs_of(const caf::actor_addr& owner);
  void shut_down();
  bool is_our_own(const binding& contact, const flow& from);
  void on_registered(const phone_registered& c);
  void on_closed(const flow& connection);
  void on_moved(const phone_moved& c);
  void on_came(const phone_came& c);
  void on_user_revoked(const user_revoked& c);
  void follow_moves();
  void on_refer(message request, const flow& from, const request_key& key);
  void on_outside_park(const outside_park& p);
  void tell_of_park(const outside_park& p);
  void end_referral(std::uint64_t serial);
  void report(const report_transfer& c);
  void send_report(std::uint64_t serial);
  bool on_report_answer(std::uint64_t serial, std::uint16_t status);
  void on_watch_taken(const watch_taken& t);
  void on_watch_refused(const watch_refused& r);
  void on_notify_watcher(const notify_watcher& n);
  void on_notify_phone(const notify_phone& n);
  void on_drop_notify(const drop_notify& d);

  // on_subscribe.cpp
  void await_notifier(subscription& s, const subscribe_wish& wish, message request,
                      const flow& from, transaction_id transaction);
  void answer_subscribe(subscription& s, std::uint16_t status);
  void send_notify(subscription& s, const lamp_ptr& state);
  void on_watcher_answer(std::uint64_t serial, std::uint16_t status,
                         std::chrono::seconds retry_after);
  void on_notifier_timeout(std::uint64_t serial);
  void on_subscription_expiry(std::uint64_t serial);
  void end_subscription(std::uint64_t serial);
  void send_last_notify(subscription& s, subscription_end why);
  bool has_room_for_key(const std::string& watcher) const;
  void count_held(subscription& s);
  void follow_with_keys(const phone_moved& c);
  void tell_back(subscription& s, bool anew);
  void note_if_dialled(const flow& via, transaction_id sent, std::uint64_t cookie);

  /// Whose request this is; challenges or refuses it, and gives nothing, where that is not known.
  std::optional<authenticated> authenticate(const message& request, const flow& from,
                                            std::string_view host);
  /// Not answered: somebody of that name has guessed passwords from there.
  bool is_of_banned_user(const message& request, const flow& from, std::string_view host,
                         const tenant_list& tenants) const;
  void on_refused_credentials(const refused_credentials& refused, const message& request,
                              const flow& from);
  void tell_of_ban(const ban_notice& notice, const claimed_user& who,
                   const ip_address& source) const;
  /// A line of the log, where it is worth one: somebody is refused who may be a phone set up
  /// wrongly.
  void complain(std::string_view who, const flow& from, std::string_view why,
                spdlog::level::level_enum level = spdlog::level::warn);
  /// Who sent this is known: its connection, whichever shard has it, may stay.
  void trust(const flow& proved);
  bool has_room_for(const incoming_call& call, const tenant& in) const;
  /// What two copies of one INVITE that came different ways have in common (RFC 3261 §8.2.2.2).
  std::uint64_t merge_key(const message& invite) const;
  /// The announcement of a call; nothing: refused.
  std::optional<incoming_call> describe_call(const message& invite, const flow& from,
                                             const authenticated& who);
  /// Answers without keeping anything (RFC 3261 §8.2.7).
  void answer(const message& request, const flow& from, std::uint16_t status,
              std::string_view lines = {});
  /// The same where the request claims a dialog, which has let it in free of its source's rate, and
  /// there is none: it counts after all. Over the rate: not a word.
  void answer_stray(const message& request, const flow& from, std::uint16_t status,
                    std::string_view lines = {});
  bool admit(const flow& from) {
    return admission_.admit(from.remote.address, now_) == admission_verdict::admitted;
  }
  /// True: the message belongs to another shard, and is on its way there, or lost where too much
  /// is.
  bool post_over(std::uint16_t shard, const flow& from, std::string_view bytes);

  leg& make_leg(leg_id id, caf::actor owner, tenant_ptr whose, const flow& via);
  leg* find(leg_id id);
  leg* find(std::uint64_t serial);
  /// All legs at this moment: handling one may bury it.
  std::vector<leg*> all_legs();
  /// Destroys what was buried meanwhile. At the end of every entry into the shard.
  void sweep() { graves_.clear(); }
  const settings& node() const { return *context_->node; }

  // leg_host
  time_point now() const override { return now_; }
  id_source& ids() override { return ids_; }
  wire::shown_address shown_to(const flow& to) override { return out_.shown_to(to); }
  flow way_to(const flow& known, std::string_view contact) override;
  caf::actor face() const override { return context_->shards.at(options_.index); }
  bool send(const flow& to, std::string_view bytes) override;
  void respond(transaction_id server, std::uint16_t status, std::string_view bytes) override;
  transaction_id request(const leg& from, leg_request what, std::string_view method,
                         std::string_view branch, std::string_view bytes) override;
  void cancel(transaction_id invite, std::string_view extra) override;
  void dismiss(const message& success, const flow& from) override;
  void redirect(transaction_id server, const flow& to) override {
    transactions_.redirect(server, to);
  }
  void forget(transaction_id client) override { transactions_.forget(client); }
  timer_id arm(const leg& whose, leg_timer what, time_point due) override;
  void disarm(timer_id timer) override { wheel_.cancel(timer); }
  void bury(const leg& dead) override;

  // transaction_user
  void on_timeout(transaction_id gone, std::uint64_t cookie) override;
  void on_transport_error(transaction_id which, std::uint64_t cookie) override;

  const shard_options options_;
  std::vector<lane> stray_lanes_;     ///< To each shard, for what has landed here.
  std::vector<lane> outbound_lanes_;  ///< To each shard, for what goes out by its connections.
  wire& out_;
  const context_ptr context_;
  const caf::actor switchboard_;
  time_point now_;
  id_source ids_;
  const keyed_hash merge_hash_;
  authentication authentication_;
  admission admission_;
  complaints complaints_;
  transaction_table transactions_;
  timer_wheel wheel_;
  std::unordered_map<std::uint64_t, std::unique_ptr<leg>> legs_;  ///< By leg_id::serial.
  std::vector<std::unique_ptr<leg>> graves_;
  std::unordered_set<std::uint64_t> invites_;  ///< leg::merge_key of the inbound legs.
  std::unordered_map<std::uint64_t, pending_registration> registrations_;
  std::uint64_t last_registration_ = 0;
  /// What was sent by connections that we are making, with its cookie; until something comes back.
  std::unordered_map<std::uint64_t, std::vector<std::pair<transaction_id, std::uint64_t>>> dialled_;
  std::vector<phone_moved> moves_;  ///< Not followed yet.
  time_point moves_due_{};          ///< When those that come next are followed.
  std::unordered_map<std::uint64_t, referral> referrals_;          ///< By outside_transfer::id.
  std::unordered_map<std::uint64_t, subscription> subscriptions_;  ///< By subscription_id::serial.
  std::size_t subscriptions_held_ = 0;                             ///< Bytes of all of them.
  /// Subscriptions of each extension's phones.
  std::unordered_map<std::string, watching> watchers_;
  std::unordered_map<std::uint64_t, unasked_notify> unasked_;
  shard_counts counts_;
  bool stopping_ = false;  ///< Nothing new begins.
};

/// What a cookie of a transaction or timer says: whose it is, and which.
struct cookie_parts {
  static constexpr unsigned kind_bits = 4;
  static constexpr std::uint8_t none = 15;  ///< Nobody waits: server transactions, a stray's BYE.

  std::uint64_t serial = 0;
  std::uint8_t kind = none;

  static cookie_parts from(std::uint64_t cookie) {
    return {cookie >> kind_bits, static_cast<std::uint8_t>(cookie & ((1u << kind_bits) - 1))};
  }
  std::uint64_t pack() const { return serial << kind_bits | kind; }
};

/// The timer kind of a REGISTER that waits, beside those of legs.
inline constexpr std::uint8_t registration_timer = 6;
/// Of a subscription: its expiry, and the patience for who is to take it.
inline constexpr std::uint8_t subscription_timer = 5;
inline constexpr std::uint8_t word_timer = 4;
static_assert(leg_timer_count <= word_timer);

/// Phones have moved.
inline constexpr std::uint8_t move_timer = 7;

/// A connection of this shard, by a number that those of other listeners have not.
inline std::uint64_t number_of(const flow& connection) {
  return std::uint64_t{connection.listener} << 48 | connection.connection;
}

/// Whether the From is that user's, or nobody's (RFC 3323).
bool speaks_for(const message& request, const number& user);

/// How a request is found again (RFC 3261 §17.2.3).
request_key key_of(const message& request);

}  // namespace parkway::sip
