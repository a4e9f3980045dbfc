#pragma once

#include "kernel/config/tenants.hpp"
#include "kernel/messages/leg.hpp"
#include "sip/auth/token_bucket.hpp"
#include "sip/dialog/dialog.hpp"
#include "sip/dialog/leg_host.hpp"
#include "sip/dialog/refer_reports.hpp"
#include "sip/dialog/session_timer.hpp"
#include "sip/sdp/session_body.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parkway::sip {

/// Where a leg stands.
///
///  inbound:   ringing --answer--> answered --ACK--> confirmed
///                | refuse, CANCEL     | hang_up        | BYE, hang_up, expired
///                v                    v                v
///               end   <--ACK, 64*T1-- leaving         end
///
///  outbound:  calling --2xx--> confirmed            (ACK goes out at once)
///                |  \--2xx--> unconfirmed --confirm--> confirmed   (placed without an offer)
///                |  300-699 --> end
///                | hang_up
///                v
///             cancelling --provisional--> CANCEL --487--> end
///                  \------2xx--> ACK, BYE, end
enum class leg_state : std::uint8_t {
  ringing,      ///< Inbound, not answered.
  answered,     ///< Inbound, 2xx sent, ACK awaited.
  leaving,      ///< The same after hang_up: BYE may only follow the ACK (RFC 3261 §15).
  calling,      ///< Outbound, no final answer yet.
  cancelling,   ///< The same after hang_up.
  unconfirmed,  ///< Outbound, 2xx with an offer received, the owner's answer awaited.
  confirmed,
  ended,  ///< About to be destroyed.
};

/// Whose turn it is to speak about the session (RFC 3264 §4).
enum class session_state : std::uint8_t {
  settled,
  ours_offered,    ///< In an INVITE of ours.
  ours_in_answer,  ///< In a 2xx of ours: the ACK has the answer.
  theirs_offered,  ///< The owner is to answer.
  theirs_wanted,   ///< INVITE without a session: the owner is to offer in the 2xx.
};

/// A request of the phone with its server transaction.
struct pending_request {
  message request;
  transaction_id transaction;
  endpoint source;
  /// INVITE: the 2xx, repeated until its ACK (RFC 3261 §13.3.1.4). Empty: not answered yet.
  std::string success;
  std::uint64_t fingerprint = 0;  ///< Of the session it carries.
};

/// Our INVITE, from its first copy to its final answer.
struct pending_invite {
  transaction_id transaction;
  std::uint32_t sequence = 0;
  bool provisional_seen = false;
  session_ptr offered;      ///< Null: the phone is to offer.
  bool refresh = false;     ///< Nobody waits for the outcome: it only keeps the session alive.
  std::string extra_lines;  ///< Headers of the first INVITE, for a second try after 422.
  std::optional<party> connected;  ///< Of a re-INVITE, for a second try after 491.
  std::uint8_t tries = 0;
};

/// Reliable provisional answers of an inbound leg (RFC 3262 §3): one at a time is unacknowledged.
struct reliable_answers {
  std::uint32_t last = 0;                  ///< RSeq of the one sent last.
  std::uint16_t status = 0;                ///< Of that one.
  std::string unacknowledged;              ///< Its text. Empty: it has been acknowledged.
  std::optional<send_ringing> next_ring;   ///< Waits for the PRACK; a newer one replaces it.
  std::optional<answer_call> next_answer;  ///< The same.
};

/// One phone that answers our INVITE provisionally: an early dialog (RFC 3261 §13.2.2.1).
struct early_dialog {
  std::string tag;
  std::uint32_t last_reliable = 0;  ///< RSeq acknowledged last.
  session_ptr session;              ///< Of its latest provisional answer that had one.
  std::uint64_t fingerprint = 0;
};

/// One INVITE dialog usage (RFC 5057) with its owner: turns what the phone says into events and
/// commands into messages. No I/O, no clock: everything through leg_host. Confined to the shard.
/// Sources: leg.cpp what all share, then leg_inbound, leg_outbound, leg_provisional, leg_offers,
/// leg_refresh, leg_refer.
class leg {
 public:
  using time_point = leg_host::time_point;

  leg(leg_host& shard, leg_id name, caf::actor owner, tenant_ptr whose, const flow& via);
  leg(const leg&) = delete;
  leg& operator=(const leg&) = delete;
  ~leg();

  const leg_id id;
  std::uint64_t merge_key = 0;  ///< Of the INVITE that came; the shard's business.
  token_bucket asked;           ///< What the phone may ask in the dialog; the shard's business.

  /// Takes an INVITE that was admitted and announces it: `call` as far as the shard has filled it
  /// in. Refuses by itself what makes no dialog.
  void receive_call(message invite, transaction_id transaction, incoming_call call);
  /// Calls a phone.
  void place(const place_call& c);

  /// A request inside the dialog, but ACK; CANCEL comes as on_cancel.
  void on_request(message request, transaction_id transaction, const flow& from);
  void on_ack(const message& ack);
  /// The phone's INVITE was CANCELled; the CANCEL has been answered.
  void on_cancel(transaction_id invite);
  void on_response(leg_request what, const message& response);
  /// No answer came (RFC 3261 §17.1: 408), or the request could not be sent (503).
  void on_no_response(leg_request what, std::uint16_t status);
  void on_timer(leg_timer which);

  void command(const send_ringing& c);
  void command(const answer_call& c);
  void command(const reject_call& c);
  void command(const hang_up& c);
  void command(const send_offer& c);
  void command(const answer_offer& c);
  void command(const refuse_offer& c);
  void command(const confirm& c);
  void command(const show_identity& c);
  void command(const send_info& c);
  void command(const report_transfer& c);
  void command(const adopt& c);
  /// Parkway stops: the owner hears leg_ended{shut_down}.
  void shut_down();

  const caf::actor& owner() const { return owner_; }
  leg_state state() const { return state_; }
  const dialog& names() const { return dialog_; }
  const flow& via() const { return via_; }
  /// Where the phone itself has come from last: by that flow it is known when it moves.
  const flow& home() const { return home_; }
  bool is_inbound() const { return !outbound_; }
  /// Whose phone it is.
  const tenant_name& tenant_of() const { return tenant_->name; }
  const number& extension() const { return extension_; }
  /// The phone has registered by another flow: it is reached there from now on, also by the answers
  /// it waits for.
  void follow(const flow& via);
  /// A message with these tags, sent by the phone, belongs here. An early dialog has no tag yet.
  bool is(const message& m) const;

 private:
  // leg.cpp
  template <class Event>
  void tell(Event event) {
    if (unheard_)
      keep(caf::make_message(std::move(event)));
    else if (owner_)
      caf::anon_send(owner_, std::move(event));
  }
  void keep(caf::message event);
  /// Sends a request of the dialog that is not an INVITE.
  transaction_id send_request(leg_request what, std::string_view method, std::string_view lines,
                              std::string_view content_type = {}, std::string_view body = {});
  writer begin_response(const pending_request& to, std::uint16_t status);
  void respond(const pending_request& to, std::uint16_t status, std::string_view lines = {});
  void respond(const message& request, transaction_id transaction, std::uint16_t status,
               std::string_view lines = {});
  /// Before a request: the phone's connection may have ended.
  void choose_flow();
  std::string contact_line();
  std::string print(const session_ptr& session);
  void learn_phone(const message& m);
  void arm(leg_timer which, std::chrono::steady_clock::duration after);
  void disarm(leg_timer which);
  bool is_armed(leg_timer which) const {
    return static_cast<bool>(timers_[static_cast<std::size_t>(which)]);
  }
  void send_bye(std::string_view lines = {});
  /// The leg is over: tells the owner, where there is one, and is buried.
  void end(end_cause cause);
  void bury();
  bool is_unconfirmed() const;
  void on_confirmed();
  /// Refuses a body that cannot be read, or a session timer that is too brief. True: it did.
  bool refuse_unsound(const message& request, transaction_id transaction,
                      const carried_session& body);

  void on_bye(const message& request, transaction_id transaction);
  void on_info(const message& request, transaction_id transaction);
  void abandon_pending_requests();

  // leg_inbound.cpp
  void send_success(pending_request& to, const session_ptr& session, std::string_view lines);
  void send_answer(const answer_call& c);
  void repeat_success();
  void on_success_acknowledged(carried_session answer);
  /// Nothing is open between us and the phone: what waited for that may go on.
  void on_settled();
  void refuse_call(std::uint16_t status, std::string_view lines = {});

  // leg_provisional.cpp
  void send_ring(const send_ringing& c);
  void repeat_provisional();
  void on_prack(const message& request, transaction_id transaction);
  /// False: it is a repetition, or there is one missing before it.
  bool acknowledge(const message& provisional, early_dialog& in);
  early_dialog* early_dialog_of(const message& response);

  // leg_outbound.cpp
  void send_invite(std::chrono::seconds min_se);
  void on_invite_response(const message& response);
  void on_invite_provisional(const message& response);
  void on_invite_success(const message& response);
  void on_first_success(const message& response);
  void acknowledge_success(std::string_view body);
  void on_invite_failure(std::uint16_t status, const message* response);
  void send_ack(std::uint32_t sequence, std::string_view body);
  void send_cancel();
  void refused(refusal why);

  // leg_offers.cpp
  void move_to(const flow& via) { home_ = via_ = via; }
  void refuse_early(const message& request, transaction_id transaction);
  void on_reinvite(message request, transaction_id transaction);
  void on_update(message request, transaction_id transaction);
  void answer_update(const pending_request& update, const session_ptr& session);
  bool in_glare(const message& request, transaction_id transaction);
  bool is_refresh(const carried_session& body) const;
  void try_offer();
  void send_reinvite(const session_ptr& session, const std::optional<party>& connected,
                     bool refresh);
  void on_reinvite_response(const message& response);
  void on_reinvite_success(const message& response);
  void on_reinvite_failure(std::uint16_t status, const message* response);
  std::chrono::milliseconds glare_pause();

  // leg_refresh.cpp
  void restart_session_timer();
  void on_session_timer();
  void expire();
  void refresh();
  void send_update(bool as_refresh, std::string_view lines);
  void on_update_response(std::uint16_t status, const message* response);
  void on_refresh_failure(std::uint16_t status, bool glare);
  void on_probe_response(std::uint16_t status);
  void on_probe_unsent();
  void try_show_identity();

  // leg_refer.cpp
  void on_refer(const message& request, transaction_id transaction);
  void send_reports();
  void on_notify_response(std::uint16_t status);
  void give_up_reports();

  leg_host& shard_;
  caf::actor owner_;
  tenant_ptr tenant_;
  number extension_;
  flow home_;
  flow via_;  ///< home_, or while that connection is gone the one by which we call the phone.
  dialog dialog_;
  leg_state state_ = leg_state::ringing;
  session_state session_state_ = session_state::settled;
  bool phone_updates_ = false;      ///< Its Allow has UPDATE.
  bool update_is_refresh_ = false;  ///< The UPDATE under way keeps the session alive.
  bool update_under_way_ = false;
  std::uint8_t probes_unsent_ = 0;  ///< In a row.
  bool outbound_ = false;           ///< We made the Call-ID (RFC 3261 §14.1).
  session_timer timer_;
  time_point expires_at_{};  ///< Without a refresh until then the session is over.
  std::array<timer_id, leg_timer_count> timers_{};

  session_ptr local_;                     ///< What the phone was last given and has accepted.
  std::uint64_t remote_fingerprint_ = 0;  ///< Of what it last offered or answered.
  sent_session sent_;
  std::chrono::steady_clock::duration repeat_after_{};
  time_point repeat_until_{};

  std::unique_ptr<pending_request> incoming_;  ///< Its INVITE, until the ACK.
  std::unique_ptr<pending_request> update_;    ///< Its UPDATE with an offer.
  std::unique_ptr<pending_invite> outgoing_;   ///< Our INVITE.
  std::unique_ptr<reliable_answers> reliable_;
  std::vector<early_dialog> early_;
  std::string_view cancel_lines_;  ///< Reason, for a CANCEL that waits; text of the program.
  std::string ack_;                ///< Our last ACK, for when its 2xx comes again.
  std::uint32_t ack_sequence_ = 0;
  std::optional<send_offer> next_offer_;  ///< Waits until the session is settled.
  std::optional<party> next_identity_;    ///< Waits until an UPDATE is possible.
  std::unique_ptr<transfer_reports> transfers_;
  /// The phone has answered, and who called it is not the one who talks to it: what it says until
  /// it is adopted, for who adopts it.
  std::unique_ptr<std::vector<caf::message>> unheard_;
};

/// What we understand, for every message that may say so.
inline constexpr std::string_view allow_line =
  "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY, SUBSCRIBE, "
  "REGISTER\r\n";

/// Who is shown to a phone as the other party (RFC 3325, RFC 3323). Whole lines.
std::string identity_lines(const party& who, std::string_view domain);
/// Begins a request of ours in a dialog that goes this way (RFC 3261 §12.2.1.1).
writer begin_request(leg_host& shard, const flow& via, const dialog& in, std::string_view method,
                     std::uint32_t sequence, std::string_view branch);
/// A refusal in words: Warning for whoever reads a trace, Retry-After for the phone. Whole lines.
std::string refusal_lines(const refusal& why);
/// Our Contact as a phone sees it. A whole line.
std::string contact_of(const wire::shown_address& shown, transport_kind kind,
                       std::string_view user = "parkway");
/// Which phone sent this: its Contact (or instance, RFC 5626) and where it came from.
device device_of(const message& m, const flow& from);

}  // namespace parkway::sip
