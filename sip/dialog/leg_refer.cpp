#include "sip/dialog/leg.hpp"
#include "sip/message/status.hpp"
#include "sip/message/text.hpp"

#include <utility>

/// REFER in the dialog and its reports (RFC 3515, RFC 4488).
///
///   REFER --202--> open --NOTIFY 100--> report_transfer … --NOTIFY final--> 200 --> reported
///                    \ Refer-Sub: false: nothing is sent; reported at once ----------^
///                    \ BYE of the phone: given up without a word; the owner hears leg_ended
///                    \ BYE of ours: NOTIFY final 487 goes before it

namespace parkway::sip {

void leg::on_refer(const message& request, transaction_id transaction) {
  auto wish = read_refer(request);
  if (!wish) return respond(request, transaction, 400);
  if (state_ == leg_state::ringing) return respond(request, transaction, 403);
  if (!transfers_) transfers_ = std::make_unique<transfer_reports>();
  wish->leg = id;
  wish->id = request.cseq();
  wish->silent = wants_silence(request);
  if (!transfers_->open(wish->id, wish->silent))
    return respond(request, transaction, 503, retry_later);
  respond(request, transaction, 202,
          contact_line().append(wish->silent ? "Refer-Sub: false\r\n" : report_expires));
  transfers_->add(wish->id, 100, false);
  send_reports();
  tell(*std::move(wish));
}

void leg::command(const report_transfer& c) {
  if (!transfers_) return;
  const auto status = c.why ? status_of(*c.why) : std::uint16_t{200};
  if (transfers_->add(c.id, status, c.final)) tell(transfer_reported{id, c.id});
  send_reports();
}

/// What the phone has asked the former owner and was not answered, nobody answers any more: it is
/// told so, and asks again. What it has said since it was called the new owner hears.
void leg::command(const adopt& c) {
  owner_ = c.owner;
  if (const auto since = std::exchange(unheard_, nullptr)) {
    for (auto& event : *since)
      caf::anon_send(owner_, std::move(event));
    return;
  }
  if (state_ != leg_state::confirmed) return;
  command(refuse_offer{id, {fault_code::glare, 0, {}}});
  if (!transfers_) return;
  for (const auto over : transfers_->give_up(status_of(fault_code::gone)))
    tell(transfer_reported{id, over});
  send_reports();
}

/// An offer, four REFERs, some digits: a phone has no time for more, and what else it says is lost.
void leg::keep(caf::message event) {
  constexpr std::size_t unheard_max = 16;
  if (unheard_->size() < unheard_max) unheard_->push_back(std::move(event));
}

void leg::send_reports() {
  const auto report = transfers_->next();
  if (!report) return;
  const auto text = print_report(*report, contact_line());
  if (!send_request(leg_request::notify, "NOTIFY", text.lines, sipfrag_type, text.fragment))
    on_notify_response(503);
}

void leg::on_notify_response(std::uint16_t status) {
  if (!transfers_) return;
  for (const auto over : transfers_->answered(status >= 300))
    tell(transfer_reported{id, over});
  send_reports();
}

void leg::give_up_reports() {
  if (!transfers_) return;
  for (const auto& report : transfers_->last_words(487)) {
    const auto text = print_report(report, contact_line());
    send_request(leg_request::other, "NOTIFY", text.lines, sipfrag_type, text.fragment);
  }
}

}  // namespace parkway::sip
