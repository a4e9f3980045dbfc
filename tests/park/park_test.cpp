#include "tests/sim/talk.hpp"

using namespace parkway;
using namespace parkway::sim;
using namespace std::chrono_literals;

TEST_CASE("James parks Alice at 104 by REFER, Carol takes her back", "[park]") {
  simulation story{{.seed = GENERATE(seeds(20))}};
  auto [alice, james] = talk(story);
  auto& carol = story.registered("carol", "104");
  auto begin = story.time().now();
  james.line().refer("*68104");
  story.run_for(1s);
  CHECK(james.line().seen().reports == std::vector<int>{100, 200});
  CHECK(james.line().ended());
  CHECK(story.hears("alice") == "music");
  auto& taken = carol.call("*88104");
  story.run_for(1s);
  REQUIRE(taken.talking());
  CHECK(taken.seen().shown_first == "Alice <106>");
  CHECK(story.hears("alice") == "carol");
  CHECK(story.hears("carol") == "alice");
  CHECK(alice.line().seen().shown == "Carol <104>");
  CHECK(story.ladder({.only = {"james"}, .from = begin}) == R"(
james -> pbx    REFER *68104
pbx   -> james  202 (REFER)
pbx   -> james  NOTIFY 100 Trying
james -> pbx    200 (NOTIFY)
pbx   -> james  NOTIFY 200 OK
james -> pbx    200 (NOTIFY)
james -> pbx    BYE
pbx   -> james  200 (BYE)
)");
  CHECK(story.ladder({.only = {"alice"}, .from = begin}) == R"(
pbx   -> alice  UPDATE
alice -> pbx    200 (UPDATE)
)");
  CHECK(story.ladder({.only = {"carol"}, .acks = true, .from = begin}) == R"(
carol -> pbx    INVITE *88104
pbx   -> carol  200 (INVITE)
carol -> pbx    ACK
)");
  check_end(story);
}

TEST_CASE("the parked party stays whoever called whom", "[park]") {
  simulation story{{.seed = GENERATE(seeds(5))}};
  auto [alice, james] = talk(story);
  auto& carol = story.registered("carol", "104");
  alice.line().refer("*68104");
  story.run_for(1s);
  CHECK(alice.line().ended());
  CHECK(story.hears("james") == "music");
  auto& taken = carol.call("*88");
  story.run_for(1s);
  REQUIRE(taken.talking());
  CHECK(taken.seen().shown_first == "James <103>");
  CHECK(story.hears("james") == "carol");
  check_end(story);
}

TEST_CASE("a phone that holds before it parks, parks all the same", "[park]") {
  simulation story{{.seed = GENERATE(seeds(10))}};
  auto [alice, james] = talk(story);
  james.line().hold();
  story.run_for(1s);
  james.line().refer("*68104");
  story.run_for(1s);
  CHECK(james.line().seen().reports == std::vector<int>{100, 200});
  CHECK(story.hears("alice") == "music");
  CHECK(alice.line().seen().offers_received == 0);
  check_end(story);
}

TEST_CASE("the codes are read in every spelling phones have", "[park][codes]") {
  auto spelling = GENERATE(std::string("*68104"), std::string("%2A68104"), std::string("*68104#"),
                           std::string("*68104%23"));
  CAPTURE(spelling);
  simulation story;
  auto [alice, james] = talk(story);
  auto& carol = story.registered("carol", "104");
  james.line().refer(spelling);
  story.run_for(1s);
  CHECK(james.line().seen().reports == std::vector<int>{100, 200});
  auto& taken = carol.call("%2A88104%23");
  story.run_for(1s);
  CHECK(taken.talking());
  check_end(story);
}

TEST_CASE("the bare code parks at the parker's own extension", "[park][codes]") {
  auto spelling = GENERATE(std::string("*68"), std::string("*68#"), std::string("%2A68%23"));
  CAPTURE(spelling);
  simulation story;
  auto [alice, james] = talk(story);
  auto& soft = story.registered("soft", "103");
  james.line().refer(spelling);
  story.run_for(1s);
  CHECK(james.line().seen().reports == std::vector<int>{100, 200});
  auto& taken = soft.call("*88");
  story.run_for(1s);
  REQUIRE(taken.talking());
  CHECK(story.hears("alice") == "soft");
  check_end(story);
}

TEST_CASE("James parks by calling the code while Alice is on hold", "[park][invite]") {
  simulation story{{.seed = GENERATE(seeds(20))}};
  auto [alice, james] = talk(story);
  james.line().hold();
  story.run_for(1s);
  auto begin = story.time().now();
  auto& code = james.call("*68104");
  story.run_for(1s);
  REQUIRE(code.talking());
  CHECK(code.seen().shown_first == "Parked at 104 <104>");
  CHECK(story.hears("alice") == "music");
  story.run_for(4s);
  CHECK(code.ended());
  CHECK(james.line(0).ended());
  CHECK(james.live_calls() == 0);
  CHECK(story.ladder({.only = {"alice"}, .from = begin}) == "\n");
  auto& carol = story.registered("carol", "104");
  carol.call("*88");
  story.run_for(1s);
  CHECK(story.hears("alice") == "carol");
  check_end(story);
}

TEST_CASE("James hangs up the confirmation before it ends by itself: the park stands",
          "[park][invite]") {
  simulation story{{.seed = GENERATE(seeds(10))}};
  auto [alice, james] = talk(story);
  james.line().hold();
  story.run_for(1s);
  auto& code = james.call("*68104");
  REQUIRE(story.run_until([&] { return code.talking(); }));
  story.run_for(100ms);
  code.hang_up();
  story.run_for(3s);
  CHECK(james.live_calls() == 0);
  CHECK(story.hears("alice") == "music");
  check_end(story);
}

TEST_CASE("of two calls the one put on hold last is parked", "[park][invite]") {
  simulation story;
  auto [alice, james] = talk(story);
  auto& bob = story.registered("bob", "102");
  james.line().hold();
  story.run_for(1s);
  bob.call("103");
  story.run_for(1s);
  james.line(1).answer();
  story.run_for(1s);
  james.line(1).hold();
  story.run_for(1s);
  james.call("*68104");
  story.run_for(5s);
  CHECK(james.line(1).ended());
  CHECK(james.line(0).talking());
  CHECK(story.hears("bob") == "music");
  auto& carol = story.registered("carol", "104");
  carol.call("*88");
  story.run_for(1s);
  CHECK(story.hears("bob") == "carol");
  check_end(story);
}

TEST_CASE("attended transfer to the code parks once", "[park][invite]") {
  simulation story{{.seed = GENERATE(seeds(10))}};
  auto [alice, james] = talk(story, {}, {.after_park = goodbye::never});
  james.line().hold();
  story.run_for(1s);
  auto& code = james.call("*68104");
  REQUIRE(story.run_until([&] { return code.talking(); }));
  james.line(0).refer("*68104", &code);
  story.run_for(10s);
  CHECK(james.line(0).seen().reports == std::vector<int>{100, 200});
  CHECK(james.live_calls() == 0);
  CHECK(story.hears("alice") == "music");
  auto& carol = story.registered("carol", "104");
  carol.call("*88");
  story.run_for(1s);
  CHECK(story.hears("alice") == "carol");
  auto& again = carol.call("*88");
  story.run_for(1s);
  CHECK(again.seen().status == 404);
  check_end(story);
}

TEST_CASE("a phone parks from outside the dialog, by orbit", "[park][outside]") {
  simulation story{{.seed = GENERATE(seeds(5))}};
  auto [alice, james] = talk(story);
  james.park_outside("104", james.line());
  story.run_for(6s);
  REQUIRE(james.outside_answers() == std::vector<int>{202});
  CHECK(james.live_calls() == 0);
  CHECK(story.hears("alice") == "music");
  auto& carol = story.registered("carol", "104");
  carol.call("*88");
  story.run_for(1s);
  CHECK(story.hears("alice") == "carol");
  check_end(story);
}

TEST_CASE("a phone that waits for the BYE gets it", "[park]") {
  simulation story;
  auto [alice, james] = talk(story, {}, {.after_park = goodbye::never});
  james.line().refer("*68104");
  story.run_for(3s);
  CHECK(james.line().talking());
  story.run_for(3s);
  CHECK(james.line().ended());
  CHECK(james.line().seen().ended_by_peer);
  CHECK(story.hears("alice") == "music");
  check_end(story);
}

TEST_CASE("a silent transfer parks without reports", "[park]") {
  simulation story;
  auto [alice, james] = talk(story, {}, {.after_park = goodbye::never});
  james.line().refer("*68104", nullptr, true);
  story.run_for(6s);
  CHECK(james.line().seen().refer_status == 202);
  CHECK(james.line().seen().reports.empty());
  CHECK(james.line().ended());
  CHECK(story.hears("alice") == "music");
  check_end(story);
}

TEST_CASE("group park takes the first member who is there and has nothing parked",
          "[park][group]") {
  simulation story{{.seed = GENERATE(seeds(5))}};
  auto [alice, james] = talk(story);
  // 101 is not registered: the first available member is 102.
  auto& bob = story.registered("bob", "102");
  auto& carol = story.registered("carol", "104");
  james.line().refer("*58");
  story.run_for(1s);
  CHECK(james.line().seen().reports == std::vector<int>{100, 200});
  REQUIRE_FALSE(story.park_events().empty());
  CHECK(story.park_events().back().terms->place.text == "102");
  auto& wrong_place = carol.call("*88104");
  story.run_for(1s);
  CHECK(wrong_place.seen().status == 404);
  // Any member of the group takes it by the bare code.
  auto& taken = (story.seed() % 2 ? bob : carol).call("*88");
  story.run_for(1s);
  CHECK(taken.talking());
  CHECK(taken.seen().shown_first == "Alice <106>");
  check_end(story);
}
