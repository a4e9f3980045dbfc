#include "sip/leg.hpp"
#include "sip/text.hpp"
#include "sip/translate.hpp"

/// REFER in the dialog and its reports (RFC 3515, RFC 4488).
///
///   REFER --202--> open --NOTIFY 100--> report_transfer … --NOTIFY final--> 200 --> reported
///                    \ Refer-Sub: false: nothing is sent; reported at once ----------^
///                    \ BYE of the phone: what is outstanding is given up ------------^

namespace parkway::sip {

namespace {

/// How long a report may take at most: a transfer has succeeded or failed long before.
constexpr std::string_view report_active = "Subscription-State: active;expires=180\r\n";
constexpr std::string_view report_over = "Subscription-State: terminated;reason=noresource\r\n";

bool wants_silence(const message& refer) {
  auto value = refer.header("Refer-Sub").value_or("");
  return same_token(trimmed(cut_to(value, ';')), "false");
}

/// Where the phone refers its peer; nothing: Refer-To is missing or cannot be read.
std::optional<transfer_requested> read_refer(const message& refer) {
  const auto value = refer.header("Refer-To");
  if (!value) return std::nullopt;
  const auto target = name_addr::parse(*value);
  if (!target) return std::nullopt;
  transfer_requested wish;
  wish.dialled = target->address.user;
  if (const auto* orbit = target->address.parameter_value("orbit")) wish.orbit = *orbit;
  if (const auto* replaces = target->address.header_value("replaces")) {
    auto name = parse_replaces(*replaces);
    if (!name) return std::nullopt;
    wish.replaces = *std::move(name);
    wish.replaces_leg = leg_named_by(*wish.replaces);
  }
  return wish;
}

}  // namespace

void leg::on_refer(const message& request, transaction_id transaction) {
  auto wish = read_refer(request);
  if (!wish) return respond(request, transaction, 400);
  if (state_ == leg_state::ringing) return respond(request, transaction, 403);
  if (!transfers_) transfers_ = std::make_unique<transfer_reports>();
  wish->leg = id;
  wish->id = request.cseq();
  wish->silent = wants_silence(request);
  if (!transfers_->open(wish->id, wish->silent))
    return respond(request, transaction, 503, "Retry-After: 10\r\n");
  respond(request, transaction, 202,
          contact_line().append(wish->silent ? "Refer-Sub: false\r\n" : ""));
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

void leg::send_reports() {
  const auto report = transfers_->next();
  if (!report) return;
  auto lines = contact_line().append("Event: refer");
  if (report->with_id) append_number(lines.append(";id="), report->id);
  lines.append("\r\n").append(report->final ? report_over : report_active);
  std::string fragment = "SIP/2.0 ";
  append_number(fragment, report->status);
  fragment.append(" ").append(reason_phrase(report->status)).append("\r\n");
  if (!send_request(leg_request::notify, "NOTIFY", lines, "message/sipfrag;version=2.0", fragment))
    on_notify_response(503);
}

void leg::on_notify_response(std::uint16_t status) {
  if (!transfers_) return;
  for (const auto over : transfers_->answered(status >= 300))
    tell(transfer_reported{id, over});
  send_reports();
}

}  // namespace parkway::sip
