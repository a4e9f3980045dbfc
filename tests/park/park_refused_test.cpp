#include "tests/sim/talk.hpp"

using namespace parkway;
using namespace parkway::sim;
using namespace std::chrono_literals;

namespace {

/// The park was refused with that status, and the call is as if nothing had been asked.
void check_refused(simulation& story, phone& james, int status) {
  CHECK(james.line(0).seen().refer_status == 202);
  CHECK(james.line(0).seen().reports == std::vector<int>{100, status});
  CHECK(james.line(0).seen().report_ended);
  CHECK(james.line(0).talking());
  CHECK(story.hears("alice") == "james");
  CHECK(story.hears("james") == "alice");
}

}  // namespace

TEST_CASE("parking at an extension nobody has is refused with 404 and leaves the call alone",
          "[park][refused]") {
  simulation story{{.seed = GENERATE(seeds(5))}};
  auto [alice, james] = talk(story);
  auto begin = story.time().now();
  james.line().refer("*68199");
  story.run_for(5s);
  check_refused(story, james, 404);
  CHECK(story.ladder({.only = {"alice"}, .from = begin}) == "\n");
  CHECK(story.ladder({.only = {"james"}, .from = begin}) == R"(
james -> pbx    REFER *68199
pbx   -> james  202 (REFER)
pbx   -> james  NOTIFY 100 Trying
james -> pbx    200 (NOTIFY)
pbx   -> james  NOTIFY 404 Not Found
james -> pbx    200 (NOTIFY)
)");
  check_end(story);
}

TEST_CASE("a full place is refused with 486", "[park][refused]") {
  story_terms terms{.seed = GENERATE(seeds(5))};
  terms.change = [](tenant& t) { t.call_park.parked_per_extension_max = 1; };
  simulation story{terms};
  auto [alice, james] = talk(story);
  auto& bob = story.registered("bob", "102");
  auto& ann = story.registered("ann", "101", {.answer_after = 500ms});
  auto& other = bob.call("101");
  story.run_for(1s);
  other.refer("*68104");
  story.run_for(1s);
  REQUIRE(other.seen().reports == std::vector<int>{100, 200});
  james.line().refer("*68104");
  story.run_for(5s);
  check_refused(story, james, 486);
  CHECK(story.hears("ann") == "music");
  CHECK(ann.line().talking());
  check_end(story);
}

TEST_CASE("a group park of who is in no group is refused with 403", "[park][refused]") {
  simulation story;
  auto [alice, james] = talk(story);
  alice.line().refer("*58");
  story.run_for(5s);
  CHECK(alice.line().seen().reports == std::vector<int>{100, 403});
  CHECK(story.hears("alice") == "james");
  CHECK(story.hears("james") == "alice");
  check_end(story);
}

TEST_CASE("where call park is switched off, parking is refused with 403", "[park][refused]") {
  story_terms terms;
  terms.change = [](tenant& t) { t.call_park.enabled = false; };
  simulation story{terms};
  auto [alice, james] = talk(story);
  james.line().refer("*68104");
  story.run_for(5s);
  check_refused(story, james, 403);
  check_end(story);
}

TEST_CASE("a park code with no other call is refused with 404", "[park][refused][invite]") {
  simulation story;
  auto& james = story.registered("james", "103");
  auto& call = james.call("*68104");
  story.run_for(3s);
  CHECK(call.seen().status == 404);
  check_end(story);
}

TEST_CASE("a call that only rings cannot be parked: 403", "[park][refused][invite]") {
  simulation story;
  auto& james = story.registered("james", "103");
  auto& alice = story.registered("alice", "106");
  auto& ringing = james.call("106");
  story.run_for(1s);
  auto& code = james.call("*68104");
  story.run_for(3s);
  CHECK(code.seen().status == 403);
  CHECK(ringing.state() == call_state::ringing_there);
  alice.line().answer();
  story.run_for(1s);
  CHECK(story.hears("alice") == "james");
  check_end(story);
}

TEST_CASE("a park by INVITE that is refused leaves the held call as it was",
          "[park][refused][invite]") {
  simulation story{{.seed = GENERATE(seeds(5))}};
  auto [alice, james] = talk(story);
  james.line().hold();
  story.run_for(1s);
  auto& code = james.call("*68199");
  story.run_for(3s);
  CHECK(code.seen().status == 404);
  CHECK(james.line(0).talking());
  CHECK(story.hears("alice") == "music");
  james.line(0).resume();
  story.run_for(1s);
  CHECK(story.hears("alice") == "james");
  check_end(story);
}

TEST_CASE("somebody else's other phone has no call to park", "[park][refused][invite]") {
  simulation story;
  auto [alice, james] = talk(story);
  auto& soft = story.registered("soft", "103");
  auto& code = soft.call("*68104");
  story.run_for(3s);
  CHECK(code.seen().status == 404);
  CHECK(story.hears("alice") == "james");
  check_end(story);
}

TEST_CASE("a refused park can be asked for again, and then succeeds", "[park][refused]") {
  simulation story;
  auto [alice, james] = talk(story);
  james.line().refer("*68199");
  story.run_for(2s);
  check_refused(story, james, 404);
  james.line().refer("*68104");
  story.run_for(2s);
  CHECK(james.line().seen().reports.back() == 200);
  CHECK(james.line().ended());
  CHECK(story.hears("alice") == "music");
  check_end(story);
}

TEST_CASE("S12: a call that is heard but not answered cannot be parked by either way: 403",
          "[park][refused][S12]") {
  auto by_refer = GENERATE(true, false);
  simulation story{{.seed = GENERATE(seeds(5))}};
  auto& bob = story.registered("bob", "102", {.early_media = true});
  auto& james = story.registered("james", "103");
  auto& call = james.call("102");
  REQUIRE(story.run_until([&] { return story.hears(james, call) == "bob"; }));
  if (by_refer) {
    call.refer("*68104");
    story.run_for(1s);
    CHECK(call.seen().refer_status == 403);
  } else {
    auto& code = james.call("*68104");
    story.run_for(1s);
    CHECK(code.seen().status == 403);
  }
  CHECK(call.state() == call_state::ringing_there);
  bob.line().answer();
  story.run_for(1s);
  CHECK(story.hears(james, call) == "bob");
  CHECK(story.hears("bob") == "james");
  check_end(story);
}

TEST_CASE("a call whose park was just refused can be taken at once", "[park][refused][replaces]") {
  simulation story{{.seed = GENERATE(seeds(5))}};
  auto [alice, james] = talk(story);
  auto& desk = story.registered("desk", "103");
  james.line().refer("*68999");
  // Only just told: the refusal is acknowledged, its BYE would still be taken for "parked".
  while (james.line().seen().reports.size() < 2)
    story.run_for(1ms);
  auto& taken = desk.call_replacing("103", james.line().replaces_header());
  story.run_for(200ms);
  CHECK(taken.seen().status == 200);
  story.run_for(2s);
  CHECK(story.hears("alice") == "desk");
  check_end(story);
}
