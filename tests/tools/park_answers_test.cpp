#include "tools/park_answers.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <ctime>

using namespace parkway;
using namespace std::chrono_literals;

namespace {

const auto noon = std::chrono::system_clock::from_time_t(1'780'315'200);  // 2026-06-01 12:00 UTC

park_entry entry(const std::string& id, park_terms terms) {
  setenv("TZ", "UTC", 1);
  tzset();
  terms.tenant = tenant_name{"demo"};
  return {park_id{id},
          std::make_shared<const park_terms>(std::move(terms)),
          park_state::parked,
          noon,
          noon + 60s,
          "*88104",
          {}};
}

park_entry direct() {
  park_terms t;
  t.place = number{"104"};
  t.parked = {"user106", number{"106"}, false};
  t.parker = {"James", number{"103"}, false};
  return entry("pk-1", t);
}

park_entry in_group() {
  park_terms t;
  t.place = number{"104"};
  t.kind = park_kind::group;
  t.group = group_name{"Sales"};
  t.parked = {"Zoë \"Z\"", number{"0049123"}, true};
  t.parker = {"", number{"103"}, false};
  return entry("pk-22", t);
}

}  // namespace

TEST_CASE("parked calls are listed a line each, in columns", "[park_answers]") {
  auto second = in_group();
  second.recall_at.reset();
  second.state = park_state::recalling;
  CHECK(list_of({{direct(), second}}, answer_shape::text, noon + 41500ms)
        == "ID     TENANT  PLACE  KIND         PARKED       PARKER     SINCE              "
           "  RECALL IN  STATE      RETRIEVE\n"
           "pk-1   demo    104    direct       user106 106  James 103  2026-06-01 12:00:00"
           "  19 s       parked     *88104\n"
           "pk-22  demo    104    group Sales  Anonymous    103        2026-06-01 12:00:00"
           "  -          recalling  *88104\n");
  CHECK(list_of({}, answer_shape::text, noon) == "No call is parked.\n");
}

TEST_CASE("a list in JSON has the names of the HTTP API", "[park_answers]") {
  CHECK(list_of({{direct()}}, answer_shape::json, noon)
        == R"({"count":1,"items":[{"id":"pk-1","tenant":"demo","slot":"104","kind":"direct",)"
           R"("group":null,"parked":{"name":"user106","number":"106"},)"
           R"("parker":{"name":"James","number":"103"},"parked_at":"2026-06-01T12:00:00.000Z",)"
           R"("recall_at":"2026-06-01T12:01:00.000Z","state":"parked","retrieve_code":"*88104"}]})"
           "\n");
  CHECK(list_of({}, answer_shape::json, noon) == "{\"count\":0,\"items\":[]}\n");
}

TEST_CASE("who withheld its identity is not shown to operators either", "[park_answers]") {
  for (const auto shape : {answer_shape::text, answer_shape::json}) {
    const auto shown = fields_of(in_group(), shape);
    CHECK(shown.find("Anonymous") != shown.npos);
    CHECK(shown.find("0049123") == shown.npos);
  }
}

TEST_CASE("a timeline is a line a decision, and JSON whatever stands in it", "[park_answers]") {
  auto one = direct();
  one.timeline = {{noon + 7ms, "102 passed over: a call is parked there"},
                  {noon + 1s, "a \"b\"\t"}};
  CHECK(timeline_of(one, answer_shape::text)
        == "2026-06-01 12:00:00.007  102 passed over: a call is parked there\n"
           "2026-06-01 12:00:01.000  a \"b\"\t\n");
  const auto shown = timeline_of(one, answer_shape::json);
  CHECK(shown.find(R"("timeline":[{"at":"2026-06-01T12:00:00.007Z","what":"102 passed)")
        != shown.npos);
  CHECK(shown.find(R"("what":"a \"b\"\u0009"}])") != shown.npos);
}
