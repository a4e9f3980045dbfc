#include "sip/event/event_bodies.hpp"

#include "sip/message/text.hpp"
#include "sip/message/uri.hpp"

#include <algorithm>
#include <ctime>
#include <span>

namespace parkway::sip {

namespace {

/// A document begins no further dialog beyond this: some thirty are listed, the longest-parked
/// first; a datagram holds no more than 64 kB, and fragments are lost.
constexpr std::size_t dialogs_room = 8 * 1024;
constexpr std::string_view declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
constexpr std::string_view park_namespace = "http://schema.broadsoft.com/callpark";

std::string_view name_of(const party& who) {
  if (who.withheld) return "Anonymous";
  return who.name.empty() ? std::string_view{who.extension.text} : std::string_view{who.name};
}

std::string uri_of(const party& who, std::string_view domain) {
  if (who.withheld) return "sip:anonymous@anonymous.invalid";
  return "sip:" + escape_user(who.extension.text) + "@" + std::string{domain};
}

void add_attribute(std::string& out, std::string_view name, std::string_view value) {
  out.append(" ").append(name).append("=\"").append(escape_xml(value)).append("\"");
}

void add_identity(std::string& out, const party& who, std::string_view domain) {
  out.append("<identity");
  add_attribute(out, "display", name_of(who));
  out.append(">").append(escape_xml(uri_of(who, domain)));
  out.append(who.withheld ? "" : ";user=phone").append("</identity>");
}

std::string stamp(std::chrono::system_clock::time_point at) {
  const auto second = std::chrono::system_clock::to_time_t(at);
  std::tm parts{};
  gmtime_r(&second, &parts);
  char text[24];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string_view word(park_end why) {
  switch (why) {
    case park_end::retrieved:
      return "retrieved";
    case park_end::recalled:
      return "recalled";
    case park_end::abandoned:
      return "abandoned";
    case park_end::expired:
    case park_end::failed:
      return "expired";
  }
  return "";
}

void add_person(std::string& out, std::string_view element, const party& who,
                std::string_view domain) {
  out.append("    <p:").append(element);
  add_attribute(out, "display", name_of(who));
  out.append(">").append(escape_xml(uri_of(who, domain)));
  out.append("</p:").append(element).append(">\n");
}

void add_extended(std::string& out, const lamp_state& state, const parked_shown& p,
                  std::chrono::system_clock::time_point at) {
  out.append("  <p:park-info state=\"").append(p.recalling ? "recalling" : "parked").append("\"");
  add_attribute(out, "id", p.id.text);
  add_attribute(out, "version", std::to_string(state.version));
  const bool group = p.terms->kind == park_kind::group;
  add_attribute(out, "kind", group ? "group" : "direct");
  if (group) add_attribute(out, "group", p.terms->group.text);
  add_attribute(out, "count", std::to_string(state.parked.size()));
  add_attribute(out, "parked-at", stamp(p.parked_at));
  if (const auto left = recall_in(p, at))
    add_attribute(out, "recall-in", std::to_string(left->count()));
  out.append(">\n");
  add_person(out, "parker", p.terms->parker, state.domain);
  add_person(out, "parked", p.terms->parked, state.domain);
  out.append("    <p:slot");
  add_attribute(out, "display", p.place_name);
  out.append(">").append(escape_xml(p.terms->place.text)).append("</p:slot>\n    <p:retrieve>");
  out.append(escape_xml(p.retrieve_code)).append("</p:retrieve>\n  </p:park-info>\n");
}

// --- dialog-info -----------------------------------------------------------------------------

/// With the names by which it can be taken (RFC 3891).
void open_dialog(std::string& out, const parked_shown& p, std::string_view domain) {
  const auto names = publish(p, domain);
  out.append("  <dialog");
  add_attribute(out, "id", p.id.text);
  add_attribute(out, "call-id", names.call_id);
  add_attribute(out, "local-tag", names.local_tag);
  add_attribute(out, "remote-tag", names.remote_tag);
  out.append(" direction=\"recipient\">\n    <state>");
}

void add_parked_bw(std::string& out, const parked_shown& p, std::string_view domain) {
  open_dialog(out, p, domain);
  out.append("confirmed</state>\n    <bw:callpark><bw:parked>");
  add_identity(out, p.terms->parked, domain);
  out.append("</bw:parked></bw:callpark>\n  </dialog>\n");
}

void add_parked_dialog(std::string& out, const parked_shown& p, std::string_view domain,
                       bool early) {
  const auto here = "sip:" + escape_user(p.retrieve_code) + "@" + std::string{domain};
  open_dialog(out, p, domain);
  out.append(early ? "early" : "confirmed");
  out.append("</state>\n    <local><identity");
  add_attribute(out, "display", "Park " + p.terms->place.text);
  out.append(">").append(escape_xml(here)).append("</identity><target");
  add_attribute(out, "uri", here);
  out.append("/></local>\n    <remote><identity");
  add_attribute(out, "display", name_of(p.terms->parked));
  const auto there = uri_of(p.terms->parked, domain);
  out.append(">").append(escape_xml(there)).append("</identity><target");
  add_attribute(out, "uri", there);
  out.append("/></remote>\n  </dialog>\n");
}

std::string call_dialog_id(const call_shown& c) {
  return "c" + std::to_string(c.leg.serial);
}

void add_call(std::string& out, const call_shown& c, std::string_view domain) {
  const bool early = c.activity == leg_activity::calling || c.activity == leg_activity::ringing;
  out.append("  <dialog");
  add_attribute(out, "id", call_dialog_id(c));
  out.append(" direction=\"").append(c.initiated ? "initiator" : "recipient");
  out.append("\">\n    <state>").append(early ? "early" : "confirmed").append("</state>\n");
  if (!c.peer.extension.empty() || c.peer.withheld) {
    out.append("    <remote><identity");
    add_attribute(out, "display", name_of(c.peer));
    out.append(">").append(escape_xml(uri_of(c.peer, domain))).append("</identity></remote>\n");
  }
  out.append("  </dialog>\n");
}

void add_terminated(std::string& out, std::string_view id) {
  out.append("  <dialog");
  add_attribute(out, "id", id);
  out.append(">\n    <state>terminated</state>\n  </dialog>\n");
}

/// A key that expects a ringing call expects one: that which is fetched first.
std::span<const parked_shown> shown_of(const lamp_state& state, lamp_style style) {
  const std::span all{state.here};
  return style == lamp_style::early && all.size() > 1 ? all.first(1) : all;
}

void add_what_went(std::string& out, const lamp_state& now, const lamp_state& before,
                   const dialog_body_form& form) {
  for (const auto& p : shown_of(before, form.style))
    if (out.size() < dialogs_room
        && std::none_of(now.here.begin(), now.here.end(), [&](auto& q) { return q.id == p.id; }))
      add_terminated(out, p.id.text);
  if (form.place_only) return;
  for (const auto& c : before.calls)
    if (std::none_of(now.calls.begin(), now.calls.end(), [&](auto& q) { return q.leg == c.leg; }))
      add_terminated(out, call_dialog_id(c));
}

}  // namespace

std::string escape_xml(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 8);
  for (std::size_t i = 0; i < text.size(); ++i) {
    // XML 1.0 has no way to write U+FFFE and U+FFFF.
    if (const auto three = text.substr(i, 3); three == "\xEF\xBF\xBE" || three == "\xEF\xBF\xBF") {
      out += "\xEF\xBF\xBD";
      i += 2;
      continue;
    }
    const char c = text[i];
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        // Nor most control characters.
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

std::optional<std::chrono::seconds> recall_in(const parked_shown& p,
                                              std::chrono::system_clock::time_point at) {
  using std::chrono::seconds;
  const auto span = p.terms->recall.recall_time;
  if (span.count() == 0) return std::nullopt;
  return std::clamp(std::chrono::ceil<seconds>(p.parked_at + span - at), seconds{0}, seconds{span});
}

std::string park_body(const lamp_state& state, const park_body_form& form) {
  constexpr std::string_view end = "</x-broadworks-callpark-info>\n";
  const bool extended = form.extended;
  std::string out{declaration};
  out.reserve(1024);
  out.append("<x-broadworks-callpark-info");
  add_attribute(out, "xmlns", park_namespace);
  if (extended) out.append(" xmlns:p=\"urn:parkway:park-info:1\"");
  if (state.parked.empty()) {
    out.append(">\n  <callpark/>\n");
    if (extended) {
      out.append("  <p:park-info state=\"none\"");
      add_attribute(out, "version", std::to_string(state.version));
      out.append(" count=\"0\"");
      add_attribute(out, "reason", word(state.cleared_by));
      out.append("/>\n");
    }
    return out.append(end);
  }
  out.append(">\n  <callpark>\n    <parked>\n      ");
  add_identity(out, state.parked.front().terms->parked, state.domain);
  out.append("\n    </parked>\n  </callpark>\n");
  for (std::size_t i = 0; extended && i < state.parked.size(); ++i) {
    const auto before = out.size();
    add_extended(out, state, state.parked[i], form.at);
    if (i == 0 || out.size() + end.size() <= form.room) continue;
    out.resize(before);
    break;
  }
  return out.append(end);
}

published_dialog publish(const parked_shown& p, std::string_view domain) {
  const auto& id = p.id.text;
  return {id + "." + p.terms->place.text + "@" + std::string{domain}, "l" + id, "r" + id};
}

std::string dialog_body(const lamp_state& state, const lamp_state* before,
                        const dialog_body_form& form) {
  std::string out{declaration};
  out.reserve(1024);
  out.append("<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\"");
  // Some phones look for the prefix, not for the namespace: it is bw, as BroadWorks writes it.
  if (form.style == lamp_style::bw) add_attribute(out, "xmlns:bw", park_namespace);
  add_attribute(out, "version", std::to_string(form.version));
  out.append(" state=\"full\"");
  add_attribute(out, "entity", form.entity);
  out.append(">\n");
  if (!form.place_only)
    for (const auto& c : state.calls)
      if (out.size() < dialogs_room / 2) add_call(out, c, state.domain);
  for (const auto& p : shown_of(state, form.style)) {
    if (out.size() >= dialogs_room) break;
    if (form.style == lamp_style::bw)
      add_parked_bw(out, p, state.domain);
    else
      add_parked_dialog(out, p, state.domain, form.style == lamp_style::early);
  }
  if (before) add_what_went(out, state, *before, form);
  return out.append("</dialog-info>\n");
}

}  // namespace parkway::sip
