#include "sip/dialog/session_timer.hpp"

#include "sip/message/text.hpp"

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

std::optional<std::chrono::seconds> seconds_of(const message& m, std::string_view name) {
  if (const auto number = m.number(name)) return std::chrono::seconds{*number};
  return std::nullopt;
}

refresher refresher_of(std::string_view session_expires) {
  cut_to(session_expires, ';');
  while (!session_expires.empty()) {
    auto piece = trimmed(cut_to(session_expires, ';'));
    if (!same_token(trimmed(cut_to(piece, '=')), "refresher")) continue;
    if (same_token(trimmed(piece), "uac")) return refresher::uac;
    if (same_token(trimmed(piece), "uas")) return refresher::uas;
  }
  return refresher::unspecified;
}

}  // namespace

session_terms read_session_terms(const message& m) {
  session_terms terms;
  terms.expires = seconds_of(m, "Session-Expires");
  if (terms.expires) terms.who = refresher_of(*m.header("Session-Expires"));
  terms.minimum = seconds_of(m, "Min-SE");
  terms.supported = m.lists("Supported", "timer") || m.lists("Require", "timer");
  return terms;
}

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
