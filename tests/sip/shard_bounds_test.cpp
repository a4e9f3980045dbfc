#include "sip/message/status.hpp"
#include "tests/sip/plain_requests.hpp"

#include <caf/scoped_actor.hpp>

using namespace parkway;
using namespace parkway::sip;
using namespace parkway::sip::bench;

/// Guesses, rates, bans, and what is under way between shards.

TEST_CASE("a stranger who guesses passwords is banned, and the other shards hear of it",
          "[shard]") {
  settings node;
  node.ban_after = 3;
  test_bench at{node, 0, 2};
  const auto stranger = [] {
    auto via = test_bench::phone();
    via.remote.address = *ip_address::parse("198.51.100.7");
    return via;
  }();
  at.arrives(register_text(at, {}, 1), stranger);
  at.next_response(401);
  const auto guess =
    test_bench::authorize(at.last.text, "103", "REGISTER", "sip:pbx.test", "guess");
  for (std::uint32_t i = 0; i < 3; ++i) {
    const auto asked = register_text(at, guess, 2 + i);
    at.arrives(asked, stranger);
    at.next_response(401);
    CHECK(at.hears<authentication_failed>().source == stranger.remote.address);
    // A retransmission is no further guess.
    at.arrives(asked, stranger);
    if (i < 2) at.next_response(401);
    CHECK(at.hears_nothing());
  }
  at.arrives(register_text(at, {}, 9), stranger);
  CHECK(at.silent());
  at.wait(61s);
  at.arrives(register_text(at, {}, 10), stranger);
  at.next_response(401);
}

TEST_CASE("an office with one phone that has an old password goes on working", "[shard]") {
  settings node;
  node.requests_per_second = 2000;
  test_bench at{node, 0, 2};
  const auto sends = [&](const std::string& method, const std::string& user,
                         const std::string& password) {
    auto text = method == "REGISTER" ? register_text(at, {}, 1, user)
                                     : simple(at, "SUBSCRIBE", "sip:104@pbx.test");
    const auto named = [&] {
      for (auto from = text.find("sip:103@"); from != text.npos;
           from = text.find("sip:103@", from + 1))
        text.replace(from + 4, 3, user);
      text.replace(text.find("branch=z9hG4bK"), 14, "branch=z9hG4bK" + at.branch());
    };
    named();
    at.wire.out.clear();
    at.arrives(text, test_bench::stranger());
    if (at.wire.out.empty()) return 0;
    const auto challenge = at.wire.out.front().text;
    const std::string uri = method == "REGISTER" ? "sip:pbx.test" : "sip:104@pbx.test";
    const auto known = test_bench::authorize(challenge, user, method, uri, password);
    text.insert(text.find("Content-Length"), known);
    text.replace(text.find("branch=z9hG4bK"), 14, "branch=z9hG4bKx");
    at.wire.out.clear();
    at.arrives(text, test_bench::stranger());
    return at.wire.out.empty() ? 0 : static_cast<int>(at.next().status());
  };
  int refused = 0, unheard = 0;
  for (int minute = 0; minute < 10; ++minute) {
    for (const std::string good : {"101", "102", "104", "105"}) {
      at.registered.clear();
      sends("REGISTER", good, "pw" + good);
      CHECK(at.registered.size() == 1);
    }
    for (int key = 0; key < 11; ++key) {
      const auto status = sends(key == 0 ? "REGISTER" : "SUBSCRIBE", "103", "old");
      refused += status == 401;
      unheard += status == 0;
    }
    at.wait(30s);
  }
  CHECK(refused >= 10);
  CHECK(unheard >= 60);
}

TEST_CASE("a guess counts beside a right password, too", "[shard]") {
  settings node;
  node.ban_after = 3;
  test_bench at{node};
  for (std::uint32_t i = 0; i < 3; ++i) {
    at.arrives(register_text(at, {}, 1 + 2 * i), test_bench::stranger());
    at.next_response(401);
    const auto challenge = at.last.text;
    const auto guess = test_bench::authorize(challenge, "101", "REGISTER", "sip:pbx.test",
                                             "guess" + std::to_string(i));
    at.arrives(
      register_text(
        at, guess + test_bench::authorize(challenge, "103", "REGISTER", "sip:pbx.test", "pw103"),
        2 + 2 * i),
      test_bench::stranger());
    CHECK(at.silent());  // The extension is asked.
  }
  CHECK(at.registered.size() == 3);
  at.arrives(register_text(at, {}, 9, "101"), test_bench::stranger());
  CHECK(at.silent());
  at.arrives(register_text(at, {}, 9), test_bench::stranger());
  at.next_response(401);
}

TEST_CASE("an answer to a challenge is good once", "[shard][register]") {
  test_bench at;
  at.arrives(register_text(at, {}, 1));
  at.next_response(401);
  const auto challenge = at.last.text;
  const auto known = test_bench::authorize(challenge, "103", "REGISTER", "sip:pbx.test", "pw103");
  at.arrives(register_text(at, known, 2));
  REQUIRE(at.registered.size() == 1);
  auto replay = register_text(at, known, 3);
  for (const auto& [was, is] : {std::pair<std::string, std::string>{"reg-1", "reg-2"},
                                {"<sip:103@10.0.0.5:5060>", "<sip:103@10.0.0.9:5060>"}})
    replay.replace(replay.find(was), was.size(), is);
  at.arrives(replay);
  at.next_response(401);
  CHECK(at.last.text.find("stale=true") != std::string::npos);
  CHECK(at.registered.size() == 1);
  // The phone itself counts on, and begins anew with a new nonce.
  at.arrives(register_text(
    at, test_bench::authorize(challenge, "103", "REGISTER", "sip:pbx.test", "pw103"), 4));
  CHECK(at.registered.size() == 2);
  at.arrives(register_text(
    at, test_bench::authorize(at.last.text, "103", "REGISTER", "sip:pbx.test", "pw103"), 5));
  CHECK(at.registered.size() == 3);

  phone_side james{at};
  at.arrives(james.request("INVITE", {}, sdp()));
  at.next_response(401);
  const auto invited = test_bench::authorize(at.last.text, "103", "INVITE", james.target, "pw103");
  at.arrives(james.request("INVITE", invited, sdp()));
  at.next_response(100);
  at.hears<incoming_call>();
  phone_side thief{.at = at, .call_id = "call-2"};
  thief.target = "sip:105@pbx.test";
  at.arrives(thief.request("INVITE", invited, sdp()));
  at.next_response(401);
  CHECK(at.last.text.find("stale=true") != std::string::npos);
  CHECK(at.hears_nothing());
}

TEST_CASE("an answer without qop is none", "[shard][register]") {
  test_bench at;
  at.arrives(register_text(at, {}, 1));
  at.next_response(401);
  const auto nonce = between(at.last.text, "nonce=\"", '"');
  const auto response =
    md5(md5("103:pbx.test:pw103") + ":" + nonce + ":" + md5("REGISTER:sip:pbx.test"));
  at.arrives(register_text(at,
                           "Authorization: Digest username=\"103\", realm=\"pbx.test\", nonce=\""
                             + nonce + "\", uri=\"sip:pbx.test\", response=\"" + response
                             + "\", algorithm=MD5\r\n",
                           2));
  at.next_response(401);
  CHECK(at.last.text.find("stale") == std::string::npos);
  CHECK(at.registered.empty());
}

TEST_CASE("no tag is a way around the rate of its source", "[shard]") {
  settings node;
  node.requests_per_second = 3;
  const std::uint16_t shards = GENERATE(1, 2);
  test_bench at{node, 0, shards};
  const std::string method = GENERATE("BYE", "CANCEL", "INFO", "REFER", "MESSAGE", "DANCE");
  // Of nobody; of no leg; of a leg that is no more.
  const std::string tag = GENERATE(as<std::string>{}, "00001-12345678", "00011-12345678",
                                   "00010-1234567812345678", "00011-1234567812345678", "own");
  const bool sound = GENERATE(true, false);
  for (int i = 0; i < 10; ++i) {
    auto text = simple(at, method, "sip:104@pbx.test", {},
                       ";tag=" + (tag == "own" ? test_bench::words_of(0).leg_tag(5) : tag));
    if (!sound) text.replace(text.find("Max-Forwards: 70"), 16, "Max-Forwards: 700");
    at.arrives(text, test_bench::stranger());
  }
  CHECK(at.wire.out.size() == 3);
  CHECK(at.hears_nothing());
}

TEST_CASE("who is banned is not answered, whatever tag he makes up", "[shard]") {
  settings node;
  node.ban_after = 1;
  test_bench at{node, 0, 2};
  at.arrives(register_text(at, {}, 1), test_bench::stranger());
  at.next_response(401);
  for (std::uint64_t user = 1; user <= 10; ++user)
    at.shard->on_authentication_failure(test_bench::stranger().remote.address, user, at.now);
  for (const std::string tag : {"", ";tag=00001-12345678", ";tag=00011-12345678"})
    for (const std::string method : {"BYE", "CANCEL", "OPTIONS", "INVITE", "REGISTER"})
      at.arrives(simple(at, method, "sip:104@pbx.test", {}, tag), test_bench::stranger());
  CHECK(at.silent());
  CHECK(at.hears_nothing());
}

TEST_CASE("a response whose branch is not ours is dropped, also where it names another shard",
          "[shard]") {
  test_bench at{{}, 0, 2};
  const auto answer = [&](const std::string& branch) {
    at.arrives("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=" + branch
                 + "\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: c\r\n"
                   "CSeq: 1 INVITE\r\nContact: <sip:a@h>\r\nContent-Length: 0\r\n\r\n",
               test_bench::stranger());
  };
  const auto before = at.shard->counts().dropped;
  answer("z9hG4bK00010123456789abcdef");
  answer("z9hG4bK00010123456789abcdef01234567");
  answer("z9hG4bK00000123456789abcdef01234567");
  answer("z9hG4bKelse");
  CHECK(at.shard->counts().dropped == before + 4);
  CHECK(at.hears_nothing());
  CHECK(at.silent());
}

TEST_CASE("a message for another shard's dialog is posted there, whole", "[shard]") {
  test_bench at{{}, 0, 2};
  auto there = test_bench::words_of(1);
  const auto text = simple(at, "BYE", "sip:104@pbx.test", {}, ";tag=" + there.leg_tag(5));
  at.arrives(text);
  CHECK(at.silent());
  CHECK(at.hears<stray_message>().bytes == text);

  const auto response = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=" + there.branch()
                        + "\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: c\r\n"
                          "CSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n";
  at.arrives(response);
  CHECK(at.hears<stray_message>().bytes == response);
}

TEST_CASE("of what is for another shard so much is under way at once, and no more", "[shard]") {
  test_bench at{{}, 0, 2};
  auto there = test_bench::words_of(1);
  const auto tag = ";tag=" + there.leg_tag(5);
  const auto flood = [&](int count, const std::string& lines = {}) {
    for (int i = 0; i < count; ++i)
      at.arrives(simple(at, "BYE", "sip:104@pbx.test", lines, tag));
  };
  flood(3000);
  CHECK(at.heard.size() == 1000);
  CHECK(at.shard->counts().crowded_out == 2000);
  CHECK(at.shard->counts().under_way == 1000);
  at.heard.clear();
  CHECK(at.shard->counts().under_way == 0);
  flood(10);
  CHECK(at.heard.size() == 10);
  at.heard.clear();
  // Large ones fill the lane sooner.
  std::string bulk;
  for (int i = 0; i < 8; ++i)
    bulk += "X-" + std::to_string(i) + ": " + std::string(1900, 'x') + "\r\n";
  flood(1000, bulk);
  CHECK(at.heard.size() < 300);
  CHECK(at.silent());
}
