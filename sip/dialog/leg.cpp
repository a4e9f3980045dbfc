#include "sip/dialog/leg.hpp"

#include "sip/message/reply_route.hpp"
#include "sip/message/status.hpp"
#include "sip/message/text.hpp"

namespace parkway::sip {

namespace {

std::string_view transport_name(transport_kind kind) {
  switch (kind) {
    case transport_kind::udp:
      return "UDP";
    case transport_kind::tcp:
      return "TCP";
    case transport_kind::tls:
      return "TLS";
    case transport_kind::ws:
      return "WS";
    case transport_kind::wss:
      return "WSS";
  }
  return "UDP";
}

std::string_view reason_lines(hang_up_reason reason) {
  switch (reason) {
    case hang_up_reason::normal:
      return {};
    case hang_up_reason::answered_elsewhere:
      return "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n";
    case hang_up_reason::failed:
      return "Reason: SIP;cause=500;text=\"Call failed\"\r\n";
  }
  return {};
}

}  // namespace

std::string contact_of(const wire::shown_address& shown, transport_kind kind,
                       std::string_view user) {
  const bool v6 = shown.host.find(':') != std::string::npos;
  std::string line = "Contact: <sip:";
  line.append(user).append("@").append(v6 ? "[" : "").append(shown.host).append(v6 ? "]:" : ":");
  append_number(line, shown.port);
  if (kind != transport_kind::udp) line.append(";transport=").append(lower(transport_name(kind)));
  return line.append(">\r\n");
}

std::string identity_lines(const party& who, std::string_view domain) {
  if (who.withheld)
    return "P-Asserted-Identity: \"Anonymous\" <sip:anonymous@anonymous.invalid>\r\n"
           "Privacy: id\r\n";
  if (who.extension.empty()) return {};
  std::string line = "P-Asserted-Identity: ";
  if (!who.name.empty()) line.append(sip::quoted(who.name)).append(" ");
  return line.append("<sip:")
    .append(escape_user(who.extension.text))
    .append("@")
    .append(domain)
    .append(">\r\n");
}

device device_of(const message& m, const flow& from) {
  device phone{{}, from.remote};
  const auto contacts = m.contacts();
  if (!contacts || contacts->empty()) return phone;
  const auto* instance = contacts->front().parameter_value("+sip.instance");
  if (instance) phone.instance = lower(*instance);
  phone.contact = contacts->front().address.user_host_port();
  return phone;
}

leg::leg(leg_host& shard, leg_id name, caf::actor owner, tenant_ptr whose, const flow& via)
  : id(name),
    shard_(shard),
    owner_(std::move(owner)),
    tenant_(std::move(whose)),
    home_(via),
    via_(via) {
}

leg::~leg() = default;

bool leg::is(const message& m) const {
  return m.to_tag() == dialog_.local_tag && m.call_id() == dialog_.call_id
         && (dialog_.remote_tag.empty() || m.from_tag() == dialog_.remote_tag);
}

// --- writing ---------------------------------------------------------------------------------

writer begin_request(leg_host& shard, const flow& via, const dialog& in, std::string_view method,
                     std::uint32_t sequence, std::string_view branch) {
  const auto shown = shard.shown_to(via);
  const auto route = in.route();
  return writer::request({.method = method,
                          .request_uri = route.request_uri,
                          .transport = transport_name(via.kind),
                          .sent_by_host = shown.host,
                          .sent_by_port = shown.port,
                          .branch = branch,
                          .from = in.local,
                          .to = in.remote,
                          .call_id = in.call_id,
                          .cseq = sequence,
                          .routes = route.routes});
}

void leg::follow(const flow& via) {
  move_to(via);
  for (const auto* waiting : {incoming_.get(), update_.get()})
    if (waiting) shard_.redirect(waiting->transaction, via);
}

void leg::choose_flow() {
  if (dialog_.routes.empty()) via_ = shard_.way_to(home_, dialog_.target);
}

transaction_id leg::send_request(leg_request what, std::string_view method, std::string_view lines,
                                 std::string_view content_type, std::string_view body) {
  choose_flow();
  const auto branch = shard_.ids().branch();
  auto text = begin_request(shard_, via_, dialog_, method, ++dialog_.local_sequence, branch)
                .lines(lines)
                .finish(content_type, body);
  return shard_.request(*this, what, method, branch, text);
}

writer leg::begin_response(const pending_request& to, std::uint16_t status) {
  return writer::response(to.request, status, dialog_.local_tag, to.source);
}

void leg::respond(const pending_request& to, std::uint16_t status, std::string_view lines) {
  shard_.respond(to.transaction, status, begin_response(to, status).lines(lines).finish());
}

void leg::respond(const message& request, transaction_id transaction, std::uint16_t status,
                  std::string_view lines) {
  shard_.respond(
    transaction, status,
    writer::response(request, status, dialog_.local_tag, via_.remote).lines(lines).finish());
}

std::string leg::contact_line() {
  return contact_of(shard_.shown_to(via_), via_.kind);
}

std::string leg::print(const session_ptr& session) {
  return sent_.print(session, id.serial, shard_.shown_to(via_).host);
}

void leg::learn_phone(const message& m) {
  if (m.header("Allow")) phone_updates_ = m.lists("Allow", "UPDATE");
}

bool leg::refuse_unsound(const message& request, transaction_id transaction,
                         const carried_session& body) {
  if (body.refuse_with != 0) {
    respond(
      request, transaction, body.refuse_with,
      body.refuse_with == 415 ? "Accept: application/sdp\r\nAccept-Encoding: identity\r\n" : "");
    return true;
  }
  if (session_timer::too_brief(read_session_terms(request))) {
    respond(request, transaction, 422, "Min-SE: 90\r\n");
    return true;
  }
  return false;
}

// --- time ------------------------------------------------------------------------------------

void leg::arm(leg_timer which, std::chrono::steady_clock::duration after) {
  disarm(which);
  timers_[static_cast<std::size_t>(which)] = shard_.arm(*this, which, shard_.now() + after);
}

void leg::disarm(leg_timer which) {
  auto& timer = timers_[static_cast<std::size_t>(which)];
  if (timer) shard_.disarm(timer);
  timer = {};
}

void leg::on_timer(leg_timer which) {
  timers_[static_cast<std::size_t>(which)] = {};
  switch (which) {
    case leg_timer::repeat:
      return state_ == leg_state::ringing ? repeat_provisional() : repeat_success();
    case leg_timer::session:
      return on_session_timer();
    case leg_timer::retry:
      return try_offer();
    case leg_timer::give_up:
      if (outgoing_) shard_.forget(outgoing_->transaction);
      return bury();
  }
}

// --- the phone's requests --------------------------------------------------------------------

/// What a phone cannot ask for in a call that it has not answered.
void leg::refuse_early(const message& request, transaction_id transaction) {
  switch (request.method()) {
    case method::update:
      return respond(request, transaction, 500, "Retry-After: 2\r\n");
    case method::refer:  // It exists, and is not answered.
      return respond(request, transaction, 403);
    default:
      return respond(request, transaction, 481);
  }
}

void leg::on_request(message request, transaction_id transaction, const flow& from) {
  if (!dialog_.accept_sequence(request.cseq())) return respond(request, transaction, 500);
  move_to(way_back(
    request, from));  // A phone behind NAT may have moved; the tags prove that it is the same.
  if (state_ == leg_state::calling || state_ == leg_state::cancelling)
    return refuse_early(request, transaction);
  switch (request.method()) {
    case method::invite:
      return on_reinvite(std::move(request), transaction);
    case method::update:
      return on_update(std::move(request), transaction);
    case method::bye:
      return on_bye(request, transaction);
    case method::prack:
      return on_prack(request, transaction);
    case method::refer:
      return on_refer(request, transaction);
    case method::info:
      return on_info(request, transaction);
    case method::options:
      return respond(request, transaction, 200,
                     std::string{allow_line}.append("Accept: application/sdp\r\n"));
    case method::notify:
      return respond(request, transaction, 481);  // We subscribed to nothing.
    case method::subscribe:
      return respond(request, transaction, 489, "Allow-Events: refer\r\n");
    case method::ack:
    case method::cancel:
      return;  // Never come this way.
    case method::other:
      return respond(request, transaction, 501, allow_line);
    case method::register_:
    case method::message:
    case method::publish:
      return respond(request, transaction, 405, allow_line);
  }
}

void leg::on_bye(const message& request, transaction_id transaction) {
  respond(request, transaction, 200);
  abandon_pending_requests();
  end(end_cause::hung_up);
}

void leg::on_info(const message& request, transaction_id transaction) {
  respond(request, transaction, 200);
  tell(leg_info{id, std::string{request.content_type()}, std::string{request.body()}});
}

/// What is not answered when the dialog ends gets 487 (RFC 3261 §15.1.2).
void leg::abandon_pending_requests() {
  if (incoming_ && incoming_->success.empty()) respond(*incoming_, 487);
  if (update_) respond(*update_, 487);
}

void leg::on_response(leg_request what, const message& response) {
  const auto status = response.status();
  if (status < 200 && what != leg_request::invite) return;
  switch (what) {
    case leg_request::invite:
      return on_invite_response(response);
    case leg_request::reinvite:
      return on_reinvite_response(response);
    case leg_request::update:
      return on_update_response(status, &response);
    case leg_request::notify:
      return on_notify_response(status);
    case leg_request::probe:
      return on_probe_response(status);
    case leg_request::prack:
    case leg_request::other:
      return;
  }
}

void leg::on_no_response(leg_request what, std::uint16_t status) {
  switch (what) {
    case leg_request::invite:
      return on_invite_failure(status, nullptr);
    case leg_request::reinvite:
      return on_reinvite_failure(status, nullptr);
    case leg_request::update:
      return on_update_response(status, nullptr);
    case leg_request::notify:
      return on_notify_response(status);
    case leg_request::probe:
      return status == 503 ? on_probe_unsent() : on_probe_response(408);
    case leg_request::prack:
    case leg_request::other:
      return;
  }
}

// --- the end ---------------------------------------------------------------------------------

void leg::command(const hang_up& c) {
  switch (state_) {
    case leg_state::ringing:
      return refuse_call(480, reason_lines(c.reason));
    case leg_state::answered:
      owner_ = nullptr;
      state_ = leg_state::leaving;
      return;
    case leg_state::calling:
      owner_ = nullptr;
      state_ = leg_state::cancelling;
      cancel_lines_ = reason_lines(c.reason);
      return send_cancel();
    case leg_state::unconfirmed:
      send_ack(outgoing_->sequence, {});
      [[fallthrough]];
    case leg_state::confirmed:
      abandon_pending_requests();
      give_up_reports();
      send_bye(reason_lines(c.reason));
      return bury();
    case leg_state::leaving:
    case leg_state::cancelling:
    case leg_state::ended:
      return;
  }
}

void leg::shut_down() {
  const bool unconfirmed = is_unconfirmed();
  tell(leg_ended{id, end_cause::shut_down, unconfirmed});
  owner_ = nullptr;
  switch (state_) {
    case leg_state::ringing:
      return refuse_call(503, retry_later);
    case leg_state::answered:
    case leg_state::leaving:  // There is no time left to wait for the ACK.
      send_bye();
      return bury();
    case leg_state::calling:
    case leg_state::cancelling:
    case leg_state::unconfirmed:
    case leg_state::confirmed:
      return command(hang_up{id, hang_up_reason::normal});
    case leg_state::ended:
      return;
  }
}

void leg::send_bye(std::string_view lines) {
  send_request(leg_request::other, "BYE", lines);
}

bool leg::is_unconfirmed() const {
  return state_ != leg_state::confirmed;
}

void leg::end(end_cause cause) {
  // Reports still out are given up without a word: the owner must see a BYE that came before its
  // report was acknowledged for what it is.
  tell(leg_ended{id, cause, is_unconfirmed()});
  bury();
}

void leg::bury() {
  if (state_ == leg_state::ended) return;
  state_ = leg_state::ended;
  owner_ = nullptr;
  for (std::size_t i = 0; i < leg_timer_count; ++i)
    disarm(static_cast<leg_timer>(i));
  shard_.bury(*this);
}

}  // namespace parkway::sip
