#pragma once

#include "tests/sim/talk.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace parkway::sim {

inline constexpr auto park_body_type = "application/x-broadworks-callpark-info+xml";
inline constexpr auto dialog_body_type = "application/dialog-info+xml";

/// A key of a phone that subscribes to something (RFC 6665), and what it was told.
class watch_key {
 public:
  watch_key(phone& on, std::string event, std::string target, std::string accept)
    : phone_(on),
      event_(std::move(event)),
      target_(std::move(target)),
      accept_(std::move(accept)),
      tag_(on.fresh_tag()),
      call_id_(tag_ + "@" + on.address().address.text()),
      to_("<" + target_ + ">") {}

  /// SUBSCRIBE; a refresh once there is a subscription.
  void subscribe(int expires = 600) {
    sip_text m;
    m.method = "SUBSCRIBE";
    m.uri = target_;
    m.add("From", "<sip:" + phone_.habits().number + "@" + phone_.habits().domain + ">;tag=" + tag_)
      .add("To", to_)
      .add("Call-ID", call_id_)
      .add("CSeq", std::to_string(++cseq_) + " SUBSCRIBE")
      .add("Contact", phone_.contact())
      .add("Event", event_)
      .add("Expires", std::to_string(expires));
    if (!accept_.empty()) m.add("Accept", accept_);
    if (!phone_.habits().user_agent.empty()) m.add("User-Agent", phone_.habits().user_agent);
    auto answers = answers_;
    phone_.send_outside(std::move(m), [this, answers](const sip_text* r) {
      answers->push_back(r ? *r : sip_text{});
      if (!r) return;
      cseq_ = std::max(cseq_, r->cseq_number());
      if (r->status != 200) return;
      to_ = r->header("To");
      target_ = uri_of(r->header("Contact"));
    });
  }

  const std::vector<sip_text>& answers() const { return *answers_; }
  /// Status of the last answer; 0: none.
  int status() const { return answers_->empty() ? 0 : answers_->back().status; }
  /// What it was told, the first first.
  std::vector<sip_text> told() const {
    std::vector<sip_text> mine;
    for (const auto& m : phone_.notices())
      if (m.is("NOTIFY") && m.call_id() == call_id_) mine.push_back(m);
    return mine;
  }
  /// Body of the last NOTIFY.
  std::string body() const {
    const auto all = told();
    return all.empty() ? std::string{} : all.back().body;
  }
  std::string state() const {
    const auto all = told();
    return all.empty() ? std::string{} : std::string{all.back().header("Subscription-State")};
  }

 private:
  phone& phone_;
  std::string event_, target_, accept_, tag_, call_id_, to_;
  std::uint32_t cseq_ = 0;
  std::shared_ptr<std::vector<sip_text>> answers_ = std::make_shared<std::vector<sip_text>>();
};

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The <state>s of a dialog-info document, in order.
inline std::vector<std::string> states_of(const std::string& body) {
  std::vector<std::string> found;
  const std::string open = "<state>";
  for (auto at = body.find(open); at != std::string::npos; at = body.find(open, at + 1))
    found.push_back(body.substr(at + open.size(), body.find('<', at + 1) - at - open.size()));
  return found;
}

/// The unasked NOTIFYs (park-info) that a phone got.
inline std::vector<sip_text> screens(const phone& of) {
  std::vector<sip_text> found;
  for (const auto& m : of.notices())
    if (m.is("NOTIFY") && m.header("Event") == "park-info") found.push_back(m);
  return found;
}

/// Whether the screen of a phone shows a parked call, by what it was told last.
inline bool lit(const phone& of) {
  const auto all = screens(of);
  return !all.empty() && has(all.back().body, "<parked>");
}

/// Value of an attribute of the document, the first of that name; empty: it is not there.
inline std::string attribute(const std::string& body, const std::string& name) {
  const auto at = body.find(" " + name + "=\"", body.find("?>"));
  if (at == std::string::npos) return {};
  const auto from = at + name.size() + 3;
  return body.substr(from, body.find('"', from) - from);
}

/// James (103) parks Alice (106) by a code. Nobody waits for James to hang up.
inline void park(simulation& story, two_people& people, const std::string& code = "*68104") {
  using namespace std::chrono_literals;
  people.james.line().refer(code);
  REQUIRE(story.run_until([&] { return people.james.line().ended(); }));
  story.run_for(100ms);
}

}  // namespace parkway::sim
