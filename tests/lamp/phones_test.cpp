#include "tests/lamp/watch.hpp"

using namespace parkway;
using namespace parkway::sim;
using namespace std::chrono_literals;

/// Phones without a subscription: NOTIFY, Event: park-info.

TEST_CASE("a park and its end are shown by all phones of the place", "[lamp][park-info]") {
  simulation story{{.seed = GENERATE(seeds(10)), .shards = 2}};
  auto people = talk(story);
  auto& desk = story.registered("desk", "104");
  auto& cordless = story.registered("cordless", "104");
  park(story, people);
  for (auto* p : {&desk, &cordless}) {
    REQUIRE(screens(*p).size() == 1);
    CHECK(has(screens(*p)[0].body, "<identity display=\"Alice\">sip:106@pbx.test;user=phone<"));
    CHECK(attribute(screens(*p)[0].body, "recall-in") == "60");
  }
  people.alice.line().hang_up();
  story.run_for(200ms);
  for (auto* p : {&desk, &cordless}) {
    REQUIRE(screens(*p).size() == 2);
    CHECK_FALSE(lit(*p));
    CHECK(attribute(screens(*p)[1].body, "reason") == "abandoned");
    CHECK(std::stoull(attribute(screens(*p)[1].body, "version"))
          > std::stoull(attribute(screens(*p)[0].body, "version")));
  }
  CHECK(screens(people.james).empty());
  check_end(story);
}

TEST_CASE("S19: a phone that registers from a new address while it is being told",
          "[lamp][park-info][S19]") {
  simulation story;
  auto people = talk(story);
  auto& carol = story.registered("carol", "104");
  carol.answer_notice = [](const sip_text&) { return 0; };
  park(story, people);
  REQUIRE(screens(carol).size() == 1);
  auto begin = story.time().now();
  auto& again = story.registered("again", "104");
  story.run_for(100ms);
  CHECK(lit(again));
  CHECK(story.ladder({.only = {"again"}, .lamps = true, .from = begin}) == R"(
pbx   -> again  NOTIFY park-info
again -> pbx    200 (NOTIFY)
)");
  people.alice.line().hang_up();
  story.run_for(200ms);
  CHECK_FALSE(lit(again));
  carol.answer_notice = [](const sip_text&) { return 200; };
  story.run_for(45s);
  check_end(story);
}

TEST_CASE("S19: the same contact anew, while its former NOTIFY is unanswered",
          "[lamp][park-info][S19]") {
  simulation story;
  auto people = talk(story);
  auto& carol = story.registered("carol", "104");
  carol.answer_notice = [](const sip_text&) { return 0; };
  park(story, people);
  REQUIRE(screens(carol).size() == 1);
  // It is switched off and on: what it was told it has forgotten.
  carol.unplug();
  story.run_for(3s);
  carol.answer_notice = [](const sip_text&) { return 200; };
  carol.plug_in();
  carol.reboot();
  const auto before = screens(carol).size();
  carol.register_for();
  story.run_for(300ms);
  CHECK(screens(carol).size() > before);
  CHECK(lit(carol));
  people.alice.line().hang_up();
  story.run_for(60s);
  CHECK_FALSE(lit(carol));
  check_end(story);
}

TEST_CASE("a phone that comes back is told that the call on its screen is gone",
          "[lamp][park-info]") {
  simulation story;
  auto people = talk(story);
  auto& carol = story.registered("carol", "104");
  park(story, people);
  REQUIRE(lit(carol));
  carol.unregister();
  story.run_for(1s);
  people.alice.line().hang_up();
  story.run_for(1s);
  REQUIRE(lit(carol));
  carol.register_for();
  story.run_for(300ms);
  CHECK_FALSE(lit(carol));
  check_end(story);
}

TEST_CASE("S20: 503 with Retry-After, then the state of then", "[lamp][park-info][S20]") {
  simulation story;
  auto people = talk(story);
  auto& carol = story.registered("carol", "104");
  carol.answer_notice = [](const sip_text&) { return 503; };
  carol.retry_after = "4 (booting)";
  auto begin = story.time().now();
  park(story, people);
  REQUIRE(screens(carol).size() == 1);
  people.alice.line().hang_up();
  story.run_for(1s);
  REQUIRE(screens(carol).size() == 1);
  carol.answer_notice = [](const sip_text&) { return 200; };
  story.run_for(4s);
  CHECK_FALSE(lit(carol));
  CHECK(story.ladder({.only = {"carol"}, .lamps = true, .from = begin}) == R"(
pbx   -> carol  NOTIFY park-info
carol -> pbx    503 (NOTIFY)
pbx   -> carol  NOTIFY park-info
carol -> pbx    200 (NOTIFY)
)");
  check_end(story);
}

TEST_CASE("S20: the end of a call that a phone did not hear of is told again",
          "[lamp][park-info][S20]") {
  auto mute = GENERATE(503, 408, 500, 0);
  CAPTURE(mute);
  simulation story;
  auto people = talk(story);
  auto& carol = story.registered("carol", "104");
  park(story, people);
  REQUIRE(lit(carol));
  carol.answer_notice = [mute](const sip_text&) { return mute; };
  people.alice.line().hang_up();
  story.run_for(1s);
  const auto heard = screens(carol).size();
  REQUIRE(heard == 2);
  carol.answer_notice = [](const sip_text&) { return 200; };
  story.run_for(45s);
  CHECK(screens(carol).size() == heard + 1);
  CHECK_FALSE(lit(carol));
  check_end(story);
}

TEST_CASE("S20: a dead phone delays no other, and is told again while it is registered",
          "[lamp][park-info][S20]") {
  simulation story{{.seed = GENERATE(seeds(10)), .shards = 2}};
  auto people = talk(story);
  auto& dead = story.registered("dead", "104");
  auto& carol = story.registered("carol", "104");
  dead.answer_notice = [](const sip_text&) { return 0; };
  park(story, people);
  CHECK(lit(carol));
  CHECK(screens(dead).size() == 1);
  story.run_for(40s);
  dead.answer_notice = [](const sip_text&) { return 200; };
  story.run_for(5s);
  CHECK(screens(dead).size() == 2);
  people.alice.line().hang_up();
  story.run_for(200ms);
  CHECK_FALSE(lit(dead));
  CHECK_FALSE(lit(carol));
  check_end(story);
}

TEST_CASE("a phone that refuses is left alone until it registers anew", "[lamp][park-info]") {
  auto status = GENERATE(405, 415, 420, 481, 489, 501, 401);
  CAPTURE(status);
  simulation story;
  auto people = talk(story);
  auto& carol = story.registered("carol", "104");
  carol.answer_notice = [status](const sip_text&) { return status; };
  park(story, people);
  REQUIRE(screens(carol).size() == 1);
  carol.register_for();  // A refresh is not anew.
  story.run_for(60s);
  REQUIRE(screens(carol).size() == 1);
  carol.answer_notice = [](const sip_text&) { return 200; };
  SECTION("by a new Call-ID") {
    carol.reboot();
    carol.register_for();
  }
  SECTION("by another User-Agent") {
    carol.habits().user_agent = "Another/2";
    carol.register_for();
  }
  SECTION("after its binding ended") {
    carol.unregister();
    story.run_for(1s);
    carol.register_for();
  }
  story.run_for(300ms);
  CHECK(lit(carol));
  check_end(story);
}

TEST_CASE("S22: a park and its retrieve within 50 ms leave the lamp off",
          "[lamp][park-info][S22]") {
  simulation story{{.seed = GENERATE(seeds(60)), .shards = 2, .link = link_terms::jitter(10ms)}};
  auto people = talk(story);
  auto& carol = story.registered("carol", "104");
  auto& eve = story.registered("eve", "107");
  watch_key key{eve, "dialog", "sip:104@pbx.test", dialog_body_type};
  key.subscribe();
  story.run_for(500ms);
  carol.notice_pause = 80ms;
  people.james.line().refer("*68104");
  REQUIRE(story.run_until([&] { return !screens(carol).empty(); }));
  auto& taken = eve.call("*88104");
  story.run_for(1s);
  REQUIRE(taken.talking());
  CHECK_FALSE(lit(carol));
  const auto last = states_of(key.body());
  CHECK(std::all_of(last.begin(), last.end(), [](auto& s) { return s == "terminated"; }));
  check_end(story);
}

TEST_CASE("one NOTIFY is out at a time; what changes meanwhile is told in one",
          "[lamp][park-info]") {
  simulation story;
  auto people = talk(story);
  auto& carol = story.registered("carol", "104");
  auto& bob = story.registered("bob", "102");
  carol.notice_pause = 20s;
  park(story, people);
  REQUIRE(screens(carol).size() == 1);
  for (int i = 0; i < 3; ++i) {
    bob.call("103");
    REQUIRE(story.run_until([&] { return people.james.live_call() != nullptr; }));
    people.james.line().answer();
    REQUIRE(story.run_until([&] { return bob.line().talking() && !people.james.line().busy(); }));
    park(story, people);
    bob.line().hang_up();
    story.run_for(100ms);
  }
  CHECK(screens(carol).size() == 1);
  people.alice.line().hang_up();
  story.run_for(45s);
  CHECK(screens(carol).size() == 2);
  CHECK_FALSE(lit(carol));
  check_end(story);
}

TEST_CASE("the body shows what a bare *88 fetches: the own place first, then the group's",
          "[lamp][park-info]") {
  simulation story;
  auto people = talk(story);
  auto& ann = story.registered("ann", "101");
  auto& carol = story.registered("carol", "104");
  park(story, people, "*58");  // Ann is the first of the group.
  REQUIRE(has(screens(carol).back().body, "<identity display=\"Alice\">"));
  auto& bob = story.registered("bob", "102");
  bob.call("103");
  REQUIRE(story.run_until([&] { return people.james.live_call() != nullptr; }));
  people.james.line().answer();
  REQUIRE(story.run_until([&] { return bob.line().talking() && !people.james.line().busy(); }));
  park(story, people, "*68104");
  CHECK(has(screens(carol).back().body, "<identity display=\"Bob\">"));
  CHECK(attribute(screens(carol).back().body, "count") == "2");
  CHECK(has(screens(ann).back().body, "<identity display=\"Alice\">"));
  auto& first = carol.call("*88");
  story.run_for(1s);
  CHECK(first.seen().shown_first == "Bob <102>");
  CHECK(has(screens(carol).back().body, "<identity display=\"Alice\">"));
  check_end(story);
}

TEST_CASE("device profiles choose the channel", "[lamp][profiles]") {
  simulation story;
  auto people = talk(story);
  auto& obi = story.registered("obi", "104", {.user_agent = "OBIHAI/OBi1062"});
  auto& htek = story.registered("htek", "104", {.user_agent = "Htek UC926 V2.42.6.6.1R22"});
  park(story, people);
  CHECK(screens(obi).empty());  // By call-info or not at all.
  CHECK(lit(htek));
  check_end(story);
}
