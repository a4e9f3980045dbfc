#include "sip/event/park_info.hpp"

#include "sip/event/xml.hpp"

#include <algorithm>
#include <ctime>

namespace parkway::sip {

namespace {

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
  add_attribute(out, "display", shown_name(who));
  out.append(">").append(escape_xml(shown_uri(who, domain)));
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

}  // namespace

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
  std::string out{xml_declaration};
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

}  // namespace parkway::sip
