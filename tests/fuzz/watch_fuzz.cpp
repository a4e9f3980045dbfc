/// SUBSCRIBE and the NOTIFYs it brings: whatever a phone asks for and whatever people are called,
/// what it is told is a sound message with a well-formed document that says just that.

#include "sip/event/subscription.hpp"
#include "sip/event/xml.hpp"
#include "sip/message/validate.hpp"
#include "sip/message/writer.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/sip_seeds.hpp"
#include "tests/fuzz/xml_reader.hpp"

#include <algorithm>
#include <array>

using namespace parkway;
using namespace parkway::sip;
using fuzz::promise;
using fuzz::xml_reader;

namespace {

constexpr std::string_view contact = "Contact: <sip:192.0.2.1>\r\n";
const std::chrono::steady_clock::time_point now{std::chrono::hours{1}};
const std::chrono::system_clock::time_point noon{std::chrono::seconds{1714558530}};

/// What XML cannot say is shown as something else; the rest as it is.
std::string readable(std::string_view raw) {
  auto text = clean_utf8(raw);
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  for (const std::string_view never : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"})
    for (auto at = text.find(never); at != std::string::npos; at = text.find(never, at))
      text.replace(at, never.size(), "\xEF\xBF\xBD");
  return text;
}

/// People and places named by the bytes of `text`: names are UTF-8 before they get here.
struct scene {
  lamp_state before, after;

  scene(lamp_state first, lamp_state second) : before(std::move(first)), after(std::move(second)) {}
  scene(std::string_view text, std::size_t parked) {
    const auto name = clean_utf8(text.substr(0, 300));
    after.domain = "pbx.test";
    after.place = number{"104"};
    after.version = text.size();
    for (std::size_t i = 0; i < parked; ++i) {
      park_terms terms;
      terms.place = after.place;
      terms.kind = i % 2 ? park_kind::group : park_kind::direct;
      terms.group = group_name{name};
      terms.parker = {i % 3 ? name : "", number{"103"}, i % 5 == 4};
      terms.parked = {i % 4 ? name : "James", number{"106"}, i % 5 == 3};
      after.parked.push_back({park_id{"pk-" + std::to_string(i)},
                              std::make_shared<const park_terms>(terms), name, "*88104", noon,
                              i % 2 == 1});
      after.calls.push_back({{0, i + 1}, leg_activity::talking, terms.parked, i % 2 == 0});
    }
    after.here = after.parked;
    before = after;
    if (parked > 1) after.here.erase(after.here.begin()), after.calls.erase(after.calls.begin());
  }
};

/// The NOTIFY around it, read as the phone reads it.
void check_notify(const notify_text& text) {
  request_head head;
  head.method = "NOTIFY", head.request_uri = "sip:104@192.0.2.10";
  head.sent_by_host = "192.0.2.1", head.branch = "z9hG4bK1", head.call_id = "1", head.cseq = 1;
  head.from = "<sip:a@b>;tag=1", head.to = "<sip:c@d>;tag=2";
  const auto bytes = writer::request(head).lines(text.lines).finish(text.type, text.body);
  const auto m = message::parse(bytes);
  promise(m && !validate(*m));
  promise(m->body() == text.body && m->count("Event") == 1 && m->count("Subscription-State") == 1);
  promise(m->count("Contact") == 1 && m->count("Call-Info") <= 1);
  promise(m->content_type() == text.type);
}

/// Everybody who is shown is shown by name, in this order.
void check_names(const xml_reader& read, const std::vector<parked_shown>& shown) {
  const auto identities = read.named("identity");
  for (const auto& p : shown) {
    const auto name = readable(shown_name(p.terms->parked));
    promise(std::any_of(identities.begin(), identities.end(), [&](const auto* e) {
      return e->attribute("display") && *e->attribute("display") == name;
    }));
  }
}

void check_dialogs(const std::string& body, const scene& s, const subscription& to) {
  const xml_reader read{body};
  const auto& root = read.elements().front();
  promise(root.name == "dialog-info" && *root.attribute("state") == "full");
  promise(*root.attribute("entity") == readable(to.entity));
  promise(*root.attribute("version") == std::to_string(to.version - 1));
  const auto dialogs = read.named("dialog");
  std::vector<std::string> ids;
  for (const auto* d : dialogs)
    ids.push_back(*d->attribute("id"));
  std::sort(ids.begin(), ids.end());
  promise(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
  promise(read.named("state").size() == dialogs.size());
  if (to.style != lamp_style::early && s.after.here.size() < 4) check_names(read, s.after.here);
}

void check_park_body(const std::string& body, const lamp_state& state, bool extended) {
  const xml_reader read{body};
  promise(read.elements().front().name == "x-broadworks-callpark-info");
  promise(read.named("callpark").size() == 1);
  promise(read.named("parked").size() == (state.parked.empty() ? 0 : 1));
  promise(read.named("p:park-info").empty() != extended);
  if (!state.parked.empty()) check_names(read, {state.parked.front()});
}

void check_told(const subscribe_wish& wish, const scene& s, std::string_view entity) {
  subscription to;
  to.wish = wish;
  to.style =
    std::array{lamp_style::bw, lamp_style::early, lamp_style::confirmed}[s.after.version % 3];
  to.entity = entity;
  to.expires_at = now + wish.expires;
  to.place_only = entity.size() % 2 == 1;
  for (const auto* state : {&s.before, &s.after}) {
    const auto text = notify_of(to, std::make_shared<lamp_state>(*state), now, contact);
    check_notify(text);
    if (wish.kind == watch_kind::dialog)
      check_dialogs(text.body, state == &s.before ? scene{s.before, s.before} : s, to);
    else if (wish.park_body)
      check_park_body(text.body, *state, false);
    to.end = subscription_end::timeout;
  }
}

}  // namespace

std::vector<std::string> fuzz::seeds() {
  const std::string head =
    "SUBSCRIBE sip:104@pbx.test SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK7\r\n"
    "From: <sip:103@pbx.test>;tag=1\r\nTo: <sip:104@pbx.test>\r\nCall-ID: a\r\n"
    "CSeq: 2 SUBSCRIBE\r\nMax-Forwards: 70\r\nContact: <sip:103@192.0.2.10>\r\n";
  const std::string end = "Content-Length: 0\r\n\r\n";
  return {
    head + "Event: dialog;id=7;sla\r\nAccept: application/dialog-info+xml\r\nExpires: 600\r\n"
      + end,
    head + "o: call-info\r\nAccept: text/plain, application/x-broadworks-callpark-info+xml;q=1\r\n"
      + "Expires: 0\r\n" + end,
    head + "Event: line-seize ; ID = \"x;y\"\r\nExpires: 15\r\n" + end,
    head + "Event: presence\r\nExpires: 59\r\n" + end,
    "Zo\xC3\xAB \"&<O'Brien>\xEF\xBF\xBF",
    "SUBSCRIBE sip:1\xFF\x01@pbx.test;x=\xC3 SIP/2.0" + head.substr(head.find("\r\n"))
      + "Event: dialog\r\n" + end};
}

std::vector<std::string> fuzz::words() {
  auto all = sip_words();
  all.insert(all.end(), {"Event: dialog", "Event: call-info", "Event: line-seize", ";id=", ";id=\"",
                         "Expires: ", "Expires: 4294967295",
                         "Accept: ", "application/x-broadworks-callpark-info+xml", "&", "&amp;",
                         "]]>", "<!--", "\xEF\xBF\xBE", "\x7F", "\t"});
  return all;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  init_osip();
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto m = message::parse(bytes);
  const scene shown{bytes, size % 5};
  for (const bool extended : {false, true}) {
    device_profile profile;
    profile.extended_body = extended;
    profile.terminated = size % 2 == 0;
    const auto text = unasked_notify_of(shown.after, profile, noon, contact);
    check_notify(text);
    check_park_body(text.body, shown.after, extended);
  }
  if (!m || !m->is_request() || validate(*m)) return 0;
  const auto read = read_subscribe(*m);
  const auto* const wish = std::get_if<subscribe_wish>(&read);
  if (!wish) {
    const auto status = std::get<std::uint16_t>(read);
    promise(status == 400 || status == 423 || status == 489);
    return 0;
  }
  promise(wish->expires.count() >= 0 && wish->expires.count() <= 3600);
  promise(wish->event_id.size() <= m->header("Event")->size());
  check_told(*wish, shown, m->request_uri_text());
  return 0;
}
