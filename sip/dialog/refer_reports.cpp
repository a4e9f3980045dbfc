#include "sip/dialog/refer_reports.hpp"

#include "sip/message/ids.hpp"
#include "sip/message/status.hpp"
#include "sip/message/text.hpp"
#include "sip/message/uri.hpp"

#include <algorithm>
#include <utility>

namespace parkway::sip {

transfer_reports::transfer* transfer_reports::find(transfer_id id) {
  const auto found = std::find_if(open_.begin(), open_.end(), [&](auto& t) { return t.id == id; });
  return found == open_.end() ? nullptr : &*found;
}

void transfer_reports::close(transfer_id id) {
  std::erase_if(open_, [&](const auto& t) { return t.id == id; });
  std::erase_if(waiting_, [&](const auto& r) { return r.id == id; });
}

bool transfer_reports::open(transfer_id id, bool silent) {
  if (open_.size() >= live_max) return false;
  open_.push_back({id, silent, !std::exchange(had_one_, true)});
  return true;
}

bool transfer_reports::add(transfer_id id, std::uint16_t status, bool final) {
  const auto* t = find(id);
  if (!t) return false;
  if (t->silent) {
    if (final) close(id);
    return final;
  }
  const transfer_report news{id, status, final, !t->first};
  for (auto& waiting : waiting_) {
    if (waiting.id != id) continue;
    if (!waiting.final) waiting = news;  // Only the latest counts; a final one stands.
    return false;
  }
  waiting_.push_back(news);
  return false;
}

std::vector<transfer_id> transfer_reports::give_up(std::uint16_t status) {
  std::vector<transfer_id> over;
  for (const auto& t : std::vector{open_}) {
    if (under_way_ && under_way_->id == t.id && under_way_->final) continue;
    if (add(t.id, status, true)) over.push_back(t.id);
  }
  return over;
}

std::optional<transfer_report> transfer_reports::next() {
  if (under_way_ || waiting_.empty()) return std::nullopt;
  under_way_ = waiting_.front();
  waiting_.pop_front();
  return under_way_;
}

std::vector<transfer_id> transfer_reports::answered(bool refused) {
  const auto report = std::exchange(under_way_, std::nullopt);
  if (!report) return {};
  const bool final_waits = std::any_of(
    waiting_.begin(), waiting_.end(), [&](const auto& r) { return r.id == report->id && r.final; });
  if (report->final || (refused && final_waits)) {
    close(report->id);
    return {report->id};
  }
  if (auto* t = find(report->id); t && refused) t->silent = true;
  return {};
}

std::vector<transfer_report> transfer_reports::last_words(std::uint16_t status) {
  std::vector<transfer_report> last;
  for (const auto& t : open_) {
    if (t.silent || (under_way_ && under_way_->id == t.id && under_way_->final)) continue;
    const auto waits = std::find_if(waiting_.begin(), waiting_.end(),
                                    [&](const auto& r) { return r.id == t.id && r.final; });
    last.push_back(waits == waiting_.end() ? transfer_report{t.id, status, true, !t.first}
                                           : *waits);
  }
  open_.clear();
  waiting_.clear();
  return last;
}

namespace {

/// How long a report may take at most: a transfer has succeeded or failed long before.
constexpr std::string_view report_active = "Subscription-State: active;expires=180\r\n";
constexpr std::string_view report_over = "Subscription-State: terminated;reason=noresource\r\n";

}  // namespace

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

report_text print_report(const transfer_report& report, std::string_view contact) {
  report_text text{std::string{contact}.append("Event: refer"), "SIP/2.0 "};
  if (report.with_id) append_number(text.lines.append(";id="), report.id);
  text.lines.append("\r\n").append(report.final ? report_over : report_active);
  append_number(text.fragment, report.status);
  text.fragment.append(" ").append(reason_phrase(report.status)).append("\r\n");
  return text;
}

}  // namespace parkway::sip
