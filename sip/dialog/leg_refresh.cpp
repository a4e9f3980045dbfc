#include "sip/dialog/leg.hpp"

/// Keeping a confirmed dialog alive, and finding out when the phone is gone (RFC 4028); and showing
/// it who it talks to (RFC 3311), since both are UPDATEs without a session.

namespace parkway::sip {

namespace {

using namespace std::chrono_literals;

/// Pause before a refresh that was refused, or could not be sent yet, is tried again.
constexpr auto refresh_retry_after = 10s;
/// So many probes in a row that cannot be sent, and the phone is gone.
constexpr std::uint8_t probes_unsent_max = 4;

}  // namespace

void leg::restart_session_timer() {
  expires_at_ = shard_.now() + timer_.interval();
  arm(leg_timer::session, timer_.running() ? timer_.due_after() : session_timer::probe_every);
}

void leg::on_session_timer() {
  if (state_ != leg_state::confirmed) return arm(leg_timer::session, refresh_retry_after);
  if (!timer_.running()) {
    if (!send_request(leg_request::probe, "OPTIONS",
                      contact_line() + "Accept: application/sdp\r\n"))
      restart_session_timer();
    return;
  }
  if (timer_.we_refresh() && shard_.now() < expires_at_) return refresh();
  expire();
}

/// RFC 4028 §10: no refresh in time.
void leg::expire() {
  abandon_pending_requests();
  send_bye();
  end(end_cause::expired);
}

void leg::refresh() {
  const bool busy = outgoing_ || incoming_ || update_ || update_under_way_
                    || session_state_ != session_state::settled;
  // Whatever is under way is a refresh itself when it succeeds, and restarts the timer then.
  if (busy || !local_) return arm(leg_timer::session, refresh_retry_after);
  if (phone_updates_)
    send_update(true, {});
  else
    send_reinvite(local_, std::nullopt, true);
}

void leg::send_update(bool as_refresh, std::string_view lines) {
  auto all = contact_line().append(allow_line).append("Supported: timer\r\n");
  all.append(timer_.request_lines()).append(lines);
  update_under_way_ = true;
  update_is_refresh_ = as_refresh;
  if (!send_request(leg_request::update, "UPDATE", all)) on_update_response(503, nullptr);
}

void leg::on_update_response(std::uint16_t status, const message* response) {
  update_under_way_ = false;
  const bool was_refresh = std::exchange(update_is_refresh_, false);
  if (status < 300) {
    dialog_.refresh_target(*response);
    timer_.learn(read_session_terms(*response));
    restart_session_timer();
  } else if (status == 405 || status == 501) {  // Its Allow was wrong.
    phone_updates_ = false;
    if (was_refresh) refresh();
  } else if (was_refresh) {
    return on_refresh_failure(status, status == 491);
  } else if (status == 481) {
    send_bye();
    return end(end_cause::lost);
  }
  try_show_identity();
}

void leg::on_refresh_failure(std::uint16_t status, bool glare) {
  if (status == 408 || status == 481) return expire();
  const auto pause = glare ? std::chrono::steady_clock::duration{glare_pause()}
                           : std::chrono::steady_clock::duration{refresh_retry_after};
  arm(leg_timer::session, pause);
  on_settled();
}

void leg::on_probe_response(std::uint16_t status) {
  probes_unsent_ = 0;
  if (status != 408 && status != 481) return restart_session_timer();
  send_bye();
  end(end_cause::lost);
}

/// Its connection is gone: it has as long to come back as a phone that does not answer.
void leg::on_probe_unsent() {
  if (++probes_unsent_ == probes_unsent_max) return on_probe_response(408);
  arm(leg_timer::session, refresh_retry_after);
}

void leg::command(const show_identity& c) {
  next_identity_ = c.connected;
  try_show_identity();
}

void leg::try_show_identity() {
  if (!next_identity_ || state_ != leg_state::confirmed || update_under_way_) return;
  const auto shown = std::exchange(next_identity_, std::nullopt);
  if (phone_updates_) send_update(false, identity_lines(*shown, tenant_->domain));
}

void leg::command(const send_info& c) {
  if (state_ == leg_state::confirmed)
    send_request(leg_request::other, "INFO", {}, c.content_type, c.body);
}

}  // namespace parkway::sip
