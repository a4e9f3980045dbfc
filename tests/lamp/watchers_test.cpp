#include "tests/lamp/watch.hpp"

using namespace parkway;
using namespace parkway::sim;
using namespace std::chrono_literals;

/// Subscriptions: Event: call-info and dialog (RFC 6665, RFC 4235).

TEST_CASE("call-info takes the place of park-info for its own phone alone", "[lamp][call-info]") {
  simulation story;
  auto people = talk(story);
  auto& carol = story.registered("carol", "104");
  auto& cordless = story.registered("cordless", "104");
  watch_key key{carol, "call-info", "sip:104@pbx.test", park_body_type};
  key.subscribe();
  story.run_for(200ms);
  REQUIRE(key.status() == 200);
  CHECK(has(key.body(), "<callpark/>"));
  CHECK(key.told().back().header("Call-Info")
        == "<sip:pbx.test>;appearance-index=*;appearance-state=idle");
  park(story, people);
  CHECK(has(key.body(), "<parked>"));
  CHECK_FALSE(has(key.body(), "urn:parkway"));
  CHECK(screens(carol).empty());
  CHECK(lit(cordless));
  SECTION("it registers anew and has forgotten its subscription: by park-info") {
    carol.answer_notice = [](const sip_text& m) {
      return m.header("Event") == "call-info" ? 481 : 200;
    };
    carol.reboot();
    carol.register_for();
    story.run_for(200ms);
    CHECK(lit(carol));
  }
  SECTION("it ends: from then on by park-info") {
    key.subscribe(0);
    story.run_for(200ms);
    CHECK(key.state() == "terminated;reason=timeout");
    CHECK(lit(carol));
  }
  SECTION("it is refused: from then on by park-info, until the phone registers anew") {
    carol.answer_notice = [](const sip_text& m) {
      return m.header("Event") == "call-info" ? 489 : 200;
    };
    people.alice.line().hang_up();
    story.run_for(200ms);
    const auto told = key.told().size();
    auto& bob = story.registered("bob", "102");
    bob.call("103");
    REQUIRE(story.run_until([&] { return people.james.live_call() != nullptr; }));
    people.james.line().answer();
    REQUIRE(story.run_until([&] { return bob.line().talking() && !people.james.line().busy(); }));
    park(story, people);
    CHECK(key.told().size() == told);
    CHECK(lit(carol));
    carol.answer_notice = [](const sip_text&) { return 200; };
    carol.reboot();
    carol.register_for();
    story.run_for(200ms);
    CHECK(key.told().size() == told + 1);
    CHECK(has(key.body(), "<parked>"));
  }
  check_end(story);
}

TEST_CASE("call-info without the park body in Accept gets none", "[lamp][call-info]") {
  simulation story;
  auto people = talk(story);
  auto& carol = story.registered("carol", "104");
  watch_key key{carol, "call-info", "sip:104@pbx.test", ""};
  key.subscribe();
  park(story, people);
  CHECK(key.status() == 200);
  for (const auto& m : key.told()) {
    CHECK(m.body.empty());
    CHECK(m.header("Call-Info") == "<sip:pbx.test>;appearance-index=*;appearance-state=idle");
  }
  CHECK(lit(carol));
  check_end(story);
}

TEST_CASE("what is parked at somebody is shown by call-info to its owner alone",
          "[lamp][call-info]") {
  simulation story;
  auto& carol = story.registered("carol", "104");
  watch_key other{carol, "call-info", "sip:103@pbx.test", park_body_type};
  watch_key seize{carol, "line-seize", "sip:104@pbx.test", ""};
  other.subscribe();
  seize.subscribe(15);
  story.run_for(200ms);
  CHECK(other.status() == 403);
  CHECK(seize.status() == 200);
  CHECK(seize.answers().back().header("Expires") == "0");
  REQUIRE(seize.told().size() == 1);
  CHECK(seize.state() == "terminated;reason=noresource");
  check_end(story);
}

TEST_CASE("S21: the life of a subscription", "[lamp][dialog][S21]") {
  simulation story{{.seed = GENERATE(seeds(5)), .shards = 2}};
  auto& eve = story.registered("eve", "107");
  auto begin = story.time().now();
  watch_key key{eve, "dialog;id=7", "sip:104@pbx.test", dialog_body_type};
  key.subscribe(120);
  story.run_for(60s);
  key.subscribe(90);
  story.run_for(89s);
  REQUIRE(key.told().size() == 2);
  CHECK(has(key.body(), "version=\"1\""));
  CHECK(has(key.body(), "entity=\"sip:104@pbx.test\""));
  CHECK(key.told().back().header("Event") == "dialog;id=7");
  story.run_for(2s);
  CHECK(key.state() == "terminated;reason=timeout");
  key.subscribe(90);
  story.run_for(1s);
  CHECK(key.status() == 481);
  CHECK(story.ladder({.only = {"eve"}, .from = begin}) == R"(
eve   -> pbx    SUBSCRIBE
pbx   -> eve    200 (SUBSCRIBE)
pbx   -> eve    NOTIFY dialog;id=7
eve   -> pbx    200 (NOTIFY)
eve   -> pbx    SUBSCRIBE
pbx   -> eve    200 (SUBSCRIBE)
pbx   -> eve    NOTIFY dialog;id=7
eve   -> pbx    200 (NOTIFY)
pbx   -> eve    NOTIFY dialog;id=7
eve   -> pbx    200 (NOTIFY)
eve   -> pbx    SUBSCRIBE
pbx   -> eve    481 (SUBSCRIBE)
)");
  std::uint32_t cseq = 0;
  for (const auto& m : key.told()) {
    CHECK(m.cseq_number() == cseq + 1);
    cseq = m.cseq_number();
  }
  check_end(story);
}

TEST_CASE("S21: two subscriptions of one device live apart; a fetch is over at once",
          "[lamp][dialog][S21]") {
  simulation story;
  auto people = talk(story);
  auto& eve = story.registered("eve", "107");
  watch_key one{eve, "dialog", "sip:104@pbx.test", dialog_body_type};
  watch_key two{eve, "dialog", "sip:104@pbx.test", dialog_body_type};
  watch_key fetch{eve, "dialog", "sip:104@pbx.test", dialog_body_type};
  one.subscribe();
  two.subscribe();
  fetch.subscribe(0);
  story.run_for(200ms);
  CHECK(fetch.answers().back().header("Expires") == "0");
  CHECK(fetch.state() == "terminated;reason=timeout");
  one.subscribe(0);
  story.run_for(200ms);
  CHECK(one.state() == "terminated;reason=timeout");
  park(story, people);
  CHECK(one.told().size() == 2);
  CHECK(fetch.told().size() == 1);
  CHECK(states_of(two.body()) == std::vector<std::string>{"confirmed"});
  check_end(story);
}

TEST_CASE("S21: too short, unknown, nobody", "[lamp][dialog][S21]") {
  simulation story;
  auto& eve = story.registered("eve", "107");
  watch_key brief{eve, "dialog", "sip:104@pbx.test", dialog_body_type};
  watch_key lengthy{eve, "dialog", "sip:104@pbx.test", dialog_body_type};
  watch_key strange{eve, "telepathy", "sip:104@pbx.test", ""};
  watch_key nobody{eve, "dialog", "sip:199@pbx.test", dialog_body_type};
  brief.subscribe(59);
  lengthy.subscribe(7200);
  strange.subscribe();
  nobody.subscribe();
  story.run_for(200ms);
  CHECK(brief.status() == 423);
  CHECK(brief.answers().back().header("Min-Expires") == "60");
  CHECK(lengthy.answers().back().header("Expires") == "3600");
  CHECK(strange.status() == 489);
  CHECK(has(std::string{strange.answers().back().header("Allow-Events")}, "dialog, call-info"));
  CHECK(nobody.status() == 404);
  check_end(story);
}

TEST_CASE("a refresh is answered at once, whatever became of the NOTIFY that is out",
          "[lamp][dialog]") {
  simulation story;
  auto people = talk(story);
  auto& eve = story.registered("eve", "107");
  watch_key key{eve, "dialog", "sip:104@pbx.test", dialog_body_type};
  key.subscribe();
  story.run_for(200ms);
  auto status = GENERATE(0, 489, 503);
  CAPTURE(status);
  eve.answer_notice = [status](const sip_text&) { return status; };
  park(story, people);
  eve.answer_notice = [](const sip_text&) { return 200; };
  key.subscribe();
  story.run_for(200ms);
  CHECK(key.answers().size() == 2);
  CHECK(key.status() == 200);
  story.run_for(45s);
  CHECK(states_of(key.body()) == std::vector<std::string>{"confirmed"});
  people.alice.line().hang_up();
  story.run_for(200ms);
  CHECK(states_of(key.body()) == std::vector<std::string>{"terminated"});
  check_end(story);
}

TEST_CASE("a phone that registers anew is told again by all its keys, wherever they watch",
          "[lamp][dialog]") {
  simulation story{{.shards = 2}};
  auto people = talk(story);
  auto& eve = story.registered("eve", "107");
  watch_key person{eve, "dialog", "sip:104@pbx.test", dialog_body_type};
  watch_key place{eve, "dialog", "sip:*88104@pbx.test", dialog_body_type};
  person.subscribe();
  place.subscribe();
  story.run_for(200ms);
  const auto status = GENERATE(200, 489, 503);
  CAPTURE(status);
  eve.answer_notice = [status](const sip_text&) { return status; };
  park(story, people);
  const auto told = person.told().size();
  eve.answer_notice = [](const sip_text&) { return 200; };
  eve.reboot();
  eve.register_for();
  story.run_for(200ms);
  CHECK(person.told().size() == told + 1);
  CHECK(states_of(person.body()) == std::vector<std::string>{"confirmed"});
  people.alice.line().hang_up();
  story.run_for(200ms);
  CHECK(states_of(person.body()) == std::vector<std::string>{"terminated"});
  CHECK(states_of(place.body()) == std::vector<std::string>{"terminated"});
  check_end(story);
}

TEST_CASE("S20: 481 ends a subscription, silence does not", "[lamp][dialog][S20]") {
  simulation story;
  auto people = talk(story);
  auto& eve = story.registered("eve", "107");
  auto& frank = story.registered("frank", "108");
  watch_key gone{eve, "dialog", "sip:104@pbx.test", dialog_body_type};
  watch_key asleep{frank, "dialog", "sip:104@pbx.test", dialog_body_type};
  gone.subscribe();
  asleep.subscribe();
  story.run_for(200ms);
  eve.answer_notice = [](const sip_text&) { return 481; };
  frank.answer_notice = [](const sip_text&) { return 0; };
  park(story, people);
  eve.answer_notice = frank.answer_notice = [](const sip_text&) { return 200; };
  story.run_for(45s);
  CHECK(gone.told().size() == 2);
  REQUIRE(asleep.told().size() == 3);
  gone.subscribe();
  asleep.subscribe();
  story.run_for(200ms);
  CHECK(gone.status() == 481);
  CHECK(asleep.status() == 200);
  check_end(story);
}

TEST_CASE("a key shows ordinary calls: early, confirmed, terminated once", "[lamp][dialog]") {
  simulation story{{.seed = GENERATE(seeds(10)), .shards = 2}};
  auto& alice = story.registered("alice", "106");
  auto& james = story.registered("james", "103");
  auto& eve = story.registered("eve", "107");
  watch_key called{eve, "dialog", "sip:103@pbx.test", dialog_body_type};
  watch_key caller{eve, "dialog", "sip:106@pbx.test", dialog_body_type};
  watch_key place{eve, "dialog", "sip:*88103@pbx.test", dialog_body_type};
  for (auto* k : {&called, &caller, &place})
    k->subscribe();
  story.run_for(200ms);
  alice.call("103");
  story.run_for(500ms);
  CHECK(states_of(called.body()) == std::vector<std::string>{"early"});
  CHECK(has(called.body(), "direction=\"recipient\""));
  CHECK(has(called.body(), "<identity display=\"Alice\">sip:106@pbx.test</identity>"));
  CHECK(has(caller.body(), "direction=\"initiator\""));
  james.line().answer();
  story.run_for(500ms);
  CHECK(states_of(called.body()) == std::vector<std::string>{"confirmed"});
  CHECK(has(caller.body(), "direction=\"initiator\""));
  alice.line().hang_up();
  story.run_for(500ms);
  CHECK(states_of(called.body()) == std::vector<std::string>{"terminated"});
  called.subscribe();
  story.run_for(500ms);
  CHECK(states_of(called.body()).empty());
  const auto told = called.told();
  for (std::size_t i = 0; i < told.size(); ++i) {
    CHECK(attribute(told[i].body, "entity") == "sip:103@pbx.test");
    CHECK(has(told[i].body, " version=\"" + std::to_string(i) + "\" state=\"full\""));
  }
  // A key on a place is lit by what is parked there, by nothing else.
  REQUIRE(place.told().size() == 1);
  CHECK(states_of(place.body()).empty());
  check_end(story);
}

TEST_CASE("keys show a parked call in the style of their phone, and can take it",
          "[lamp][dialog][retrieve]") {
  struct kind {
    const char *user_agent, *target, *state;
  };
  const auto k = GENERATE(values<kind>({
    {"Yealink SIP-T46U 108.86.0.118", "sip:104@pbx.test", "confirmed"},
    {"snomD785/10.1.204.0", "sip:104@pbx.test", "confirmed"},
    {"OBIHAI/OBi1062", "sip:104@pbx.test", "early"},
    {"", "sip:*88104@pbx.test", "early"},
    {"", "sip:*68104@pbx.test;user=phone", "early"},
    {"", "sip:park@pbx.test;orbit=104", "early"},
  }));
  CAPTURE(k.user_agent, k.target);
  simulation story;
  auto people = talk(story);
  auto& eve = story.registered("eve", "107", {.user_agent = k.user_agent});
  watch_key key{eve, "dialog", k.target, dialog_body_type};
  key.subscribe();
  park(story, people);
  const auto body = key.body();
  CHECK(states_of(body) == std::vector<std::string>{k.state});
  CHECK(attribute(body, "entity") == k.target);
  CHECK(has(body, "106"));
  CHECK(has(body, "bw:callpark") == has(k.user_agent, "Yealink"));
  auto& taken =
    eve.call_replacing("104", attribute(body, "call-id") + ";to-tag=" + attribute(body, "local-tag")
                                + ";from-tag=" + attribute(body, "remote-tag"));
  story.run_for(1s);
  CHECK(taken.talking());
  CHECK(story.hears("alice") == "eve");
  CHECK(states_of(key.body()) == std::vector<std::string>{"terminated"});
  check_end(story);
}

TEST_CASE("a key that expects one ringing call is shown one: the oldest", "[lamp][dialog]") {
  simulation story;
  auto people = talk(story);
  auto& eve = story.registered("eve", "107");
  watch_key key{eve, "dialog", "sip:*88104@pbx.test", dialog_body_type};
  key.subscribe();
  park(story, people);
  auto& bob = story.registered("bob", "102");
  bob.call("103");
  REQUIRE(story.run_until([&] { return people.james.live_call() != nullptr; }));
  people.james.line().answer();
  REQUIRE(story.run_until([&] { return bob.line().talking() && !people.james.line().busy(); }));
  park(story, people);
  CHECK(states_of(key.body()) == std::vector<std::string>{"early"});
  CHECK(has(key.body(), "Alice"));
  people.alice.line().hang_up();
  story.run_for(200ms);
  CHECK(states_of(key.body()) == std::vector<std::string>{"early", "terminated"});
  CHECK(has(key.body(), "Bob"));
  check_end(story);
}

namespace {

struct revocation {
  const char* of;
  std::function<void(tenant&)> change;
  int called;  ///< What a call to 102 is answered then.
};

}  // namespace

TEST_CASE("who is taken out of the directory, or has a new password, sees nothing any more",
          "[lamp][dialog][revoked]") {
  simulation story{{.seed = GENERATE(seeds(3)), .shards = 2}};
  const auto& how = GENERATE(values<revocation>(
    {{"taken out", [](tenant& t) { t.extensions.erase(number{"102"}); }, 404},
     {"new password", [](tenant& t) { t.extensions[number{"102"}].secret.md5.fill(7); }, 480}}));
  INFO(how.of);
  auto& bob = story.registered("bob", "102");
  auto& alice = story.registered("alice", "101");
  auto& james = story.registered("james", "103");
  watch_key person{bob, "dialog", "sip:101@pbx.test", dialog_body_type};
  watch_key calls{bob, "call-info", "sip:102@pbx.test", park_body_type};
  watch_key stays{james, "dialog", "sip:101@pbx.test", dialog_body_type};
  for (auto* key : {&person, &calls, &stays})
    key->subscribe();
  story.run_for(200ms);
  story.change_tenant(how.change);
  story.run_for(200ms);
  CHECK(person.state() == "terminated;reason=rejected");
  CHECK(calls.state() == "terminated;reason=rejected");
  CHECK(stays.state().starts_with("active"));
  const auto told = person.told().size();
  person.subscribe();
  auto& call = alice.call("102");
  story.run_for(1s);
  CHECK(person.status() == 481);
  CHECK(call.seen().status == how.called);
  CHECK(person.told().size() == told);
  check_end(story);
}

TEST_CASE("a SUBSCRIBE under way while its user is taken out is refused", "[lamp][revoked]") {
  simulation story{{.seed = GENERATE(seeds(10))}};
  auto& bob = story.registered("bob", "102");
  watch_key key{bob, "dialog", "sip:101@pbx.test", dialog_body_type};
  key.subscribe();
  const auto hop = GENERATE(1, 3, 5, 8, 12);
  for (int i = 0; i < hop; ++i)
    story.run_for(1ms);
  story.change_tenant([](tenant& t) { t.extensions.erase(number{"102"}); });
  story.run_for(1s);
  CHECK((key.told().empty() || key.state() == "terminated;reason=rejected"));
  key.subscribe();
  story.run_for(1s);
  CHECK(key.status() >= 400);
  check_end(story);
}
