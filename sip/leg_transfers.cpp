#include "sip/leg_transfers.hpp"

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

std::vector<transfer_id> transfer_reports::give_up() {
  std::vector<transfer_id> over;
  if (under_way_ && under_way_->final) over.push_back(under_way_->id);
  for (const auto& report : waiting_)
    if (report.final) over.push_back(report.id);
  open_.clear();
  waiting_.clear();
  under_way_.reset();
  return over;
}

}  // namespace parkway::sip
