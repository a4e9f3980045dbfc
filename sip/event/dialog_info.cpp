#include "sip/event/dialog_info.hpp"

#include "sip/event/xml.hpp"
#include "sip/message/uri.hpp"

#include <algorithm>
#include <span>

namespace parkway::sip {

namespace {

/// A document begins no further dialog beyond this: some thirty are listed, the longest-parked
/// first; a datagram holds no more than 64 kB, and fragments are lost.
constexpr std::size_t dialogs_room = 8 * 1024;

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
  add_attribute(out, "display", shown_name(p.terms->parked));
  const auto there = shown_uri(p.terms->parked, domain);
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
    add_attribute(out, "display", shown_name(c.peer));
    out.append(">").append(escape_xml(shown_uri(c.peer, domain))).append("</identity></remote>\n");
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

published_dialog publish(const parked_shown& p, std::string_view domain) {
  const auto& id = p.id.text;
  return {id + "." + p.terms->place.text + "@" + std::string{domain}, "l" + id, "r" + id};
}

std::string dialog_body(const lamp_state& state, const lamp_state* before,
                        const dialog_body_form& form) {
  std::string out{xml_declaration};
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
