#include "sip/dialog/leg.hpp"
#include "sip/message/status.hpp"
#include "sip/message/text.hpp"

/// Sessions changed in a confirmed dialog (RFC 3261 §14, RFC 3311): by the phone, and by us.

namespace parkway::sip {

namespace {

std::string retry_after(id_source& ids) {
  return "Retry-After: " + std::to_string(ids.below(11)) + "\r\n";  // RFC 3261 §14.2: 0–10 s.
}

/// A 500 with Retry-After is what RFC 3261 §14.2 calls glare seen from the other side.
bool is_glare(std::uint16_t status, const message* response) {
  return status == 491 || (status == 500 && response && response->header("Retry-After"));
}

}  // namespace

// --- the phone's offers ----------------------------------------------------------------------

bool leg::in_glare(const message& request, transaction_id transaction) {
  const bool theirs_open = (incoming_ && incoming_->success.empty()) || update_;
  if (theirs_open) {
    respond(request, transaction, 500, retry_after(shard_.ids()));
    return true;
  }
  // It speaks after our 2xx: the 2xx arrived, the ACK was lost or is late (RFC 5407 §3.1.4).
  if (incoming_ && session_state_ == session_state::settled) on_success_acknowledged({});
  if (state_ == leg_state::ended) {
    respond(request, transaction, 481);
    return true;
  }
  if (outgoing_ || session_state_ != session_state::settled) {
    respond(request, transaction, 491);
    return true;
  }
  return false;
}

/// The same session as before: a refresh (RFC 4028 §7.4). The owner need not hear of it.
bool leg::is_refresh(const carried_session& body) const {
  return body.session && local_ && body.fingerprint == remote_fingerprint_;
}

void leg::on_reinvite(message request, transaction_id transaction) {
  auto body = read_session(request);
  if (refuse_unsound(request, transaction, body) || in_glare(request, transaction)) return;
  dialog_.refresh_target(request);
  learn_phone(request);
  incoming_ = std::make_unique<pending_request>(
    pending_request{std::move(request), transaction, via_.remote, {}, body.fingerprint});
  session_state_ = body.session ? session_state::theirs_offered : session_state::theirs_wanted;
  if (is_refresh(body)) return send_success(*incoming_, local_, {});
  respond(*incoming_, 100);
  tell(leg_offered{id, std::move(body.session)});
}

void leg::on_update(message request, transaction_id transaction) {
  auto body = read_session(request);
  if (refuse_unsound(request, transaction, body)) return;
  if (body.session && (state_ == leg_state::ringing || state_ == leg_state::unconfirmed))
    return respond(request, transaction, 500, retry_after(shard_.ids()));
  if (body.session && in_glare(request, transaction)) return;
  dialog_.refresh_target(request);
  learn_phone(request);
  pending_request update{std::move(request), transaction, via_.remote, {}, body.fingerprint};
  if (!body.session) return answer_update(update, nullptr);
  if (is_refresh(body)) return answer_update(update, local_);
  session_state_ = session_state::theirs_offered;
  update_ = std::make_unique<pending_request>(std::move(update));
  tell(leg_offered{id, std::move(body.session)});
}

void leg::answer_update(const pending_request& update, const session_ptr& session) {
  if (state_ == leg_state::confirmed) {
    timer_.answer(read_session_terms(update.request));
    restart_session_timer();
  }
  auto text = begin_response(update, 200);
  text.lines(contact_line()).lines(allow_line).lines(timer_.answer_lines());
  if (!session) return shard_.respond(update.transaction, 200, text.finish());
  local_ = session;
  remote_fingerprint_ = update.fingerprint;
  session_state_ = session_state::settled;
  shard_.respond(update.transaction, 200, text.finish("application/sdp", print(session)));
}

void leg::command(const answer_offer& c) {
  if (!c.session || state_ != leg_state::confirmed) return;
  if (const auto update = std::exchange(update_, nullptr)) {
    answer_update(*update, c.session);
    on_settled();
  } else if (incoming_ && incoming_->success.empty()) {
    send_success(*incoming_, c.session, {});
  }
}

void leg::command(const refuse_offer& c) {
  auto& refused = update_ ? update_ : incoming_;
  if (!refused || !refused->success.empty() || state_ != leg_state::confirmed) return;
  respond(*refused, status_of(c.why), refusal_lines(c.why));
  refused.reset();
  session_state_ = session_state::settled;
  on_settled();
}

// --- our offers ------------------------------------------------------------------------------

void leg::command(const send_offer& c) {
  if (!c.session) return tell(offer_refused{id, {fault_code::unsupported, 0, "nothing offered"}});
  next_offer_ = c;
  try_offer();
}

void leg::try_offer() {
  if (!next_offer_ || state_ != leg_state::confirmed || outgoing_ || incoming_ || update_
      || session_state_ != session_state::settled || is_armed(leg_timer::retry))
    return;
  const auto next = std::exchange(next_offer_, std::nullopt);
  send_reinvite(next->session, next->connected, false);
}

void leg::send_reinvite(const session_ptr& session, const std::optional<party>& connected,
                        bool refresh) {
  choose_flow();
  outgoing_ = std::make_unique<pending_invite>();
  auto& invite = *outgoing_;
  invite.offered = session;
  invite.connected = connected;
  invite.refresh = refresh;
  invite.sequence = ++dialog_.local_sequence;
  session_state_ = session_state::ours_offered;
  const auto branch = shard_.ids().branch();
  auto text = begin_request(shard_, via_, dialog_, "INVITE", invite.sequence, branch);
  text.lines(contact_line()).lines(allow_line).lines(timer_.request_lines());
  text.lines("Supported: replaces, timer, norefersub\r\n");
  if (connected) text.lines(identity_lines(*connected, tenant_->domain));
  const auto bytes = text.finish("application/sdp", print(session));
  invite.transaction = shard_.request(*this, leg_request::reinvite, "INVITE", branch, bytes);
  if (!invite.transaction) on_reinvite_failure(503, nullptr);
}

void leg::on_reinvite_response(const message& response) {
  const bool success = response.status() < 300;
  if (outgoing_ && response.cseq() == outgoing_->sequence)
    return success ? on_reinvite_success(response)
                   : on_reinvite_failure(response.status(), &response);
  if (success && response.cseq() == ack_sequence_) shard_.send(via_, ack_);
}

void leg::on_reinvite_success(const message& response) {
  const auto done = std::exchange(outgoing_, nullptr);
  session_state_ = session_state::settled;
  dialog_.refresh_target(response);
  learn_phone(response);
  timer_.learn(read_session_terms(response));
  send_ack(done->sequence, {});
  restart_session_timer();
  auto body = read_session(response);
  if (body.session) {
    local_ = done->offered;
    remote_fingerprint_ = body.fingerprint;
  }
  if (!done->refresh) {
    if (body.session)
      tell(offer_answered{id, std::move(body.session)});
    else
      tell(offer_refused{id, {fault_code::malformed, 0, "2xx without an answer"}});
  }
  on_settled();
}

void leg::on_reinvite_failure(std::uint16_t status, const message* response) {
  if (!outgoing_) return;
  const auto failed = std::exchange(outgoing_, nullptr);
  session_state_ = session_state::settled;
  if (failed->refresh) return on_refresh_failure(status, is_glare(status, response));
  if (is_glare(status, response)) {
    if (!next_offer_) next_offer_ = send_offer{id, failed->offered, failed->connected};
    return arm(leg_timer::retry, glare_pause());
  }
  if (status == 408 || status == 481) {  // RFC 3261 §12.2.1.2: the dialog is gone.
    send_bye();
    return end(end_cause::lost);
  }
  tell(offer_refused{
    id, response ? refusal_of(status) : refusal{fault_code::not_reachable, 0, "cannot be sent"}});
  on_settled();
}

/// RFC 3261 §14.1: who made the Call-ID waits longer; in units of 10 ms.
std::chrono::milliseconds leg::glare_pause() {
  return outbound_ ? std::chrono::milliseconds{2100 + 10 * shard_.ids().below(191)}
                   : std::chrono::milliseconds{10 * shard_.ids().below(201)};
}

}  // namespace parkway::sip
