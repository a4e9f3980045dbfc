#include "sip/event/dialog_info.hpp"
#include "sip/event/park_info.hpp"
#include "sip/event/xml.hpp"

#include <catch2/catch.hpp>

using namespace parkway;
using namespace parkway::sip;
using namespace std::chrono_literals;

namespace {

const auto noon = std::chrono::system_clock::time_point{} + std::chrono::seconds{1714558530};

parked_shown shown(const std::string& id, party who, const std::string& place,
                   park_kind kind = park_kind::direct) {
  park_terms terms;
  terms.place = number{place};
  terms.kind = kind;
  if (kind == park_kind::group) terms.group = group_name{"R&D"};
  terms.parker = {"James", number{"103"}, false};
  terms.parked = std::move(who);
  return {park_id{id},   std::make_shared<const park_terms>(terms),
          "Carol \"C\"", "*88" + place,
          noon,          false};
}

lamp_state at_104() {
  lamp_state s;
  s.domain = "pbx.test";
  s.place = number{"104"};
  s.version = 17;
  return s;
}

/// With every run of white space as one blank: so that the lines here can be short.
std::string flat(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n';
    if (!blank) out += c;
    if (blank && !out.ends_with(' ')) out += ' ';
  }
  return out;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("nothing parked", "[sip][bodies]") {
  CHECK(flat(park_body(at_104(), {})) == flat(R"(<?xml version="1.0" encoding="UTF-8"?>
<x-broadworks-callpark-info xmlns="http://schema.broadsoft.com/callpark">
  <callpark/>
</x-broadworks-callpark-info>
)"));
  auto gone = at_104();
  gone.cleared_by = park_end::recalled;
  CHECK(flat(park_body(gone, {.extended = true})) == flat(R"(<?xml version="1.0" encoding="UTF-8"?>
<x-broadworks-callpark-info xmlns="http://schema.broadsoft.com/callpark"
    xmlns:p="urn:parkway:park-info:1">
  <callpark/>
  <p:park-info state="none" version="17" count="0" reason="recalled"/>
</x-broadworks-callpark-info>
)"));
}

TEST_CASE("a parked call", "[sip][bodies]") {
  auto state = at_104();
  state.parked.push_back(shown("pk-1", {"user106", number{"106"}, false}, "104"));
  CHECK(flat(park_body(state, {})) == flat(R"(<?xml version="1.0" encoding="UTF-8"?>
<x-broadworks-callpark-info xmlns="http://schema.broadsoft.com/callpark">
  <callpark>
    <parked>
      <identity display="user106">sip:106@pbx.test;user=phone</identity>
    </parked>
  </callpark>
</x-broadworks-callpark-info>
)"));
  CHECK(flat(park_body(state, {.extended = true, .at = noon}))
        == flat(R"(<?xml version="1.0" encoding="UTF-8"?>
<x-broadworks-callpark-info xmlns="http://schema.broadsoft.com/callpark"
    xmlns:p="urn:parkway:park-info:1">
  <callpark>
    <parked>
      <identity display="user106">sip:106@pbx.test;user=phone</identity>
    </parked>
  </callpark>
  <p:park-info state="parked" id="pk-1" version="17" kind="direct" count="1"
      parked-at="2024-05-01T10:15:30Z" recall-in="60">
    <p:parker display="James">sip:103@pbx.test</p:parker>
    <p:parked display="user106">sip:106@pbx.test</p:parked>
    <p:slot display="Carol &quot;C&quot;">104</p:slot>
    <p:retrieve>*88104</p:retrieve>
  </p:park-info>
</x-broadworks-callpark-info>
)"));
}

TEST_CASE("names that are empty, withheld or full of marks", "[sip][bodies]") {
  auto state = at_104();
  const auto body_of = [&](party who) {
    state.parked = {shown("pk-1", std::move(who), "104", park_kind::group)};
    return park_body(state, {.extended = true, .at = noon});
  };
  CHECK(has(body_of({"", number{"106"}, false}), "<identity display=\"106\">sip:106@pbx.test"));
  const auto hidden = body_of({"Alice", number{"106"}, true});
  CHECK(has(hidden, "<identity display=\"Anonymous\">sip:anonymous@anonymous.invalid</identity>"));
  CHECK_FALSE(has(hidden, "106"));
  CHECK(has(body_of({"<Zoë> & 'Co' \"x\"\n", number{"#1"}, false}),
            "<identity display=\"&lt;Zoë&gt; &amp; &apos;Co&apos; &quot;x&quot; \">sip:%231@pbx"));
  CHECK(has(hidden, "kind=\"group\" group=\"R&amp;D\""));
}

TEST_CASE("the recall is counted from the moment of telling", "[sip][bodies]") {
  const auto p = shown("pk-1", {"user106", number{"106"}, false}, "104");
  CHECK(recall_in(p, noon + 1ms) == 60s);
  CHECK(recall_in(p, noon + 20s) == 40s);
  CHECK(recall_in(p, noon + 61s) == 0s);
  CHECK(recall_in(p, noon - 5s) == 60s);  // The clock was set back.
}

TEST_CASE("several parked calls are listed as far as there is room", "[sip][bodies]") {
  auto state = at_104();
  for (const auto* id : {"pk-1", "pk-2", "pk-3"})
    state.parked.push_back(shown(id, {"user106", number{"106"}, false}, "104"));
  const auto all = park_body(state, {.extended = true, .at = noon});
  for (const auto* id : {"id=\"pk-1\"", "id=\"pk-2\"", "id=\"pk-3\"", "count=\"3\""})
    CHECK(has(all, id));
  const auto two = park_body(state, {.extended = true, .at = noon, .room = all.size() - 1});
  CHECK(two.size() < all.size());
  CHECK(has(two, "id=\"pk-2\""));
  CHECK_FALSE(has(two, "id=\"pk-3\""));
  const auto one = park_body(state, {.extended = true, .at = noon, .room = 0});
  CHECK(has(one, "id=\"pk-1\""));
  CHECK_FALSE(has(one, "id=\"pk-2\""));
  CHECK(one.ends_with("</x-broadworks-callpark-info>\n"));
}

TEST_CASE("a document of very many dialogs is cut, and stays one that fits", "[sip][bodies]") {
  auto state = at_104();
  for (int i = 0; i < 300; ++i) {
    const auto id = "pk-" + std::to_string(i);
    state.here.push_back(shown(id.c_str(), {"user106", number{"106"}, false}, "104"));
    state.calls.push_back({{0, std::uint64_t(i + 1)}, leg_activity::talking, {}, false});
  }
  for (const auto style : {lamp_style::bw, lamp_style::confirmed}) {
    const auto body = dialog_body(state, nullptr, {.style = style, .entity = "sip:104@pbx.test"});
    CHECK(body.size() < 9 * 1024);
    CHECK(has(body, "id=\"pk-0\""));
    CHECK(has(body, "id=\"c1\""));
    CHECK_FALSE(has(body, "id=\"pk-299\""));
    CHECK(body.ends_with("</dialog-info>\n"));
  }
  CHECK(escape_xml("a\xEF\xBF\xBE\xEF\xBF\xBF") == "a\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(escape_xml("Zo\xC3\xAB") == "Zo\xC3\xAB");
  CHECK(escape_xml("1\xFF\xC3") == "1\xEF\xBF\xBD\xEF\xBF\xBD");  // Of a URI, as it came.
}

TEST_CASE("dialog-info of a parked call in each style", "[sip][bodies]") {
  auto state = at_104();
  state.here.push_back(shown("pk-1", {"user106", number{"106"}, false}, "104"));
  const auto body_of = [&](lamp_style style) {
    return dialog_body(state, nullptr,
                       {.style = style, .entity = "sip:104@pbx.test;x=\"1\"", .version = 3});
  };
  CHECK(flat(body_of(lamp_style::bw)) == flat(R"(<?xml version="1.0" encoding="UTF-8"?>
<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info"
    xmlns:bw="http://schema.broadsoft.com/callpark"
    version="3" state="full" entity="sip:104@pbx.test;x=&quot;1&quot;">
  <dialog id="pk-1" call-id="pk-1.104@pbx.test" local-tag="lpk-1" remote-tag="rpk-1"
      direction="recipient">
    <state>confirmed</state>
    <bw:callpark><bw:parked><identity
      display="user106">sip:106@pbx.test;user=phone</identity></bw:parked></bw:callpark>
  </dialog>
</dialog-info>
)"));
  const auto early = body_of(lamp_style::early);
  CHECK(flat(early) == flat(R"(<?xml version="1.0" encoding="UTF-8"?>
<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info"
    version="3" state="full" entity="sip:104@pbx.test;x=&quot;1&quot;">
  <dialog id="pk-1" call-id="pk-1.104@pbx.test" local-tag="lpk-1" remote-tag="rpk-1"
      direction="recipient">
    <state>early</state>
    <local><identity display="Park 104">sip:*88104@pbx.test</identity><target
      uri="sip:*88104@pbx.test"/></local>
    <remote><identity display="user106">sip:106@pbx.test</identity><target
      uri="sip:106@pbx.test"/></remote>
  </dialog>
</dialog-info>
)"));
  auto confirmed = early;
  confirmed.replace(confirmed.find("early"), 5, "confirmed");
  CHECK(body_of(lamp_style::confirmed) == confirmed);
}

TEST_CASE("what is over is named once; a key on a place does not show calls", "[sip][bodies]") {
  auto before = at_104();
  before.here.push_back(shown("pk-1", {"user106", number{"106"}, false}, "104"));
  before.here.push_back(shown("pk-2", {"Eve", number{"107"}, false}, "104"));
  before.calls.push_back({leg_id{0, 9}, leg_activity::talking, {"Bob", number{"102"}, false}});
  const auto now = at_104();
  const auto over = [](const std::string& id) {
    return "<dialog id=\"" + id + "\">\n    <state>terminated</state>";
  };
  const auto person = dialog_body(now, &before, {});
  for (const auto* id : {"pk-1", "pk-2", "c9"})
    CHECK(has(person, over(id)));
  CHECK_FALSE(has(dialog_body(now, &now, {}), "<dialog "));
  // One that was never shown does not end.
  const auto place = dialog_body(now, &before, {.style = lamp_style::early, .place_only = true});
  CHECK(has(place, over("pk-1")));
  CHECK_FALSE(has(place, "pk-2"));
  CHECK_FALSE(has(place, "c9"));
  CHECK_FALSE(has(dialog_body(before, nullptr, {.place_only = true}), "c9"));
}

TEST_CASE("ordinary calls say who called", "[sip][bodies]") {
  auto state = at_104();
  state.calls.push_back({leg_id{0, 1}, leg_activity::talking, {"Bob", number{"102"}, false}, true});
  state.calls.push_back({leg_id{0, 2}, leg_activity::ringing, {"", number{"106"}, true}});
  const auto body = dialog_body(state, nullptr, {});
  CHECK(has(body, "<dialog id=\"c1\" direction=\"initiator\">\n    <state>confirmed</state>"));
  CHECK(has(body, "<dialog id=\"c2\" direction=\"recipient\">\n    <state>early</state>"));
  CHECK(has(body, "<identity display=\"Bob\">sip:102@pbx.test</identity>"));
  CHECK_FALSE(has(body, "106"));
}
