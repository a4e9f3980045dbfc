#include "tests/sim/story.hpp"

using namespace parkway;
using namespace parkway::sim;
using namespace std::chrono_literals;

namespace {

/// How many contacts the last answer listed.
std::size_t contacts_listed(const phone& p) {
  return p.last_register_answer().values("Contact").size();
}

}  // namespace

TEST_CASE("a phone registers with digest", "[register]") {
  simulation story{{.seed = GENERATE(seeds(5))}};
  auto& james = story.add_phone("james", "103");
  james.register_for();
  story.run_for(1s);
  CHECK(james.registered());
  CHECK(story.ladder({.registers = true, .challenges = true}) == R"(
james -> pbx    REGISTER
pbx   -> james  401 (REGISTER)
james -> pbx    REGISTER
pbx   -> james  200 (REGISTER)
)");
  auto granted = parameter_of(james.last_register_answer().header("Contact"), "expires");
  CHECK(granted == "3600");
  check_end(story);
}

TEST_CASE("the challenge offers MD5 first, then SHA-256, with qop=auth and the domain as realm",
          "[register]") {
  simulation story;
  auto& james = story.add_phone("james", "103", {.password = "wrong"});
  james.register_for();
  story.run_for(1s);
  std::vector<std::string> challenges;
  for (auto& [name, value] : james.last_register_answer().headers)
    if (name == "WWW-Authenticate") challenges.push_back(value);
  REQUIRE(challenges.size() == 2);
  CHECK(challenges[0].find("algorithm=MD5") != std::string::npos);
  CHECK(challenges[1].find("algorithm=SHA-256") != std::string::npos);
  for (auto& c : challenges) {
    CHECK(c.find("qop=\"auth\"") != std::string::npos);
    CHECK(c.find("realm=\"pbx.test\"") != std::string::npos);
  }
}

TEST_CASE("a phone registers with SHA-256 where that is offered first", "[register]") {
  story_terms terms;
  terms.configure = [](settings& s) { s.digest = {digest_algorithm::sha256}; };
  simulation story{terms};
  CHECK(story.registered("james", "103").registered());
  check_end(story);
}

TEST_CASE("a wrong password and an unknown user cannot be told apart", "[register]") {
  simulation story;
  auto& wrong = story.add_phone("wrong", "103", {.password = "guess"});
  auto& unknown = story.add_phone("nobody", "999");
  wrong.register_for();
  unknown.register_for();
  story.run_for(2s);
  CHECK_FALSE(wrong.registered());
  CHECK_FALSE(unknown.registered());
  CHECK(wrong.register_answers() == unknown.register_answers());
  CHECK(wrong.last_register_answer().reason == unknown.last_register_answer().reason);
  CHECK(wrong.last_register_answer().headers.size()
        == unknown.last_register_answer().headers.size());
  check_end(story);
}

TEST_CASE("an interval below a minute is too brief", "[register]") {
  simulation story;
  auto& james = story.add_phone("james", "103");
  james.register_for(30s);
  story.run_for(1s);
  CHECK(james.register_status() == 423);
  CHECK(james.last_register_answer().header("Min-Expires") == "60");
  CHECK_FALSE(james.registered());
  james.register_for(60s);
  story.run_for(1s);
  CHECK(james.registered());
  check_end(story);
}

TEST_CASE("more than two hours are granted as two hours", "[register]") {
  simulation story;
  auto& james = story.add_phone("james", "103");
  james.register_for(100'000s);
  story.run_for(1s);
  CHECK(parameter_of(james.last_register_answer().header("Contact"), "expires") == "7200");
  check_end(story);
}

TEST_CASE("two phones of one extension both are listed, and each leaves alone", "[register]") {
  simulation story{{.seed = GENERATE(seeds(5))}};
  auto& desk = story.registered("desk", "103");
  auto& soft = story.registered("soft", "103");
  CHECK(contacts_listed(soft) == 2);
  desk.unregister();
  story.run_for(1s);
  CHECK(desk.register_status() == 200);
  CHECK_FALSE(desk.registered());
  CHECK(contacts_listed(desk) == 1);
  check_end(story);
}

TEST_CASE("Contact: * with Expires: 0 removes every phone of the extension", "[register]") {
  simulation story;
  story.registered("desk", "103");
  auto& soft = story.registered("soft", "103");
  soft.unregister_all();
  story.run_for(1s);
  CHECK(soft.register_status() == 200);
  CHECK(contacts_listed(soft) == 0);
  auto& alice = story.registered("alice", "106");
  auto& call = alice.call("103");
  story.run_for(2s);
  CHECK(call.seen().status == 480);
  check_end(story);
}

TEST_CASE("a refreshed registration stays, an abandoned one ends", "[register]") {
  simulation story;
  auto& keeper = story.add_phone("keeper", "103");
  auto& leaver = story.add_phone("leaver", "104", {.keeps_registered = false});
  auto& alice = story.registered("alice", "106");
  keeper.register_for(120s);
  leaver.register_for(120s);
  story.run_for(150s);
  auto& refused = alice.call("104");
  story.run_for(2s);
  CHECK(refused.seen().status == 480);
  auto& rings = alice.call("103");
  story.run_for(2s);
  CHECK(rings.seen().progress == std::vector<int>{180});
  check_end(story);
}

TEST_CASE("a nonce that has grown old is answered stale, and the phone needs no new password",
          "[register]") {
  simulation story;
  auto& james =
    story.registered("james", "103", {.remembers_challenge = true, .keeps_registered = false});
  story.run_for(2min);
  james.register_for();
  story.run_for(1s);
  CHECK(james.register_answers() == std::vector<int>{401, 200, 200});
  story.run_for(10min);
  auto before = story.net().seen().size();
  james.register_for();
  story.run_for(1s);
  CHECK(james.register_answers() == std::vector<int>{401, 200, 200, 401, 200});
  std::string wrong;
  auto challenge = read_sip(story.net().seen().at(before + 1).bytes, wrong);
  REQUIRE(challenge);
  CHECK(challenge->header("WWW-Authenticate").find("stale=true") != std::string::npos);
  check_end(story);
}

TEST_CASE("a registration gets through a bad network, whatever the seed", "[register]") {
  simulation story{{.seed = GENERATE(seeds(40)), .link = link_terms::bad()}};
  auto& james = story.add_phone("james", "103");
  auto& ann = story.add_phone("ann", "101");
  james.register_for();
  ann.register_for();
  story.run_for(1min);
  CHECK(james.registered());
  CHECK(ann.registered());
  check_end(story);
}

TEST_CASE("phones register over a stream too, and through any shard", "[register]") {
  simulation story{{.seed = GENERATE(seeds(5)), .shards = 3}};
  for (int i = 1; i <= 6; ++i)
    story.registered("phone" + std::to_string(i), "10" + std::to_string(i),
                     {.transport = i % 2 ? transport_kind::tcp : transport_kind::udp});
  for (int i = 1; i <= 6; ++i)
    CHECK(story["phone" + std::to_string(i)].registered());
  check_end(story);
}

TEST_CASE("OPTIONS to Parkway itself needs no password", "[register]") {
  simulation story;
  auto& james = story.add_phone("james", "103");
  james.options("sip:pbx.test");
  james.options("sip:192.0.2.10:5060");
  story.run_for(1s);
  CHECK(james.outside_answers() == std::vector<int>{200, 200});
  CHECK(james.last_outside_answer().lists("Allow", "REFER"));
  check_end(story);
}

TEST_CASE("two tenants have the same numbers and different phones", "[register][tenants]") {
  office other{.name = "other", .domain = "other.test", .is_default = false};
  story_terms terms;
  terms.more_offices = {other};
  simulation story{terms};
  auto& ours = story.registered("ours", "103");
  auto& theirs = story.registered("theirs", "103", {.domain = "other.test"});
  CHECK(contacts_listed(ours) == 1);
  CHECK(contacts_listed(theirs) == 1);
  auto& alice = story.registered("alice", "106");
  alice.call("103");
  story.run_for(2s);
  CHECK(ours.has_call());
  CHECK_FALSE(theirs.has_call());
  check_end(story);
}
