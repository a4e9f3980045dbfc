#include "sip/dialog/leg.hpp"
#include "sip/message/status.hpp"
#include "sip/message/text.hpp"
#include "sip/transaction/transaction_fsm.hpp"

#include <algorithm>

/// The UAC side of an INVITE (RFC 3261 §13.2): calling a phone, CANCEL, and what crosses it.

namespace parkway::sip {

namespace {

/// How often a phone may ask for a longer session interval before we believe it is broken.
constexpr std::uint8_t interval_tries_max = 2;

std::string from_value(const party& who, std::string_view domain, std::string_view tag) {
  std::string value;
  if (who.withheld) {
    value = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";
  } else {
    if (!who.name.empty()) value.append(sip::quoted(who.name)).append(" ");
    value.append("<sip:").append(escape_user(who.extension.text)).append("@").append(domain);
    value.append(">");
  }
  return value.append(";tag=").append(tag);
}

std::string asserted_lines(const party& who, std::string_view domain) {
  return who.withheld ? std::string{"Privacy: id\r\n"} : identity_lines(who, domain);
}

/// Tells a recalled call from a new one, for each kind of phone in its own words.
std::string recall_lines(const recall_notice& recall, std::string_view domain) {
  std::string lines = "Alert-Info: <http://127.0.0.1/Bellcore-dr2>;info=park-recall\r\n";
  if (recall.place.empty())
    return lines.append("X-Park-Recall: id=").append(recall.id.text + "\r\n");
  const auto place = escape_user(recall.place.text);
  lines.append("Diversion: <sip:").append(place).append("@").append(domain);
  lines.append(">;reason=unknown\r\nX-Park-Recall: slot=").append(place);
  return lines.append(";id=").append(recall.id.text).append("\r\n");
}

}  // namespace

void leg::place(const place_call& c) {
  outbound_ = true;
  state_ = leg_state::calling;
  extension_ = c.extension;
  const auto& domain = tenant_->domain;
  dialog_.call_id = shard_.ids().call_id();
  dialog_.local_tag = shard_.ids().leg_tag(id.serial);
  dialog_.local = from_value(c.from, domain, dialog_.local_tag);
  dialog_.remote = "<sip:" + escape_user(c.extension.text) + "@" + domain + ">";
  dialog_.target = c.to.uri;
  dialog_.routes = c.to.path;
  outgoing_ = std::make_unique<pending_invite>();
  outgoing_->offered = c.offer;
  // Without an offer of ours a reliable answer would have to be answered in its PRACK.
  outgoing_->extra_lines = c.reliable && c.offer
                             ? "Supported: 100rel, replaces, timer, norefersub\r\n"
                             : "Supported: replaces, timer, norefersub\r\n";
  outgoing_->extra_lines += asserted_lines(c.from, domain);
  if (c.recall) outgoing_->extra_lines += recall_lines(*c.recall, domain);
  send_invite(session_timer::smallest);
}

void leg::send_invite(std::chrono::seconds min_se) {
  choose_flow();
  auto& invite = *outgoing_;
  session_state_ = invite.offered ? session_state::ours_offered : session_state::settled;
  invite.sequence = ++dialog_.local_sequence;
  invite.provisional_seen = false;
  const auto branch = shard_.ids().branch();
  auto text = begin_request(shard_, via_, dialog_, "INVITE", invite.sequence, branch);
  text.lines(contact_line()).lines(allow_line).lines(session_timer::initial_lines(min_se));
  text.lines(invite.extra_lines);
  const auto bytes =
    invite.offered ? text.finish("application/sdp", print(invite.offered)) : text.finish();
  invite.transaction = shard_.request(*this, leg_request::invite, "INVITE", branch, bytes);
  if (!invite.transaction) refused({fault_code::overloaded, 0, "too many transactions"});
}

void leg::on_invite_response(const message& response) {
  const auto status = response.status();
  if (status >= 200 && status < 300) return on_invite_success(response);
  if (!outgoing_ || response.cseq() != outgoing_->sequence) return;
  if (status < 200) return on_invite_provisional(response);
  on_invite_failure(status, &response);
}

void leg::on_invite_provisional(const message& response) {
  const bool first = !std::exchange(outgoing_->provisional_seen, true);
  if (state_ == leg_state::cancelling) return first ? send_cancel() : void();
  if (state_ != leg_state::calling || response.status() == 100) return;
  auto* early = early_dialog_of(response);
  if (response.lists("Require", "100rel") && (!early || !acknowledge(response, *early))) return;
  auto body = read_session(response);
  if (!outgoing_->offered) body = {};  // Its offer comes in the 2xx: we do not speak before.
  if (early && body.session) {
    early->session = body.session;
    early->fingerprint = body.fingerprint;
  }
  const bool reliable = response.lists("Require", "100rel");
  tell(leg_ringing{id, response.status(), std::move(body.session), reliable});
}

void leg::on_invite_success(const message& response) {
  if (state_ == leg_state::cancelling) {  // It crossed our CANCEL (RFC 3261 §9.1).
    shard_.dismiss(response, via_);
    return bury();
  }
  if (state_ == leg_state::calling) return on_first_success(response);
  if (response.to_tag() != dialog_.remote_tag) return shard_.dismiss(response, via_);
  if (response.cseq() == ack_sequence_ && !ack_.empty()) shard_.send(via_, ack_);
}

void leg::on_first_success(const message& response) {
  auto body = read_session(response);
  if (const auto* early = early_dialog_of(response); early && !body.session && outgoing_->offered) {
    body.session = early->session;
    body.fingerprint = early->fingerprint;
  }
  if (!body.session || !dialog_.complete(response)) {
    shard_.dismiss(response, via_);
    return refused({fault_code::no_common_codec, 0, "answered without a session"});
  }
  early_.clear();
  early_.shrink_to_fit();
  learn_phone(response);
  timer_.learn(read_session_terms(response));
  remote_fingerprint_ = body.fingerprint;
  const auto phone = device_of(response, via_);
  if (!outgoing_->offered) {
    state_ = leg_state::unconfirmed;
    session_state_ = session_state::theirs_offered;
    tell(leg_answered{id, std::move(body.session), phone});
  } else {
    local_ = outgoing_->offered;
    acknowledge_success({});
    tell(leg_answered{id, std::move(body.session), phone});
  }
  unheard_ = std::make_unique<std::vector<caf::message>>();
}

void leg::acknowledge_success(std::string_view body) {
  send_ack(outgoing_->sequence, body);
  outgoing_.reset();
  session_state_ = session_state::settled;
  state_ = leg_state::confirmed;
  restart_session_timer();
}

void leg::command(const confirm& c) {
  if (state_ != leg_state::unconfirmed) return;
  if (!c.answer) return command(hang_up{id, hang_up_reason::failed});
  local_ = c.answer;
  acknowledge_success(print(c.answer));
  on_settled();
}

void leg::send_ack(std::uint32_t sequence, std::string_view body) {
  ack_ = begin_request(shard_, via_, dialog_, "ACK", sequence, shard_.ids().branch())
           .lines(contact_line())
           .finish("application/sdp", body);
  ack_.shrink_to_fit();  // Kept as long as the leg; the writer has room for any message.
  ack_sequence_ = sequence;
  shard_.send(via_, ack_);
}

void leg::on_invite_failure(std::uint16_t status, const message* response) {
  if (!outgoing_) return;
  if (state_ == leg_state::cancelling) return bury();
  if (state_ != leg_state::calling) return;
  if (!response && status == 408)
    return refused({fault_code::no_answer, 408, "no answer from the phone"});
  if (!response) return refused({fault_code::not_reachable, 0, "the phone cannot be reached"});
  if (status == 422 && ++outgoing_->tries <= interval_tries_max)  // RFC 4028 §7.3
    if (const auto minimum = response->number("Min-SE"); minimum && *minimum <= 86400)
      return send_invite(std::max(std::chrono::seconds{*minimum}, session_timer::smallest));
  refused(refusal_of(status));
}

void leg::refused(refusal why) {
  tell(leg_refused{id, std::move(why)});
  bury();
}

void leg::send_cancel() {
  // RFC 3261 §9.1: not before a provisional answer; what then is never answered is given up.
  if (!outgoing_->provisional_seen) return;
  shard_.cancel(outgoing_->transaction, cancel_lines_);
  arm(leg_timer::give_up, transaction_times::patience);
}

}  // namespace parkway::sip
