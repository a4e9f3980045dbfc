#include "tests/sim/talk.hpp"

using namespace parkway;
using namespace parkway::sim;
using namespace std::chrono_literals;

TEST_CASE("Alice calls James, he answers, she hangs up", "[call]") {
  simulation story{{.seed = GENERATE(seeds(10))}};
  auto& alice = story.registered("alice", "106");
  auto& james = story.registered("james", "103", {.answer_after = 2s});
  auto begin = story.time().now();
  auto& call = alice.call("103");
  story.run_for(3s);
  REQUIRE(call.talking());
  CHECK(story.hears("alice") == "james");
  CHECK(story.hears("james") == "alice");
  CHECK(james.line().seen().shown == "Alice <106>");
  CHECK(call.seen().shown_first == "James <103>");
  call.hang_up();
  story.run_for(1s);
  CHECK(story.ladder({.trying = true, .acks = true, .challenges = true, .from = begin}) == R"(
alice -> pbx    INVITE 103
pbx   -> alice  401 (INVITE)
alice -> pbx    ACK
alice -> pbx    INVITE 103
pbx   -> alice  100 (INVITE)
pbx   -> james  INVITE 103
james -> pbx    180 (INVITE)
pbx   -> alice  180 (INVITE)
james -> pbx    200 (INVITE)
pbx   -> james  ACK
pbx   -> alice  200 (INVITE)
alice -> pbx    ACK
alice -> pbx    BYE
pbx   -> alice  200 (BYE)
pbx   -> james  BYE
james -> pbx    200 (BYE)
)");
  check_end(story);
}

TEST_CASE("the called party hangs up", "[call]") {
  simulation story{{.seed = GENERATE(seeds(5))}};
  auto& james = story.registered("james", "103", {.answer_after = 1s});
  auto& alice = story.registered("alice", "106");
  auto& call = alice.call("103");
  story.run_for(2s);
  james.line().hang_up();
  story.run_for(1s);
  CHECK(call.ended());
  CHECK(call.seen().ended_by_peer);
  check_end(story);
}

TEST_CASE("a busy phone, a refusing one and a number nobody has end the call with their status",
          "[call]") {
  simulation story;
  auto& alice = story.registered("alice", "106");
  story.registered("busy", "101", {.refuse_with = 486});
  story.registered("rude", "102", {.refuse_with = 603});
  story.registered("asleep", "104", {.refuse_with = 480});
  story.add_phone("unplugged", "105");
  auto status_of = [&](const std::string& number) {
    auto& call = alice.call(number);
    story.run_for(2s);
    return call.seen().status;
  };
  CHECK(status_of("101") == 486);
  CHECK(status_of("102") == 603);
  CHECK(status_of("104") == 480);
  CHECK(status_of("105") == 480);
  CHECK(status_of("199") == 404);
  CHECK(status_of("*77") == 404);
  check_end(story);
}

TEST_CASE("the caller gives up while it rings", "[call]") {
  simulation story{{.seed = GENERATE(seeds(10))}};
  auto& alice = story.registered("alice", "106");
  auto& james = story.registered("james", "103");
  auto begin = story.time().now();
  auto& call = alice.call("103");
  story.run_for(3s);
  call.hang_up();
  story.run_for(1s);
  CHECK(call.seen().status == 487);
  CHECK(james.line().ended());
  CHECK(james.line().seen().status == 487);
  CHECK(story.ladder({.only = {"james"}, .acks = true, .from = begin}) == R"(
pbx   -> james  INVITE 103
james -> pbx    180 (INVITE)
pbx   -> james  CANCEL
james -> pbx    200 (CANCEL)
james -> pbx    487 (INVITE)
pbx   -> james  ACK
)");
  check_end(story);
}

TEST_CASE("a phone that does not even answer is given up by the caller, who is told 487",
          "[call]") {
  simulation story;
  auto& alice = story.registered("alice", "106");
  story.registered("dead", "103").unplug();
  auto& call = alice.call("103");
  story.run_for(20s);
  CHECK(call.state() == call_state::calling);
  call.hang_up();
  story.run_for(2s);
  CHECK(call.seen().status == 487);
  check_end(story);
}

TEST_CASE("a phone that does not even answer is 408 in the end", "[call]") {
  simulation story;
  auto& alice = story.registered("alice", "106");
  story.registered("dead", "103").unplug();
  auto& call = alice.call("103");
  story.run_for(40s);
  CHECK(call.seen().status == 408);
  check_end(story);
}

TEST_CASE("nobody answers for three minutes: the call is not left ringing for ever", "[call]") {
  simulation story;
  auto& alice = story.registered("alice", "106");
  auto& james = story.registered("james", "103");
  auto& call = alice.call("103");
  story.run_for(4min);
  CHECK(call.ended());
  CHECK((call.seen().status == 408 || call.seen().status == 480));
  CHECK(james.line().ended());
  check_end(story);
}

TEST_CASE("all phones of an extension ring, the first answer wins, the others are told",
          "[call][fork]") {
  simulation story{{.seed = GENERATE(seeds(20))}};
  auto& alice = story.registered("alice", "106");
  auto& desk = story.registered("desk", "103", {.answer_after = 2s});
  auto& soft = story.registered("soft", "103");
  auto& busy = story.registered("busy", "103", {.refuse_with = 486});
  auto& call = alice.call("103");
  story.run_for(3s);
  REQUIRE(call.talking());
  CHECK(desk.line().talking());
  CHECK(soft.line().seen().status == 487);
  CHECK(soft.line().seen().reason == "SIP;cause=200;text=\"Call completed elsewhere\"");
  CHECK(busy.line().seen().status == 486);
  CHECK(story.hears("alice") == "desk");
  check_end(story);
}

TEST_CASE("two phones answer at once: one has the call, the other is hung up", "[call][fork]") {
  simulation story{{.seed = GENERATE(seeds(40)), .link = link_terms::jitter(30ms)}};
  auto& alice = story.registered("alice", "106");
  auto& desk = story.registered("desk", "103", {.answer_after = 1s});
  auto& soft = story.registered("soft", "103", {.answer_after = 1s});
  auto& call = alice.call("103");
  story.run_for(5s);
  REQUIRE(call.talking());
  CHECK(desk.live_calls() + soft.live_calls() == 1);
  CHECK(story.hears("alice") == (desk.live_calls() ? "desk" : "soft"));
  check_end(story);
}

TEST_CASE("CANCEL and 200 cross: whatever wins, nobody is left in a call alone", "[call][races]") {
  simulation story{{.seed = GENERATE(seeds(60)), .link = link_terms::jitter(30ms)}};
  auto& alice = story.registered("alice", "106");
  auto& james = story.registered("james", "103", {.answer_after = 1s});
  auto& call = alice.call("103");
  story.run_for(1050ms);
  call.hang_up();
  story.run_for(10s);
  CHECK(call.ended());
  CHECK(james.live_calls() == 0);
  check_end(story);
}

TEST_CASE("both hang up at once and no call is left", "[call][races]") {
  simulation story{{.seed = GENERATE(seeds(20)), .link = link_terms::jitter(30ms)}};
  auto [alice, james] = talk(story);
  alice.line().hang_up();
  james.line().hang_up();
  story.run_for(3s);
  // 481: Parkway's own BYE was there first, and its dialog is over.
  CHECK((alice.line().seen().bye_status == 200 || alice.line().seen().bye_status == 481));
  CHECK((james.line().seen().bye_status == 200 || james.line().seen().bye_status == 481));
  check_end(story);
}

TEST_CASE("a From that is not the authenticated user is refused", "[call]") {
  simulation story;
  story.registered("james", "103");
  auto& alice = story.registered("alice", "106");
  // The same phone, the same password, another name on its calls.
  sip_text m;
  m.method = "INVITE";
  m.uri = "sip:103@pbx.test";
  m.add("From", "<sip:101@pbx.test>;tag=forged").add("To", "<sip:103@pbx.test>");
  m.add("Contact", alice.contact());
  int status = 0;
  alice.send_outside(m, [&](const sip_text* r) { status = r ? r->status : 408; });
  story.run_for(1s);
  CHECK(status == 403);
  check_end(story);
}

TEST_CASE("INFO goes to the other party", "[call]") {
  simulation story{{.seed = GENERATE(seeds(3))}};
  auto [alice, james] = talk(story);
  alice.line().send_info("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n");
  story.run_for(1s);
  CHECK(james.line().seen().infos == std::vector<std::string>{"Signal=5\r\nDuration=160\r\n"});
  check_end(story);
}

TEST_CASE("OPTIONS in a call is answered", "[call]") {
  simulation story;
  auto [alice, james] = talk(story);
  alice.line().send_options();
  james.line().send_options();
  story.run_for(1s);
  check_end(story);
}

TEST_CASE("a caller whose ACK never comes is hung up, and so is the other side", "[call]") {
  simulation story;
  auto& alice = story.registered("alice", "106");
  auto& james = story.registered("james", "103", {.answer_after = 1s});
  alice.call("103");
  story.run_until([&] { return james.has_call() && james.line().talking(); });
  alice.unplug();
  story.run_for(40s);
  CHECK(james.line().ended());
  check_end(story);
}

TEST_CASE("an ACK that is lost comes again with the repeated 200", "[call]") {
  simulation story;
  auto& alice = story.registered("alice", "106");
  story.registered("james", "103", {.answer_after = 1s});
  story.net().lose_next([](const sighting& s) {
    return s.bytes.substr(0, 8) == "ACK sip:" && s.bytes.find("CSeq: 2 ACK") != s.bytes.npos;
  });
  auto& call = alice.call("103");
  story.run_for(10s);
  CHECK(call.talking());
  CHECK(story.hears("alice") == "james");
  check_end(story);
}

TEST_CASE("a phone's registration ends, its call goes on", "[call]") {
  simulation story;
  auto [alice, james] = talk(story);
  james.unregister();
  story.run_for(2s);
  CHECK(story.hears("alice") == "james");
  CHECK(story.hears("james") == "alice");
  check_end(story);
}

TEST_CASE("calls work over streams and between shards", "[call]") {
  simulation story{{.seed = GENERATE(seeds(10)), .shards = 4}};
  auto& alice = story.registered("alice", "106", {.transport = transport_kind::tcp});
  auto& james = story.registered("james", "103", {.answer_after = 1s});
  auto& call = alice.call("103");
  story.run_for(2s);
  REQUIRE(call.talking());
  CHECK(story.hears("alice") == "james");
  james.line().hold();
  story.run_for(1s);
  CHECK(story.hears("alice") == "music");
  call.hang_up();
  story.run_for(1s);
  CHECK(james.line().ended());
  check_end(story);
}

TEST_CASE(
  "a phone that registered over a stream is reached over it for as long as it is registered",
  "[call][stream]") {
  simulation story{{.seed = GENERATE(seeds(5)), .shards = 2}};
  auto& alice = story.registered("alice", "106");
  auto& james =
    story.registered("james", "103", {.transport = transport_kind::tcp, .answer_after = 1s});
  story.run_for(20min);
  auto& call = alice.call("103");
  story.run_for(2s);
  REQUIRE(call.talking());
  story.run_for(20min);
  call.hang_up();
  story.run_for(1s);
  CHECK(james.line().ended());
  check_end(story);
}

TEST_CASE("a phone whose stream broke in a call is reached by the one it registers on next",
          "[call][stream]") {
  simulation story{{.seed = GENERATE(seeds(5)), .shards = 2}};
  auto& alice = story.registered("alice", "106");
  auto& james =
    story.registered("james", "103", {.transport = transport_kind::tcp, .answer_after = 1s});
  auto& call = alice.call("103");
  story.run_for(2s);
  REQUIRE(call.talking());
  story.port().cut(james.address());
  james.register_for();
  story.run_for(1s);
  call.hang_up();
  story.run_for(1s);
  CHECK(james.line().ended());
  check_end(story);
}

TEST_CASE("a call through a bad network is set up and ended on both sides, whatever the seed",
          "[call][network]") {
  simulation story{{.seed = GENERATE(seeds(100)), .shards = 2, .link = link_terms::bad()}};
  auto& alice = story.add_phone("alice", "106");
  auto& james = story.add_phone("james", "103", {.answer_after = 2s});
  alice.register_for();
  james.register_for();
  REQUIRE(story.run_until([&] { return alice.registered() && james.registered(); }, 2min));
  auto& call = alice.call("103");
  REQUIRE(story.run_until([&] { return call.talking(); }, 40s));
  CHECK(story.hears("alice") == "james");
  (story.seed() % 2 ? alice : james).line().hang_up();
  story.run_for(2min);
  CHECK(call.ended());
  CHECK(james.live_calls() == 0);
  check_end(story);
}
