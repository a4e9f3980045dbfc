#include "tests/sim/talk.hpp"

using namespace parkway;
using namespace parkway::sim;
using namespace std::chrono_literals;

TEST_CASE("James holds: Alice hears music and gets no re-INVITE; he resumes and they talk",
          "[call][hold]") {
  simulation story{{.seed = GENERATE(seeds(10))}};
  auto [alice, james] = talk(story);
  auto begin = story.time().now();
  james.line().hold();
  story.run_for(1s);
  CHECK(story.hears("alice") == "music");
  CHECK(story.hears("james") == "nothing");
  james.line().resume();
  story.run_for(1s);
  CHECK(story.hears("alice") == "james");
  CHECK(story.hears("james") == "alice");
  CHECK(story.ladder({.acks = true, .from = begin}) == R"(
james -> pbx    re-INVITE sendonly
pbx   -> james  200 (INVITE)
james -> pbx    ACK
james -> pbx    re-INVITE sendrecv
pbx   -> james  200 (INVITE)
james -> pbx    ACK
)");
  check_end(story);
}

TEST_CASE("both hold and resume in any order", "[call][hold]") {
  simulation story{{.seed = GENERATE(seeds(20))}};
  auto [alice, james] = talk(story);
  alice.line().hold();
  james.line().hold();
  story.run_for(8s);
  CHECK(story.hears("alice") == "nothing");
  CHECK(story.hears("james") == "nothing");
  (story.seed() % 2 ? alice : james).line().resume();
  story.run_for(8s);
  CHECK(story.hears(story.seed() % 2 ? "alice" : "james") == "music");
  (story.seed() % 2 ? james : alice).line().resume();
  story.run_for(8s);
  CHECK(story.hears("alice") == "james");
  CHECK(story.hears("james") == "alice");
  check_end(story);
}

TEST_CASE("the caller offers late: Parkway makes the offer", "[call][offer]") {
  simulation story{{.seed = GENERATE(seeds(5))}};
  auto [alice, james] = talk(story, {.offers = false});
  CHECK(story.hears("alice") == "james");
  CHECK(story.hears("james") == "alice");
  check_end(story);
}

TEST_CASE("a phone asks for an offer in the middle of a call", "[call][offer]") {
  simulation story{{.seed = GENERATE(seeds(5))}};
  auto [alice, james] = talk(story);
  james.line().ask_for_offer();
  story.run_for(2s);
  CHECK(james.line().seen().offer_status == 200);
  CHECK(story.hears("alice") == "james");
  CHECK(story.hears("james") == "alice");
  check_end(story);
}

TEST_CASE("two phones without a common codec are told 488", "[call][offer]") {
  simulation story;
  auto& alice = story.registered("alice", "106", {.codecs = {{9, "G722/8000"}}});
  auto& james = story.registered("james", "103", {.codecs = {{0, "PCMU/8000"}}});
  auto& call = alice.call("103");
  story.run_for(3s);
  CHECK(call.seen().status == 488);
  CHECK(james.live_calls() == 0);
  check_end(story);
}

TEST_CASE("early media of the called phone is heard before it answers", "[call][early]") {
  simulation story{{.seed = GENERATE(seeds(5))}};
  auto& alice = story.registered("alice", "106");
  auto& james = story.registered("james", "103", {.early_media = true});
  auto& call = alice.call("103");
  story.run_for(2s);
  CHECK(call.seen().progress == std::vector<int>{183});
  CHECK(story.hears("alice") == "james");
  james.line().answer();
  story.run_for(1s);
  CHECK(call.talking());
  CHECK(story.hears("alice") == "james");
  CHECK(story.hears("james") == "alice");
  check_end(story);
}

TEST_CASE("reliable ringing is passed through", "[call][100rel]") {
  simulation story{{.seed = GENERATE(seeds(10))}};
  auto [alice, james] = talk(story, {.reliable = true}, {.reliable = true});
  auto ladder = story.ladder({});
  CHECK(ladder.find("alice -> pbx    PRACK") != ladder.npos);
  CHECK(ladder.find("pbx   -> james  PRACK") != ladder.npos);
  CHECK(story.hears("alice") == "james");
  check_end(story);
}

TEST_CASE("a caller without 100rel is never asked for PRACK", "[call][100rel]") {
  simulation story;
  auto [alice, james] = talk(story, {}, {.reliable = true});
  CHECK(story.ladder({}).find("PRACK") == std::string::npos);
  check_end(story);
}

TEST_CASE("reliable early media gets through a network that loses", "[call][100rel][network]") {
  simulation story{{.seed = GENERATE(seeds(40))}};
  auto& alice = story.registered("alice", "106", {.reliable = true});
  auto& james = story.registered("james", "103", {.early_media = true, .reliable = true});
  story.net().set_terms(link_terms::bad());
  auto& call = alice.call("103");
  REQUIRE(story.run_until([&] { return !call.seen().progress.empty(); }, 40s));
  story.run_for(5s);
  james.line().answer();
  REQUIRE(story.run_until([&] { return call.talking(); }, 40s));
  story.run_for(5s);
  CHECK(story.hears("alice") == "james");
  CHECK(story.hears("james") == "alice");
  check_end(story);
}

TEST_CASE("session timers are refreshed on both sides for an hour", "[call][timer]") {
  simulation story;
  auto [alice, james] = talk(story, {.session_timer = 1800}, {.session_timer = 1800});
  story.run_for(1h);
  CHECK(alice.line().talking());
  CHECK(james.line().talking());
  CHECK(story.hears("alice") == "james");
  check_end(story);
}

TEST_CASE("Parkway refreshes a session whose caller asks it to", "[call][timer]") {
  simulation story;
  auto [alice, james] = talk(story, {.session_timer = 120, .refresher = "uas"});
  story.run_for(10min);
  CHECK(alice.line().talking());
  CHECK(alice.line().seen().refreshes_received >= 9);
  CHECK(james.line().talking());
  check_end(story);
}

TEST_CASE("an interval below the minimum is refused with 422 and the minimum", "[call][timer]") {
  simulation story;
  story.registered("james", "103");
  auto& alice = story.registered("alice", "106", {.session_timer = 30});
  auto& call = alice.call("103");
  story.run_for(1s);
  CHECK(call.seen().status == 422);
  check_end(story);
}

TEST_CASE("a phone with session timers that dies is found out, and the other side is hung up",
          "[call][timer]") {
  simulation story;
  auto [alice, james] = talk(story, {.session_timer = 180, .refresher = "uac"});
  alice.unplug();
  story.run_for(4min);
  CHECK(james.line().ended());
  check_end(story);
}

TEST_CASE("a phone without session timers that dies is found out by OPTIONS", "[call][timer]") {
  simulation story;
  auto [alice, james] = talk(story);
  alice.unplug();
  story.run_for(6min);
  CHECK(james.line().ended());
  check_end(story);
}

TEST_CASE("both change the session at once: both are granted in the end", "[call][glare]") {
  simulation story{{.seed = GENERATE(seeds(30)), .link = link_terms::jitter(30ms)}};
  auto [alice, james] = talk(story);
  alice.line().propose("sendrecv");
  james.line().hold();
  story.run_for(10s);
  CHECK(story.hears("alice") == "music");
  james.line().resume();
  story.run_for(10s);
  CHECK(story.hears("alice") == "james");
  CHECK(story.hears("james") == "alice");
  check_end(story);
}

TEST_CASE("hold and resume survive a bad network, whatever the seed", "[call][hold][network]") {
  simulation story{{.seed = GENERATE(seeds(60))}};
  auto [alice, james] = talk(story);
  story.net().set_terms(link_terms::bad());
  james.line().hold();
  REQUIRE(story.run_until([&] { return james.line().seen().offer_status == 200; }, 40s));
  story.run_for(10s);
  CHECK(story.hears("alice") == "music");
  james.line().resume();
  story.run_for(40s);
  CHECK(story.hears("alice") == "james");
  CHECK(story.hears("james") == "alice");
  check_end(story);
}

TEST_CASE("a session refresh without change reaches nobody else", "[call][timer]") {
  simulation story;
  auto [alice, james] = talk(story);
  auto begin = story.time().now();
  alice.line().propose("sendrecv");
  story.run_for(2s);
  CHECK(alice.line().seen().offer_status == 200);
  CHECK(james.line().seen().offers_received == 0);
  CHECK(story.ladder({.only = {"james"}, .from = begin}) == "\n");
  check_end(story);
}
