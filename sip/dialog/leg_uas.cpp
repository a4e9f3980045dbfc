#include "sip/dialog/leg.hpp"
#include "sip/message/status.hpp"
#include "sip/message/validate.hpp"
#include "sip/transaction/transaction_fsm.hpp"

#include <algorithm>

/// The UAS side of an INVITE (RFC 3261 §13.3): from the call announced to its ACK.

namespace parkway::sip {

std::string refusal_lines(const refusal& why) {
  std::string lines;
  if (!why.text.empty())
    lines.append("Warning: 399 pbx ").append(sip::quoted(why.text)).append("\r\n");
  if (status_of(why) == 503) lines.append(retry_later);
  return lines;
}

void leg::receive_call(message invite, transaction_id transaction, incoming_call call) {
  auto tag = shard_.ids().leg_tag(id.serial);
  auto made = dialog::from_request(invite, tag);
  if (!made) {
    dialog_.local_tag = std::move(tag);
    respond(invite, transaction, status_of(made.error().code));
    return bury();
  }
  dialog_ = *std::move(made);
  auto body = read_session(invite);
  if (refuse_unsound(invite, transaction, body)) return bury();
  learn_phone(invite);
  session_state_ = body.session ? session_state::theirs_offered : session_state::theirs_wanted;
  extension_ = call.caller.extension;
  call.leg = id;
  call.shard = shard_.face();
  call.phone = device_of(invite, via_);
  call.reliable = invite.lists("Supported", "100rel") || invite.lists("Require", "100rel");
  call.media_version = via_.remote.address.version;
  if (body.session && !body.session->streams.empty())
    if (const auto& address = body.session->streams.front().address)
      call.media_version = address->version;
  call.offer = std::move(body.session);
  incoming_ = std::make_unique<pending_request>(
    pending_request{std::move(invite), transaction, via_.remote, {}, body.fingerprint});
  tell(std::move(call));
}

void leg::command(const answer_call& c) {
  if (state_ != leg_state::ringing) return;
  if (!c.session) return refuse_call(500);
  // RFC 3262 §3: no 2xx while a session in a reliable provisional answer is not acknowledged.
  if (reliable_ && !reliable_->unacknowledged.empty())
    reliable_->next_answer = c;
  else
    send_answer(c);
}

void leg::send_answer(const answer_call& c) {
  state_ = leg_state::answered;
  send_success(*incoming_, c.session,
               c.connected ? identity_lines(*c.connected, tenant_->domain) : std::string{});
}

void leg::send_success(pending_request& to, const session_ptr& session, std::string_view lines) {
  timer_.answer(read_session_terms(to.request));
  to.success = begin_response(to, 200)
                 .record_routes(to.request)
                 .lines(contact_line())
                 .lines(allow_line)
                 .header("Supported", supported_extensions)
                 .lines(timer_.answer_lines())
                 .lines(lines)
                 .finish("application/sdp", print(session));
  if (session_state_ == session_state::theirs_wanted) {
    session_state_ = session_state::ours_in_answer;
  } else {
    session_state_ = session_state::settled;
    remote_fingerprint_ = to.fingerprint;
  }
  local_ = session;
  repeat_after_ = transaction_times::t1;
  repeat_until_ = shard_.now() + transaction_times::patience;
  arm(leg_timer::repeat, repeat_after_);
  restart_session_timer();
  shard_.respond(to.transaction, 200, to.success);
}

void leg::repeat_success() {
  if (!incoming_ || incoming_->success.empty()) return;
  if (shard_.now() >= repeat_until_) {  // RFC 3261 §13.3.1.4
    send_bye();
    return state_ == leg_state::leaving ? bury() : end(end_cause::no_ack);
  }
  shard_.respond(incoming_->transaction, 200, incoming_->success);
  repeat_after_ =
    std::min<std::chrono::steady_clock::duration>(repeat_after_ * 2, transaction_times::t2);
  arm(leg_timer::repeat, std::min(repeat_after_, repeat_until_ - shard_.now()));
}

void leg::on_ack(const message& ack) {
  if (!incoming_ || incoming_->success.empty() || ack.cseq() != incoming_->request.cseq()) return;
  on_success_acknowledged(session_state_ == session_state::ours_in_answer ? read_session(ack)
                                                                          : carried_session{});
}

void leg::on_success_acknowledged(carried_session answer) {
  disarm(leg_timer::repeat);
  incoming_.reset();
  reliable_.reset();
  if (state_ == leg_state::leaving) {
    send_bye();
    return bury();
  }
  const bool ours_offered = session_state_ == session_state::ours_in_answer;
  const bool unanswered = ours_offered && !answer.session;
  if (unanswered && state_ == leg_state::answered) {  // There is no session to go on with.
    send_bye();
    return end(end_cause::no_ack);
  }
  // In a call that is up a phone that asks for an offer and does not answer it has changed nothing.
  const bool news = (ours_offered && !unanswered) || state_ == leg_state::answered;
  if (ours_offered && !unanswered) remote_fingerprint_ = answer.fingerprint;
  session_state_ = session_state::settled;
  state_ = leg_state::confirmed;
  if (news) tell(leg_confirmed{id, std::move(answer.session)});
  on_settled();
}

void leg::on_settled() {
  try_offer();
  try_show_identity();
}

void leg::on_cancel(transaction_id invite) {
  if (!incoming_ || incoming_->transaction != invite || !incoming_->success.empty()) return;
  respond(*incoming_, 487);
  if (state_ == leg_state::ringing) return end(end_cause::cancelled);
  incoming_.reset();  // A re-INVITE: the former session goes on.
  session_state_ = session_state::settled;
  on_settled();
}

void leg::command(const reject_call& c) {
  if (state_ == leg_state::ringing) refuse_call(status_of(c.why), refusal_lines(c.why));
}

void leg::refuse_call(std::uint16_t status, std::string_view lines) {
  respond(*incoming_, status, lines);
  bury();
}

}  // namespace parkway::sip
