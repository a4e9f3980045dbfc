#include "tests/sim/phone_call.hpp"

#include "tests/sim/phone.hpp"

#include <algorithm>

namespace parkway::sim {

using namespace std::chrono_literals;

// --- what both roles share ---------------------------------------------------------------------

sip_text phone_call::request(std::string_view method) {
  sip_text m;
  m.method = method;
  m.uri = target_;
  for (auto& route : routes_)
    m.add("Route", route);
  m.add("From", local_party_ + ";tag=" + local_tag_);
  m.add("To", remote_tag_.empty() ? remote_party_ : remote_party_ + ";tag=" + remote_tag_);
  m.add("Call-ID", call_id_).add("CSeq", std::to_string(++cseq_) + " " + std::string(method));
  m.add("Contact", phone_.contact());
  return m;
}

sip_text phone_call::respond(const sip_text& to, int status) const {
  return respond_to(to, status, phrase_of(status), local_tag_).add("Contact", phone_.contact());
}

void phone_call::add_features(sip_text& m) const {
  auto& habits = phone_.habits();
  m.add("Allow", std::string("INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, NOTIFY, REFER")
                   + (habits.allows_update ? ", UPDATE" : "") + (habits.reliable ? ", PRACK" : ""));
  std::string supported = "replaces";
  if (habits.session_timer > 0) supported += ", timer";
  if (habits.reliable) supported += ", 100rel";
  m.add("Supported", supported);
}

/// Dialog state that a response, or the INVITE, brings (RFC 3261 §12.1).
void phone_call::take_route(const sip_text& m) {
  if (m.has("Contact")) target_ = uri_of(m.header("Contact"));
  if (!routes_.empty() || confirmed_) return;
  routes_ = m.values("Record-Route");
  if (!m.is_request()) std::reverse(routes_.begin(), routes_.end());
}

void phone_call::show(const sip_text& m, std::string_view fallback) {
  auto asserted = m.header("P-Asserted-Identity");
  if (asserted.empty()) asserted = fallback;
  if (!asserted.empty()) seen_.shown = screen_text(asserted);
}

void phone_call::change_local(const std::string& direction) {
  local_.direction = direction;
  ++local_.version;
}

phone_sdp phone_call::answer_to(const phone_sdp& offer) const {
  auto next = local_;
  next.codecs = common_codecs(offer.codecs, phone_.habits().codecs);
  // A phone that holds goes on holding; one that only listened follows the offer.
  auto own = local_.direction == "sendonly" || local_.direction == "inactive" ? local_.direction
                                                                              : "sendrecv";
  next.direction = answered_direction(offer.direction, own);
  ++next.version;
  return next;
}

void phone_call::send_ack(const sip_text& response) {
  sip_text m;
  m.method = "ACK";
  m.uri = target_;
  for (auto& route : routes_)
    m.add("Route", route);
  m.add("From", local_party_ + ";tag=" + local_tag_);
  m.add("To", response.header("To")).add("Call-ID", call_id_);
  m.add("CSeq", std::to_string(response.cseq_number()) + " ACK");
  m.add("Contact", phone_.contact());
  if (offerless_) {
    auto offer = read_sdp(response.body);
    if (!offer) phone_.complain("a 200 to an INVITE without offer has no offer");
    if (offer) {
      remote_ = *offer;
      local_ = answer_to(*offer);
      m.with_body("application/sdp", local_.text());
    }
  }
  acks_[response.cseq_number()] = phone_.wire().acknowledge(std::move(m));
}

void phone_call::end(int status) {
  if (state_ == call_state::ended) return;
  if (state_ == call_state::talking && invite_ != 0) phone_.wire().abandon(invite_);
  state_ = call_state::ended;
  if (seen_.status == 0) seen_.status = status;
  for (auto id : {ringing_, answering_, reliable_, session_, retry_})
    phone_.time().cancel(id);
  wanted_.reset();
}

void phone_call::drop() {
  end(0);
}

void phone_call::bye() {
  if (state_ == call_state::ended) return;
  bye_running_ = true;
  auto m = request("BYE");
  end(0);
  phone_.send(m, [this](const sip_text* r) {
    bye_running_ = false;
    seen_.bye_status = r ? r->status : 408;
  });
}

void phone_call::hang_up() {
  switch (state_) {
    case call_state::calling:
    case call_state::ringing_there:
      cancel_wanted_ = true;
      if (tried_) send_cancel();
      return;
    case call_state::ringing_here:
      return refuse(603);
    case call_state::talking:
      // RFC 3261 §15: the callee waits for the ACK.
      if (!outgoing_ && invited_ != 0 && !confirmed_) {
        hang_up_wanted_ = true;
        return;
      }
      return bye();
    case call_state::ended:
      return;
  }
}

std::string phone_call::replaces_header() const {
  return call_id_ + ";to-tag=" + remote_tag_ + ";from-tag=" + local_tag_;
}

// --- the caller ----------------------------------------------------------------------------------

void phone_call::start(const std::string& dialled, const std::string& replaces) {
  auto& habits = phone_.habits();
  dialled_ = dialled;
  call_id_ = phone_.fresh_tag() + "@" + phone_.address().address.text();
  local_tag_ = phone_.fresh_tag();
  std::string user;
  for (char c : dialled)
    user += c == '#' ? "%23" : std::string(1, c);
  target_ = user.find('@') == user.npos ? "sip:" + user + "@" + habits.domain : "sip:" + user;
  remote_party_ = "<" + target_ + ">";
  local_party_ = "\"" + habits.display + "\" <sip:" + habits.number + "@" + habits.domain + ">";
  local_.address = phone_.address().address.text();
  local_.port = phone_.fresh_port();
  local_.codecs = habits.codecs;
  offerless_ = !habits.offers;
  replaces_ = replaces;
  auto known = habits.remembers_challenge ? phone_.remembered_credentials("INVITE", target_) : "";
  send_invite(known);
}

void phone_call::send_invite(const std::string& credentials) {
  auto m = request("INVITE");
  add_features(m);
  if (!credentials.empty()) m.add("Authorization", credentials);
  if (!replaces_.empty()) m.add("Replaces", replaces_).add("Require", "replaces");
  auto& habits = phone_.habits();
  if (habits.anonymous) m.add("Privacy", "id");
  if (habits.session_timer > 0) {
    auto value = std::to_string(habits.session_timer);
    if (!habits.refresher.empty()) value += ";refresher=" + habits.refresher;
    m.add("Session-Expires", value);
  }
  if (!offerless_) m.with_body("application/sdp", local_.text());
  invite_cseq_ = cseq_;
  tried_ = false;
  invite_ = phone_.send(m, [this](const sip_text* r) { on_first_response(r); });
}

void phone_call::on_first_response(const sip_text* r) {
  if (!r) {
    invite_ = 0;
    return end(408);
  }
  if (r->cseq_number() != invite_cseq_ && !acks_.contains(r->cseq_number())) return;
  if (r->status < 200) return on_progress(*r);
  if (r->status < 300) return on_answered(*r);
  invite_ = 0;
  if (r->status == 401 && challenges_ < 2 && !cancel_wanted_) {
    ++challenges_;
    auto credentials = phone_.credentials(*r, "INVITE", target_);
    if (!credentials.empty()) return send_invite(credentials);
  }
  seen_.reason = r->header("Warning");
  end(r->status);
}

void phone_call::on_progress(const sip_text& r) {
  if (state_ == call_state::ended) return;
  tried_ = true;
  if (r.status == 100) {
    if (cancel_wanted_) send_cancel();
    return;
  }
  if (!r.to_tag().empty()) {
    if (!remote_tag_.empty() && remote_tag_ != r.to_tag())
      phone_.complain("a second early dialog in one call");
    remote_tag_ = r.to_tag();
    take_route(r);
  }
  bool reliable = r.lists("Require", "100rel");
  if (reliable && peer_rseq_ != 0 && std::stoul(std::string(r.header("RSeq"))) <= peer_rseq_)
    return;
  seen_.progress.push_back(r.status);
  state_ = call_state::ringing_there;
  show(r, {});
  if (auto early = read_sdp(r.body); early && !offerless_) {
    remote_ = *early;
    answered_early_ = reliable;
  }
  if (reliable) acknowledge_reliably(r);
  if (cancel_wanted_) send_cancel();
}

/// RFC 3262 §4.
void phone_call::acknowledge_reliably(const sip_text& r) {
  peer_rseq_ = static_cast<std::uint32_t>(std::stoul(std::string(r.header("RSeq"))));
  auto m = request("PRACK");
  m.add("RAck", std::to_string(peer_rseq_) + " " + std::string(r.header("CSeq")));
  phone_.send(m, [this](const sip_text* answer) {
    // One that crosses a refusal of the call is refused (RFC 3262 §3).
    prack_refused_ = prack_refused_ || !answer || answer->status >= 300;
    if (prack_refused_ && state_ == call_state::talking) phone_.complain("PRACK refused");
  });
}

void phone_call::send_cancel() {
  if (cancelled_ || invite_ == 0) return;
  cancelled_ = true;
  auto id = phone_.wire().cancel(invite_);
  if (id == 0) return;
  // RFC 3261 §9.1: without a final answer the INVITE counts as cancelled after 64*T1.
  retry_ = phone_.time().in(64 * transactions::t1, [this] {
    invite_ = 0;
    end(487);
  });
}

void phone_call::on_answered(const sip_text& r) {
  if (prack_refused_) phone_.complain("PRACK refused, call answered");
  if (auto ack = acks_.find(r.cseq_number()); ack != acks_.end()) {
    if (r.to_tag() == remote_tag_) phone_.wire().send(ack->second);
    return;
  }
  bool late = state_ == call_state::ended;
  phone_.time().cancel(retry_);
  invite_ = 0;
  remote_tag_ = r.to_tag();
  take_route(r);
  seen_.status = r.status;
  show(r, {});
  seen_.shown_first = seen_.shown;
  peer_allows_ = r.values("Allow");
  if (auto sdp = read_sdp(r.body); sdp && !offerless_)
    remote_ = *sdp;
  else if (!offerless_ && !answered_early_)
    phone_.complain("a 200 without an answer");
  send_ack(r);
  confirmed_ = true;
  offerless_ = false;
  state_ = call_state::talking;
  arm_session_timer(r, true);
  if (late || cancel_wanted_) bye();
}

// --- changing the session ------------------------------------------------------------------------

void phone_call::propose(std::string direction) {
  wanted_ = std::move(direction);
  send_offer();
}

void phone_call::propose_codecs(std::vector<sdp_codec> codecs) {
  local_.codecs = std::move(codecs);
  propose(local_.direction);
}

void phone_call::ask_for_offer() {
  offerless_ = true;
  propose(local_.direction);
}

void phone_call::send_offer() {
  if (!wanted_ || state_ != call_state::talking || busy()) return;
  change_local(*wanted_);
  wanted_.reset();
  auto m = request("INVITE");
  add_features(m);
  if (session_interval_ > 0) m.add("Session-Expires", std::to_string(session_interval_));
  if (!offerless_) m.with_body("application/sdp", local_.text());
  invite_cseq_ = cseq_;
  invite_ = phone_.send(m, [this](const sip_text* r) { on_offer_response(r); });
}

void phone_call::on_offer_response(const sip_text* r) {
  if (r && r->status < 200) return;
  if (r && r->status < 300 && acks_.contains(r->cseq_number()))
    return phone_.wire().send(acks_[r->cseq_number()]);
  if (r && r->cseq_number() != invite_cseq_) return;
  invite_ = 0;
  seen_.offer_status = r ? r->status : 408;
  if (r && r->status < 300) {
    take_route(*r);
    show(*r, {});
    if (auto sdp = read_sdp(r->body); sdp && !offerless_) remote_ = *sdp;
    send_ack(*r);
    offerless_ = false;
    arm_session_timer(*r, true);
  } else if (r && r->status == 491 && state_ == call_state::talking) {
    ++seen_.glares;
    // RFC 3261 §14.1: the owner of the Call-ID waits longer.
    auto pause = outgoing_ ? phone_.time().between(2100ms, 4s) : phone_.time().between(0ms, 2s);
    if (!wanted_) wanted_ = local_.direction;
    retry_ = phone_.time().in(pause, [this] { send_offer(); });
    return;
  } else if (!r || r->status == 408 || r->status == 481) {
    bye();
  }
  send_offer();
}

void phone_call::refer(const std::string& user, const phone_call* replaces, bool silent) {
  seen_.report_ended = false;
  auto m = request("REFER");
  std::string to = user.find('@') == user.npos ? user + "@" + phone_.habits().domain : user;
  if (replaces) to += "?Replaces=" + escaped_header(replaces->replaces_header());
  std::string uri;
  for (char c : to)
    uri += c == '#' ? "%23" : std::string(1, c);
  m.add("Refer-To", "<sip:" + uri + ">").add("Referred-By", local_party_);
  if (silent) m.add("Refer-Sub", "false").add("Supported", "norefersub");
  add_features(m);
  phone_.send(m, [this](const sip_text* r) {
    seen_.refer_status = r ? r->status : 408;
    if (seen_.refer_status < 300) on_report_goodbye(goodbye::on_accepted);
  });
  on_report_goodbye(goodbye::with_refer);
}

void phone_call::on_report_goodbye(goodbye moment) {
  if (phone_.habits().after_park == moment && state_ == call_state::talking) hang_up();
}

void phone_call::send_info(const std::string& content_type, const std::string& body) {
  phone_.send(request("INFO").with_body(content_type, body), [](const sip_text*) {});
}

void phone_call::send_options() {
  phone_.send(request("OPTIONS"), [this](const sip_text* r) {
    if (!r || r->status >= 300) phone_.complain("OPTIONS in a call refused");
  });
}

// --- session timers (RFC 4028) -------------------------------------------------------------------

void phone_call::arm_session_timer(const sip_text& m, bool we_asked) {
  phone_.time().cancel(session_);
  auto value = m.header("Session-Expires");
  if (value.empty() || phone_.habits().session_timer == 0) return;
  session_interval_ = static_cast<std::uint32_t>(std::stoul(std::string(value)));
  auto who = parameter_of(value, "refresher");
  bool we_refresh = we_asked ? who == "uac" : who == "uas";
  auto interval = std::chrono::seconds(session_interval_);
  if (we_refresh) {
    session_ = phone_.time().in(interval / 2, [this] { refresh_session(); });
    return;
  }
  // RFC 4028 §10: BYE a little before the end, when no refresh has come.
  auto margin = std::min<timeline::duration>(32s, interval / 3);
  session_ = phone_.time().in(interval - margin, [this] {
    phone_.complain("no session refresh in time");
    bye();
  });
}

void phone_call::refresh_session() {
  if (state_ != call_state::talking) return;
  bool update = std::find(peer_allows_.begin(), peer_allows_.end(), "UPDATE") != peer_allows_.end();
  if (!update) {
    --local_.version;  // The same session again (RFC 4028 §7.4).
    return propose(local_.direction);
  }
  auto m = request("UPDATE");
  add_features(m);
  m.add("Session-Expires", std::to_string(session_interval_) + ";refresher=uac");
  phone_.send(m, [this](const sip_text* r) {
    if (!r || r->status == 408 || r->status == 481) return bye();
    if (r->status < 300) arm_session_timer(*r, true);
  });
}

}  // namespace parkway::sim
