#include "tests/sim/phone.hpp"

#include <algorithm>

namespace parkway::sim {

phone::phone(timeline& time, virtual_network& net, const endpoint& own, const endpoint& peer,
             std::string name, phone_habits habits)
  : answer_notice([](const sip_text&) { return 200; }),
    time_(time),
    net_(net),
    own_(own),
    name_(std::move(name)),
    habits_(std::move(habits)),
    transactions_(time, net, own, peer, habits_.transport, *this) {
  if (habits_.display.empty()) habits_.display = name_;
  plug_in();
}

phone::~phone() {
  net_.detach(own_);
}

void phone::plug_in() {
  net_.attach(own_, name_, [this](const endpoint&, transport_kind, std::string_view bytes) {
    transactions_.receive(bytes);
  });
}

void phone::unplug() {
  net_.detach(own_);
  transactions_.reset();
  time_.cancel(refresh_);
  registered_ = false;
  for (auto& call : calls_)
    call->drop();
  for (auto& w : watches_)
    w->drop();
  screen_ = {};
}

std::string phone::fresh_tag() {
  return name_ + std::to_string(++serial_);
}

std::string phone::contact() const {
  return "<sip:" + habits_.number + "@" + own_.text()
         + (habits_.transport == transport_kind::udp ? ">" : ";transport=tcp>");
}

std::string phone::credentials(const sip_text& challenge, std::string_view method,
                               const std::string& uri) {
  auto all = challenge.values("WWW-Authenticate");
  if (all.empty()) return {};
  // A challenge has commas itself: take the header lines as they are. The first one counts, as for
  // most phones.
  challenge_ = challenge.header("WWW-Authenticate");
  nonce_count_ = 0;
  return remembered_credentials(method, uri);
}

std::string phone::remembered_credentials(std::string_view method, const std::string& uri) {
  if (challenge_.empty()) return {};
  return digest_answer(challenge_, method, uri, habits_.number, habits_.password, ++nonce_count_);
}

transaction_id phone::send(sip_text request, on_final heard) {
  auto id = transactions_.request(std::move(request));
  handlers_[id] = std::move(heard);
  return id;
}

// --- calls -----------------------------------------------------------------------------------

phone_call& phone::call(const std::string& dialled) {
  calls_.push_back(std::make_unique<phone_call>(*this, true));
  calls_.back()->start(dialled, {});
  return *calls_.back();
}

phone_call& phone::call_replacing(const std::string& dialled, const std::string& replaces) {
  calls_.push_back(std::make_unique<phone_call>(*this, true));
  calls_.back()->start(dialled, replaces);
  return *calls_.back();
}

phone_call* phone::live_call() {
  auto found = std::find_if(calls_.rbegin(), calls_.rend(), [](auto& c) { return !c->ended(); });
  return found == calls_.rend() ? nullptr : found->get();
}

std::size_t phone::live_calls() const {
  return static_cast<std::size_t>(
    std::count_if(calls_.begin(), calls_.end(), [](auto& c) { return !c->ended(); }));
}

phone_call* phone::find(const std::string& call_id, const std::string& own_tag) {
  auto found = std::find_if(calls_.begin(), calls_.end(),
                            [&](auto& c) { return c->is_dialog(call_id, own_tag); });
  return found == calls_.end() ? nullptr : found->get();
}

// --- registration and other requests outside dialogs -----------------------------------------

sip_text phone::outside(std::string_view method, const std::string& uri, const std::string& to) {
  sip_text m;
  m.method = method;
  m.uri = uri;
  m.add("From", "\"" + habits_.display + "\" <sip:" + habits_.number + "@" + habits_.domain
                  + ">;tag=" + fresh_tag());
  m.add("To", "<" + to + ">").add("Contact", contact());
  if (!habits_.user_agent.empty()) m.add("User-Agent", habits_.user_agent);
  return m;
}

void phone::register_for(std::chrono::seconds expires) {
  auto m =
    outside("REGISTER", "sip:" + habits_.domain, "sip:" + habits_.number + "@" + habits_.domain);
  m.add("Expires", std::to_string(expires.count()));
  send_register(std::move(m));
}

void phone::unregister_all() {
  auto m =
    outside("REGISTER", "sip:" + habits_.domain, "sip:" + habits_.number + "@" + habits_.domain);
  m.set("Contact", "*").add("Expires", "0");
  send_register(std::move(m));
}

void phone::send_register(sip_text m) {
  time_.cancel(refresh_);
  if (register_call_id_.empty()) register_call_id_ = fresh_tag() + "@" + own_.address.text();
  m.add("Call-ID", register_call_id_);
  m.add("CSeq", std::to_string(++register_cseq_) + " REGISTER");
  try_outside(
    std::move(m), [this](const sip_text* r) { on_registered(r); }, 0);
}

void phone::on_registered(const sip_text* r) {
  register_status_ = r ? r->status : 408;
  register_answers_.push_back(register_status_);
  if (!r) {
    registered_ = false;
    refresh_ = time_.in(std::chrono::seconds(30), [this] { register_for(); });
    return;
  }
  register_answer_ = *r;
  if (r->status >= 300) return;
  plan_refresh(*r);
}

void phone::plan_refresh(const sip_text& r) {
  registered_ = false;
  for (auto& value : r.values("Contact")) {
    if (uri_of(value) != uri_of(contact())) continue;
    registered_ = true;
    auto granted = parameter_of(value, "expires");
    if (granted.empty()) {
      complain("a Contact in the 200 of a REGISTER has no expires");
    } else if (habits_.keeps_registered) {
      refresh_ = time_.in(std::chrono::seconds(std::stol(granted)) / 2, [this] { register_for(); });
    }
  }
}

void phone::send_outside(sip_text m, on_final heard) {
  if (!m.has("Call-ID")) m.add("Call-ID", fresh_tag() + "@" + own_.address.text());
  if (!m.has("CSeq")) m.add("CSeq", "1 " + m.method);
  try_outside(std::move(m), std::move(heard), 0);
}

/// Sends, and answers a challenge with credentials and the next CSeq (RFC 3261 §22.2).
void phone::try_outside(sip_text m, on_final heard, int attempts) {
  auto sent = m;
  if (attempts == 0 && habits_.remembers_challenge && !challenge_.empty())
    sent.set("Authorization", remembered_credentials(m.method, m.uri));
  send(sent, [this, sent, heard, attempts](const sip_text* r) {
    if (r && r->status < 200) return;
    if (!r || r->status != 401 || attempts >= 2) return heard(r);
    auto next = sent;
    if (sent.is("REGISTER")) register_answers_.push_back(401);
    next.set("Authorization", credentials(*r, sent.method, sent.uri));
    next.set("CSeq", std::to_string(sent.cseq_number() + 1) + " " + sent.method);
    register_cseq_ = std::max(register_cseq_, sent.is("REGISTER") ? next.cseq_number() : 0);
    try_outside(next, heard, attempts + 1);
  });
}

void phone::options(const std::string& uri) {
  send_outside(outside("OPTIONS", uri, uri), [this](const sip_text* r) {
    outside_answers_.push_back(r ? r->status : 408);
    if (r) outside_answer_ = *r;
  });
}

phone_watch& phone::watch(const std::string& event, const std::string& user) {
  watches_.push_back(std::make_unique<phone_watch>(*this, event, user));
  watches_.back()->subscribe();
  return *watches_.back();
}

void phone::refer_outside(const std::string& request_uri, const std::string& refer_to) {
  auto m = outside("REFER", request_uri, request_uri);
  m.add("Refer-To", refer_to)
    .add("Referred-By", "<sip:" + habits_.number + "@" + habits_.domain + ">");
  send_outside(std::move(m), [this](const sip_text* r) {
    outside_answers_.push_back(r ? r->status : 408);
    if (r) outside_answer_ = *r;
  });
}

void phone::park_outside(const std::string& place, const phone_call& call) {
  auto park = "sip:park@" + habits_.domain;
  refer_outside(park + ";orbit=" + place,
                "<" + park + "?Replaces=" + escaped_header(call.replaces_header()) + ">");
}

// --- from the network ------------------------------------------------------------------------

void phone::on_request(transaction_id id, const sip_text& m) {
  if (m.is("CANCEL")) {
    for (auto& call : calls_)
      if (call->invitation().branch() == m.branch() && call->call_id() == m.call_id())
        return call->on_cancel(id, m);
    return transactions_.respond(id, respond_to(m, 481, phrase_of(481), fresh_tag()));
  }
  if (!m.to_tag().empty()) {
    if (auto* call = find(m.call_id(), m.to_tag())) return call->on_request(id, m);
    if (auto* watch = m.is("NOTIFY") ? find_watch(m) : nullptr) return watch->on_notify(id, m);
    if (!m.is("NOTIFY"))
      return transactions_.respond(id, respond_to(m, 481, phrase_of(481), fresh_tag()));
  }
  if (m.is("INVITE")) {
    calls_.push_back(std::make_unique<phone_call>(*this, false));
    return calls_.back()->on_invite(id, m);
  }
  on_outside_request(id, m);
}

phone_watch* phone::find_watch(const sip_text& m) {
  auto found = std::find_if(watches_.begin(), watches_.end(),
                            [&](auto& w) { return w->is_dialog(m.call_id(), m.to_tag()); });
  return found == watches_.end() ? nullptr : found->get();
}

void phone::on_outside_request(transaction_id id, const sip_text& m) {
  notices_.push_back(m);
  auto status = answer_notice(m);
  if (status == 0) return transactions_.ignore(id);
  if (m.header("Event") == "park-info" && status < 300) screen_ = read_park_body(m.body);
  if (notice_pause == timeline::duration{0}) return answer_outside(id, m, status);
  time_.in(notice_pause, [this, id, m, status] { answer_outside(id, m, status); });
}

void phone::answer_outside(transaction_id id, const sip_text& m, int status) {
  auto answer = respond_to(m, status, phrase_of(status), fresh_tag());
  if (!retry_after.empty()) answer.add("Retry-After", retry_after);
  transactions_.respond(id, std::move(answer));
}

void phone::on_ack(const sip_text& ack) {
  if (auto* call = find(ack.call_id(), ack.to_tag())) call->on_ack(ack);
}

void phone::on_response(transaction_id id, const sip_text& r) {
  auto found = handlers_.find(id);
  if (found == handlers_.end()) return;
  bool invite = r.cseq_method() == "INVITE";
  if (!invite && r.status < 200) return;
  auto handler = found->second;
  if (!invite || r.status >= 300) handlers_.erase(found);
  handler(&r);
}

void phone::on_silence(transaction_id id) {
  auto found = handlers_.find(id);
  if (found == handlers_.end()) return;
  auto handler = std::move(found->second);
  handlers_.erase(found);
  handler(nullptr);
}

void phone::on_no_ack(transaction_id id) {
  for (auto& call : calls_)
    call->on_no_ack(id);
}

void phone::on_nonsense(const std::string& wrong, std::string_view bytes) {
  complain(wrong + " in:\n" + std::string(bytes));
}

std::string screen_text(std::string_view name_addr) {
  auto name = display_of(name_addr);
  auto user = user_of(uri_of(name_addr));
  return name.empty() ? user : name + " <" + user + ">";
}

}  // namespace parkway::sim
