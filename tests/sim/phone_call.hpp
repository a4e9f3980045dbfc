#pragma once

#include "tests/sim/phone_habits.hpp"
#include "tests/sim/transactions.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace parkway::sim {

class phone;

/// Where a phone is in a call.
enum class call_state : std::uint8_t { calling, ringing_there, ringing_here, talking, ended };

/// What the phone has seen of a call: what a test looks at.
struct call_record {
  int status = 0;             ///< Final status of the call's INVITE; 0: none yet.
  std::vector<int> progress;  ///< Provisional statuses but 100, in order.
  std::string shown;          ///< Who the screen shows now: `James <103>`.
  std::string shown_first;    ///< What the answer itself showed, before any update.
  std::string alert_info;     ///< Of the incoming INVITE.
  std::vector<int> reports;   ///< Statuses of the transfer's NOTIFYs.
  bool report_ended = false;  ///< Subscription-State: terminated has come.
  int refer_status = 0;       ///< Answer to our REFER.
  int offer_status = 0;       ///< Answer to our last re-INVITE.
  int bye_status = 0;         ///< Answer to our BYE.
  std::string reason;         ///< Reason header of the CANCEL or BYE that ended it.
  bool ended_by_peer = false;
  int offers_received = 0;         ///< re-INVITEs and UPDATEs of the peer.
  int refreshes_received = 0;      ///< Those that only refresh the session timer.
  int glares = 0;                  ///< 491 heard.
  std::vector<std::string> infos;  ///< Bodies of INFO.
};

/// One call of a scripted phone: its dialog (RFC 3261 §12) and session, both roles.
class phone_call {
 public:
  phone_call(phone& of, bool outgoing) : phone_(of), outgoing_(outgoing) {}
  phone_call(const phone_call&) = delete;
  phone_call& operator=(const phone_call&) = delete;

  // --- what the person does ---
  void answer();
  void refuse(int status);
  /// CANCEL, refusal or BYE, as the state asks for.
  void hang_up();
  void hold() { propose("sendonly"); }
  void resume() { propose("sendrecv"); }
  /// Sends a re-INVITE with this direction; waits for its turn.
  void propose(std::string direction);
  /// As propose, with other codecs.
  void propose_codecs(std::vector<sdp_codec> codecs);
  /// Sends a re-INVITE without SDP: the peer is to offer.
  void ask_for_offer();
  /// REFER to a user of the domain; `replaces`: another call of this phone (attended transfer).
  void refer(const std::string& user, const phone_call* replaces = nullptr, bool silent = false);
  void send_info(const std::string& content_type, const std::string& body);
  void send_options();

  // --- what the phone knows ---
  call_state state() const { return state_; }
  bool talking() const { return state_ == call_state::talking; }
  bool ended() const { return state_ == call_state::ended; }
  const call_record& seen() const { return seen_; }
  const phone_sdp& local_sdp() const { return local_; }
  const phone_sdp& remote_sdp() const { return remote_; }
  bool outgoing() const { return outgoing_; }
  const std::string& call_id() const { return call_id_; }
  const std::string& dialled() const { return dialled_; }
  /// True while requests of this call wait for an answer, or its 200 for an ACK.
  bool busy() const { return invite_ != 0 || invited_ != 0; }
  /// The dialog as Replaces names it (RFC 3891).
  std::string replaces_header() const;

  // --- what the network brings ---
  void start(const std::string& dialled, const std::string& replaces);
  void on_invite(transaction_id id, const sip_text& request);
  void on_request(transaction_id id, const sip_text& request);
  void on_cancel(transaction_id id, const sip_text& request);
  void on_ack(const sip_text& ack);
  void on_no_ack(transaction_id id);
  bool is_dialog(const std::string& call_id, const std::string& own_tag) const {
    return call_id == call_id_ && own_tag == local_tag_;
  }
  const sip_text& invitation() const { return invitation_; }
  /// The plug was pulled: all is forgotten.
  void drop();

 private:
  // caller
  void send_invite(const std::string& credentials);
  void on_first_response(const sip_text* r);
  void on_progress(const sip_text& r);
  void on_answered(const sip_text& r);
  void send_cancel();
  void acknowledge_reliably(const sip_text& r);
  // called
  void ring();
  void repeat_reliable(sip_text response, timeline::duration pause);
  void on_reinvite(transaction_id id, const sip_text& request);
  void on_update(transaction_id id, const sip_text& request);
  void on_report(transaction_id id, const sip_text& request);
  void answer_offer(transaction_id id, const sip_text& request, bool invite);
  // both
  sip_text request(std::string_view method);
  sip_text respond(const sip_text& to, int status) const;
  void add_features(sip_text& m) const;
  void send_offer();
  void on_offer_response(const sip_text* r);
  void send_ack(const sip_text& response);
  void bye();
  void end(int status);
  void take_route(const sip_text& r);
  void show(const sip_text& m, std::string_view fallback);
  void change_local(const std::string& direction);
  phone_sdp answer_to(const phone_sdp& offer) const;
  void arm_session_timer(const sip_text& m, bool we_asked);
  void refresh_session();
  void on_report_goodbye(goodbye moment);

  phone& phone_;
  bool outgoing_;
  call_state state_ = call_state::calling;
  call_record seen_;
  std::string dialled_, call_id_, local_tag_, remote_tag_;
  std::string local_party_, remote_party_, target_;
  std::vector<std::string> routes_;
  std::uint32_t cseq_ = 0, remote_cseq_ = 0;
  sip_text invitation_;   ///< The incoming INVITE.
  std::string replaces_;  ///< Of our INVITE.
  std::vector<std::string> peer_allows_;
  transaction_id invite_ = 0;  ///< Our running INVITE.
  std::uint32_t invite_cseq_ = 0;
  std::uint32_t challenges_ = 0;
  transaction_id invited_ = 0;  ///< The peer's INVITE, until it is acknowledged.
  bool bye_running_ = false;
  bool tried_ = false;  ///< A provisional has come: it can be cancelled.
  bool cancel_wanted_ = false, cancelled_ = false;
  bool confirmed_ = false;  ///< Our 200 was acknowledged, or theirs by us.
  bool hang_up_wanted_ = false;
  bool we_offered_ = false;            ///< Our 200 carries the offer: the ACK has the answer.
  bool answered_early_ = false;        ///< A reliable provisional had the answer.
  std::optional<std::string> wanted_;  ///< Direction of the next re-INVITE.
  bool offerless_ = false;
  std::map<std::uint32_t, std::string> acks_;  ///< By CSeq, to be repeated.
  std::uint32_t rseq_ = 0, peer_rseq_ = 0;
  bool prack_refused_ = false;
  std::set<std::string> reported_;  ///< Ids of the REFERs whose last report has come.
  timeline::event_id ringing_ = 0, answering_ = 0, reliable_ = 0, session_ = 0, retry_ = 0;
  std::uint32_t session_interval_ = 0;
  phone_sdp local_, remote_;
};

}  // namespace parkway::sim
