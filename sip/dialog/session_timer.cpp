#include "sip/dialog/session_timer.hpp"

#include <algorithm>

namespace parkway::sip {

namespace {

std::string session_expires(std::chrono::seconds interval, const char* who) {
  std::string line = "Session-Expires: " + std::to_string(interval.count());
  if (who) line.append(";refresher=").append(who);
  return line.append("\r\n");
}

std::string min_se(std::chrono::seconds minimum) {
  return "Min-SE: " + std::to_string(minimum.count()) + "\r\n";
}

}  // namespace

bool session_timer::too_brief(const session_terms& asked) {
  return asked.supported && asked.expires && *asked.expires < smallest;
}

void session_timer::answer(const session_terms& asked) {
  phone_knows_ = asked.supported;
  if (!asked.supported && !asked.expires) {
    interval_ = std::chrono::seconds{0};
    return;
  }
  // We may shorten what is asked, never below the Min-SE that travelled with it, nor below ours.
  const auto floor = std::max(smallest, asked.minimum.value_or(smallest));
  interval_ = std::max(floor, std::min(asked.expires.value_or(proposed), proposed));
  // A phone that does not know the extension cannot refresh: a proxy has put the header in.
  we_refresh_ = asked.who == refresher::uas || !asked.supported;
}

void session_timer::learn(const session_terms& answered) {
  phone_knows_ = answered.supported || answered.expires;
  interval_ = answered.expires.value_or(std::chrono::seconds{0});
  if (running()) interval_ = std::max(interval_, smallest);
  we_refresh_ = answered.who != refresher::uas;
}

std::chrono::seconds session_timer::due_after() const {
  if (we_refresh_) return interval_ / 2;
  return interval_ - std::min(std::chrono::seconds{32}, interval_ / 3);
}

std::string session_timer::answer_lines() const {
  if (!running()) return {};
  auto lines = session_expires(interval_, we_refresh_ ? "uas" : "uac");
  if (phone_knows_) lines.append("Require: timer\r\n");
  return lines;
}

std::string session_timer::request_lines() const {
  if (!running()) return {};
  return session_expires(interval_, we_refresh_ ? "uac" : "uas") + min_se(smallest);
}

std::string session_timer::initial_lines(std::chrono::seconds minimum) {
  return session_expires(std::max(proposed, minimum), nullptr) + min_se(minimum);
}

}  // namespace parkway::sip
