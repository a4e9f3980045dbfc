#include "sip/dialog/leg.hpp"
#include "sip/message/text.hpp"
#include "sip/transaction/transaction_fsm.hpp"

#include <algorithm>

/// Provisional answers, and those that are acknowledged (RFC 3262), both ways.

namespace parkway::sip {

namespace {

/// More phones behind one contact than anybody forks to.
constexpr std::size_t early_dialogs_max = 8;

/// RAck: response number, CSeq number, method (RFC 3262 §7.2).
struct response_acknowledged {
  std::uint64_t response = 0;
  std::uint64_t sequence = 0;
  std::string_view method;
};

std::optional<response_acknowledged> read_rack(const message& prack) {
  const auto value = prack.header("RAck");
  if (!value) return std::nullopt;
  auto rest = trimmed(*value);
  const auto response = number_in(cut_to(rest, ' '), 0xFFFFFFFF);
  rest = trimmed(rest);
  const auto sequence = number_in(cut_to(rest, ' '), 0xFFFFFFFF);
  if (!response || !sequence) return std::nullopt;
  return response_acknowledged{*response, *sequence, trimmed(rest)};
}

}  // namespace

// --- ours ------------------------------------------------------------------------------------

void leg::command(const send_ringing& c) {
  if (state_ != leg_state::ringing || c.status <= 100 || c.status > 199) return;
  if (reliable_ && !reliable_->unacknowledged.empty())
    reliable_->next_ring = c;
  else
    send_ring(c);
}

void leg::send_ring(const send_ringing& c) {
  const auto& invite = incoming_->request;
  auto text = begin_response(*incoming_, c.status)
                .record_routes(invite)
                .lines(contact_line())
                .lines(allow_line);
  const bool reliably =
    invite.lists("Require", "100rel") || (c.reliable && invite.lists("Supported", "100rel"));
  if (reliably) {
    if (!reliable_) {
      reliable_ = std::make_unique<reliable_answers>();
      reliable_->last = shard_.ids().below(1u << 30);
    }
    text.header("Require", "100rel").header("RSeq", ++reliable_->last);
  }
  // Where the phone wants our offer it is made in the 2xx: early media then has no answer.
  const bool with_session = c.early && session_state_ == session_state::theirs_offered;
  auto bytes = with_session ? text.finish("application/sdp", print(c.early)) : text.finish();
  shard_.respond(incoming_->transaction, c.status, bytes);
  if (!reliably) return;
  reliable_->status = c.status;
  reliable_->unacknowledged = std::move(bytes);
  repeat_after_ = transaction_times::t1;
  repeat_until_ = shard_.now() + transaction_times::patience;
  arm(leg_timer::repeat, repeat_after_);
}

void leg::repeat_provisional() {
  if (!reliable_ || reliable_->unacknowledged.empty()) return;
  if (shard_.now() >= repeat_until_) {  // RFC 3262 §3: a 5xx for the INVITE.
    respond(*incoming_, 500);
    return end(end_cause::lost);
  }
  shard_.respond(incoming_->transaction, reliable_->status, reliable_->unacknowledged);
  repeat_after_ *= 2;
  arm(leg_timer::repeat, std::min(repeat_after_, repeat_until_ - shard_.now()));
}

void leg::on_prack(const message& request, transaction_id transaction) {
  const auto acknowledged = read_rack(request);
  if (!acknowledged) return respond(request, transaction, 400);
  if (!reliable_ || !incoming_ || acknowledged->response != reliable_->last
      || acknowledged->sequence != incoming_->request.cseq() || acknowledged->method != "INVITE")
    return respond(request, transaction, 481);
  // A second offer/answer exchange before the call is answered is more than we do.
  respond(request, transaction, request.body().empty() ? 200 : 488);
  if (state_ != leg_state::ringing || reliable_->unacknowledged.empty()) return;
  reliable_->unacknowledged.clear();
  disarm(leg_timer::repeat);
  if (const auto waiting = std::exchange(reliable_->next_answer, std::nullopt))
    send_answer(*waiting);
  else if (const auto next = std::exchange(reliable_->next_ring, std::nullopt))
    send_ring(*next);
}

// --- the phone's -----------------------------------------------------------------------------

early_dialog* leg::early_dialog_of(const message& response) {
  if (response.to_tag().empty()) return nullptr;
  const auto found = std::find_if(early_.begin(), early_.end(),
                                  [&](const auto& e) { return e.tag == response.to_tag(); });
  if (found != early_.end()) return &*found;
  if (early_.size() >= early_dialogs_max) return nullptr;
  return &early_.emplace_back(early_dialog{std::string{response.to_tag()}, 0, nullptr, 0});
}

bool leg::acknowledge(const message& provisional, early_dialog& in) {
  const auto number = provisional.number("RSeq");
  if (!number || *number == 0) return false;
  // RFC 3262 §4: in order; a repetition is acknowledged again only by its own PRACK's repetition.
  if (in.last_reliable != 0 && *number != in.last_reliable + 1) return false;
  in.last_reliable = *number;
  dialog early = dialog_;
  early.complete(provisional);
  const auto branch = shard_.ids().branch();
  std::string rack = "RAck: ";
  append_number(rack, *number);
  append_number(rack.append(" "), provisional.cseq());
  rack.append(" INVITE\r\n");
  const auto text = begin_request(shard_, via_, early, "PRACK", ++dialog_.local_sequence, branch)
                      .lines(rack)
                      .finish();
  shard_.request(*this, leg_request::prack, "PRACK", branch, text);
  return true;
}

}  // namespace parkway::sip
