#include "tests/sim/phone.hpp"
#include "tests/sim/phone_call.hpp"

#include <algorithm>

namespace parkway::sim {

// --- the called phone ----------------------------------------------------------------------------

void phone_call::on_invite(transaction_id id, const sip_text& invite) {
  auto& habits = phone_.habits();
  invited_ = id;
  invitation_ = invite;
  state_ = call_state::ringing_here;
  call_id_ = invite.call_id();
  local_tag_ = phone_.fresh_tag();
  remote_tag_ = invite.from_tag();
  remote_cseq_ = invite.cseq_number();
  auto from = std::string(invite.header("From"));
  remote_party_ = from.substr(0, from.find(";tag="));
  local_party_ = invite.header("To");
  take_route(invite);
  peer_allows_ = invite.values("Allow");
  show(invite, invite.header("From"));
  seen_.shown_first = screen_text(invite.header("From"));
  seen_.alert_info = invite.header("Alert-Info");
  local_.address = phone_.address().address.text();
  local_.port = phone_.fresh_port();
  local_.codecs = habits.codecs;
  if (auto offer = read_sdp(invite.body)) {
    remote_ = *offer;
    local_ = answer_to(*offer);
    if (local_.codecs.empty()) return refuse(488);
  } else {
    we_offered_ = true;
  }
  if (habits.ignores_calls) return;
  if (habits.refuse_with != 0) return refuse(habits.refuse_with);
  if (habits.ring_after) ringing_ = phone_.time().in(*habits.ring_after, [this] { ring(); });
  if (habits.answer_after)
    answering_ = phone_.time().in(*habits.answer_after, [this] { answer(); });
}

void phone_call::ring() {
  auto& habits = phone_.habits();
  auto response = respond(invitation_, habits.early_media ? 183 : 180);
  add_features(response);
  if (habits.early_media && !we_offered_) response.with_body("application/sdp", local_.text());
  bool reliable =
    habits.reliable
    && (invitation_.lists("Supported", "100rel") || invitation_.lists("Require", "100rel"));
  if (!reliable) return phone_.wire().respond(invited_, response);
  rseq_ = 1;
  response.add("Require", "100rel").add("RSeq", std::to_string(rseq_));
  repeat_reliable(response, transactions::t1);
}

void phone_call::repeat_reliable(sip_text response, timeline::duration pause) {
  phone_.wire().respond(invited_, response);
  reliable_ =
    phone_.time().in(pause, [this, response, pause] { repeat_reliable(response, pause * 2); });
}

void phone_call::answer() {
  if (state_ != call_state::ringing_here) return;
  for (auto id : {ringing_, answering_, reliable_})
    phone_.time().cancel(id);
  state_ = call_state::talking;
  seen_.status = 200;
  auto response = respond(invitation_, 200);
  add_features(response);
  auto wanted = invitation_.header("Session-Expires");
  if (phone_.habits().session_timer > 0 && !wanted.empty()) {
    auto value = std::string(wanted);
    if (parameter_of(value, "refresher").empty()) value += ";refresher=uac";
    response.add("Session-Expires", value).add("Require", "timer");
    arm_session_timer(response, false);
  }
  response.with_body("application/sdp", local_.text());
  phone_.wire().respond(invited_, response);
}

void phone_call::refuse(int status) {
  if (state_ != call_state::ringing_here) return;
  phone_.wire().respond(invited_, respond(invitation_, status));
  invited_ = 0;
  end(status);
}

void phone_call::on_cancel(transaction_id id, const sip_text& cancel) {
  phone_.wire().respond(id, respond(cancel, 200));
  if (state_ != call_state::ringing_here) return;
  seen_.reason = cancel.header("Reason");
  seen_.ended_by_peer = true;
  refuse(487);
}

void phone_call::on_ack(const sip_text& ack) {
  if (invited_ == 0 || state_ == call_state::ringing_here) return;
  phone_.wire().acknowledged(invited_);
  invited_ = 0;
  confirmed_ = true;
  if (we_offered_) {
    auto answered = read_sdp(ack.body);
    if (!answered && state_ == call_state::talking)
      phone_.complain("our offer in a 200 was not answered in the ACK");
    if (answered) remote_ = *answered;
    we_offered_ = false;
  }
  if (hang_up_wanted_) return bye();
  send_offer();
}

void phone_call::on_no_ack(transaction_id id) {
  if (id != invited_) return;
  invited_ = 0;
  bye();
}

// --- requests in the dialog, both roles ----------------------------------------------------------

void phone_call::on_request(transaction_id id, const sip_text& m) {
  // RFC 3261 §12.2.2.
  if (m.cseq_number() <= remote_cseq_ && remote_cseq_ != 0)
    return phone_.wire().respond(id, respond(m, 500));
  remote_cseq_ = m.cseq_number();
  if (m.is("NOTIFY")) return on_report(id, m);
  if (state_ == call_state::ended && !(m.is("BYE") && bye_running_))
    return phone_.wire().respond(id, respond(m, 481));
  if (m.is("INVITE")) return on_reinvite(id, m);
  if (m.is("UPDATE")) return on_update(id, m);
  if (m.is("INFO")) seen_.infos.push_back(m.body);
  if (m.is("PRACK")) phone_.time().cancel(reliable_);
  if (m.is("BYE") && state_ != call_state::ended) {
    seen_.ended_by_peer = true;
    seen_.reason = m.header("Reason");
    if (state_ == call_state::ringing_here)
      phone_.wire().respond(invited_, respond(invitation_, 487));
    if (invited_ != 0) phone_.wire().acknowledged(invited_);
    invited_ = 0;
    end(0);
  }
  auto answer = respond(m, 200);
  if (m.is("OPTIONS")) add_features(answer);
  phone_.wire().respond(id, answer);
}

void phone_call::answer_offer(transaction_id id, const sip_text& m, bool invite) {
  auto answer = respond(m, 200);
  add_features(answer);
  auto offer = read_sdp(m.body);
  bool same = offer && *offer == remote_;
  if (offer) {
    auto next = answer_to(*offer);
    if (next.codecs.empty()) return phone_.wire().respond(id, respond(m, 488));
    if (same) next = local_;
    remote_ = *offer;
    local_ = next;
  }
  if (same || (!offer && !invite && !m.has("P-Asserted-Identity"))) ++seen_.refreshes_received;
  if (offer || invite) answer.with_body("application/sdp", local_.text());
  auto wanted = std::string(m.header("Session-Expires"));
  if (phone_.habits().session_timer > 0 && !wanted.empty()) {
    if (parameter_of(wanted, "refresher").empty()) wanted += ";refresher=uac";
    answer.add("Session-Expires", wanted);
    arm_session_timer(answer, false);
  }
  if (m.has("Contact")) target_ = uri_of(m.header("Contact"));
  show(m, {});
  if (invite) {
    invited_ = id;
    we_offered_ = !offer;
  }
  phone_.wire().respond(id, answer);
}

void phone_call::on_reinvite(transaction_id id, const sip_text& m) {
  // RFC 3261 §14.2; the INVITE of the peer may not even be acknowledged yet.
  if (invite_ != 0) return phone_.wire().respond(id, respond(m, 491));
  if (invited_ != 0 || state_ != call_state::talking)
    return phone_.wire().respond(id, respond(m, 500).add("Retry-After", "3"));
  ++seen_.offers_received;
  answer_offer(id, m, true);
}

void phone_call::on_update(transaction_id id, const sip_text& m) {
  if (!phone_.habits().allows_update) {
    phone_.complain("UPDATE to a phone that does not allow it");
    return phone_.wire().respond(id, respond(m, 405));
  }
  if (!m.body.empty() && busy()) return phone_.wire().respond(id, respond(m, 491));
  if (!m.body.empty()) ++seen_.offers_received;
  answer_offer(id, m, false);
}

void phone_call::on_report(transaction_id id, const sip_text& m) {
  auto event = m.header("Event");
  if (event.substr(0, 5) != "refer") {
    phone_.complain("NOTIFY of another event in a call");
    return phone_.wire().respond(id, respond(m, 489));
  }
  if (state_ == call_state::ended && phone_.habits().forgets_after_bye)
    return phone_.wire().respond(id, respond(m, 481));
  int status = 0;
  if (m.body.substr(0, 8) == "SIP/2.0 ") status = std::stoi(m.body.substr(8, 3));
  if (status == 0) phone_.complain("a report that is not a sipfrag");
  // RFC 3515 §2.4.6: each REFER of the dialog has reports of its own.
  auto refer = parameter_of(event, "id");
  if (reported_.contains(refer)) phone_.complain("a report after the last one");
  seen_.reports.push_back(status);
  bool last = m.header("Subscription-State").substr(0, 10) == "terminated";
  seen_.report_ended = last;
  if (last) reported_.insert(refer);
  auto answer = respond(m, 200);
  phone_.time().in(phone_.habits().report_pause, [this, id, answer, last, status] {
    phone_.wire().respond(id, answer);
    if (last && status < 300) on_report_goodbye(goodbye::when_done);
    if (last) on_report_goodbye(goodbye::when_told);
    if (!last) on_report_goodbye(goodbye::on_trying);
  });
}

}  // namespace parkway::sim
