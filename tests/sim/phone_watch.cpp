#include "tests/sim/phone_watch.hpp"

#include "tests/sim/phone.hpp"

namespace parkway::sim {

phone_watch::phone_watch(phone& of, std::string event, std::string user)
  : phone_(of),
    event_(std::move(event)),
    user_(std::move(user)),
    uri_("sip:" + user_ + "@" + phone_.habits().domain),
    call_id_(phone_.fresh_tag() + "@" + phone_.address().address.text()),
    local_tag_(phone_.fresh_tag()),
    target_(uri_) {
}

void phone_watch::subscribe(std::chrono::seconds expires) {
  phone_.time().cancel(refresh_);
  challenges_ = 0;
  send(expires, phone_.remembered_credentials("SUBSCRIBE", target_));
}

void phone_watch::send(std::chrono::seconds expires, const std::string& credentials) {
  auto& habits = phone_.habits();
  sip_text m;
  m.method = "SUBSCRIBE";
  m.uri = target_;
  m.add("From", "<sip:" + habits.number + "@" + habits.domain + ">;tag=" + local_tag_);
  m.add("To", "<" + uri_ + ">" + (remote_tag_.empty() ? "" : ";tag=" + remote_tag_));
  m.add("Call-ID", call_id_).add("CSeq", std::to_string(++cseq_) + " SUBSCRIBE");
  m.add("Contact", phone_.contact()).add("Event", event_);
  m.add("Accept", event_ == "dialog" ? "application/dialog-info+xml"
                                     : "application/x-broadworks-callpark-info+xml");
  m.add("Expires", std::to_string(expires.count()));
  if (!credentials.empty()) m.add("Authorization", credentials);
  phone_.send(m, [this, expires](const sip_text* r) { on_answer(r, expires); });
}

void phone_watch::on_answer(const sip_text* r, std::chrono::seconds expires) {
  status_ = r ? r->status : 408;
  if (r && r->status == 401 && ++challenges_ <= 2)
    return send(expires, phone_.credentials(*r, "SUBSCRIBE", target_));
  if (!r || r->status >= 300) {
    // RFC 6665 §4.1.2.1: who does not know us any more has ended it; a refresh that is refused
    // otherwise leaves what was granted.
    if (state_ == watch_state::asking || status_ == 481) state_ = watch_state::over;
    return;
  }
  if (remote_tag_.empty()) remote_tag_ = r->to_tag();
  if (r->has("Contact")) target_ = uri_of(r->header("Contact"));
  if (r->header("Expires").empty()) phone_.complain("a 200 to SUBSCRIBE has no Expires");
  if (expires.count() > 0 && !over())
    refresh_ = phone_.time().in(expires / 2, [this, expires] {
      if (!over()) subscribe(expires);
    });
}

void phone_watch::drop() {
  phone_.time().cancel(refresh_);
  state_ = watch_state::over;
}

void phone_watch::on_notify(transaction_id id, const sip_text& m) {
  auto answer = [&](int status) {
    phone_.wire().respond(
      id, respond_to(m, status, phrase_of(status), local_tag_).add("Contact", phone_.contact()));
  };
  if (over()) return answer(481);
  if (m.cseq_number() <= remote_cseq_) return answer(500);
  if (m.header("Event").substr(0, event_.size()) != event_) {
    phone_.complain("NOTIFY of another event in a subscription");
    return answer(489);
  }
  remote_cseq_ = m.cseq_number();
  // The first NOTIFY may be here before the 200 (RFC 6665 §4.1.2.4).
  if (remote_tag_.empty()) remote_tag_ = m.from_tag();
  if (m.has("Contact")) target_ = uri_of(m.header("Contact"));
  auto status = phone_.answer_notice(m);
  if (status < 300) read(m);
  answer(status);
}

void phone_watch::read(const sip_text& m) {
  ++notified_;
  last_ = m;
  auto subscription = m.header("Subscription-State");
  if (subscription.empty()) phone_.complain("NOTIFY without Subscription-State");
  bool last = subscription.substr(0, 10) == "terminated";
  state_ = last ? watch_state::over : watch_state::active;
  if (last) phone_.time().cancel(refresh_);
  auto before = shown_.version;
  if (event_ != "dialog") {
    shown_ = read_park_body(m.body);
    return;
  }
  shown_ = read_dialog_body(m.body);
  // RFC 4235 §4.1.1: counted on by one; the entity is what was subscribed to, byte for byte.
  if (shown_.entity != uri_) phone_.complain("dialog-info about " + shown_.entity);
  if (!shown_.version)
    phone_.complain("dialog-info without version");
  else if (before && *shown_.version <= *before)
    phone_.complain("a version of dialog-info that does not count on");
}

}  // namespace parkway::sim
