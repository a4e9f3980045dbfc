#include "tests/sip/shard_bench.hpp"

#include <map>

/// What one phone that knows its password, or a stranger who has seen a word or two of ours, can
/// take from all others: no more than its share.

using namespace parkway;
using namespace parkway::sip;
using namespace parkway::sip::bench;

namespace {

/// What was answered since, by status.
std::map<int, int> answers(test_bench& at) {
  std::map<int, int> seen;
  while (!at.wire.out.empty()) {
    const auto text = at.wire.out.front().text;
    at.wire.out.pop_front();
    if (text.starts_with("SIP/2.0 ")) ++seen[std::stoi(text.substr(8, 3))];
  }
  return seen;
}

/// A SUBSCRIBE of 103's, with its credentials; `lines` behind its own.
std::string subscribe_text(test_bench& at, const std::string& call_id,
                           const std::string& credentials, const std::string& lines = {}) {
  return "SUBSCRIBE sip:104@pbx.test SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.103:5060;branch="
         + at.branch()
         + "\r\nMax-Forwards: 70\r\nFrom: <sip:103@pbx.test>;tag=x\r\nTo: <sip:104@pbx.test>"
           "\r\nCall-ID: "
         + call_id
         + "\r\nCSeq: 1 SUBSCRIBE\r\nContact: <sip:103@192.0.2.103>\r\nEvent: dialog\r\n"
           "Expires: 600\r\n"
         + lines + credentials + "Content-Length: 0\r\n\r\n";
}

/// Subscribes and is taken; the status it is answered.
int subscribes(test_bench& at, const std::string& call_id, const std::string& lines = {}) {
  at.arrives(subscribe_text(at, call_id, {}));
  at.next_response(401);
  const auto known =
    test_bench::authorize(at.last.text, "103", "SUBSCRIBE", "sip:104@pbx.test", "pw103");
  at.arrives(subscribe_text(at, call_id, known, lines));
  if (!at.hears_nothing()) at.tell(watch_taken{at.hears<watch_asked>().id, at.owner});
  return at.next().status();
}

}  // namespace

TEST_CASE("what a phone asks in a call has a rate, and the call can be ended all the same",
          "[shard][flood]") {
  test_bench at;
  phone_side james{at};
  james.talks();
  const std::string method = GENERATE("INFO", "OPTIONS", "UPDATE", "MESSAGE", "REFER");
  const auto before = at.shard->counts().transactions;
  for (int i = 0; i < 3000; ++i)
    james.sends(method);
  const auto seen = answers(at);
  CHECK(seen.at(503) >= 2940);
  CHECK(at.shard->counts().transactions <= before + 60);
  CHECK(at.heard.size() <= 60);
  at.arrives(james.request(method));
  CHECK(at.next_response(503).header("Retry-After"));
  at.wait(1s);
  at.wire.out.clear();
  for (int i = 0; i < 100; ++i)
    james.sends(method);
  CHECK(answers(at).at(503) >= 79);
  at.heard.clear();
  james.sends("BYE");
  CHECK(answers(at).contains(200));
  CHECK(at.hears<leg_ended>().cause == end_cause::hung_up);
}

TEST_CASE("a phone that presses keys, holds and refreshes is never over its rate",
          "[shard][flood]") {
  test_bench at;
  phone_side james{at};
  james.talks();
  for (int second = 0; second < 60; ++second) {
    for (int key = 0; key < 12; ++key)
      james.sends("INFO");
    james.sends("UPDATE");
    james.sends("OPTIONS");
    at.wait(1s);
  }
  const auto seen = answers(at);
  CHECK_FALSE(seen.contains(503));
  CHECK(seen.at(200) == 60 * 14);
}

TEST_CASE("a key that is refreshed all the time has a rate", "[shard][flood]") {
  test_bench at;
  REQUIRE(subscribes(at, "key") == 200);
  const auto to = between(at.last.text, "\r\nTo: ", '\r');
  const auto before = at.shard->counts().transactions;
  for (int i = 2; i < 1000; ++i) {
    auto again = subscribe_text(at, "key", {});
    again.replace(again.find("<sip:104@pbx.test>"), 18, to);
    again.replace(again.find("CSeq: 1 "), 8, "CSeq: " + std::to_string(i) + " ");
    at.arrives(again);
  }
  CHECK(answers(at).at(503) >= 980);
  CHECK(at.shard->counts().transactions <= before + 10);
}

TEST_CASE("keys of one extension are bounded by what they hold, too", "[shard][flood]") {
  test_bench at;
  std::string routes;
  for (int i = 0; i < 7; ++i)
    routes += "Record-Route: <sip:" + std::string(1900, 'r') + ";lr>\r\n";
  int taken = 0, refused = 0;
  for (int i = 0; i < 300; ++i) {
    const auto status = subscribes(at, "key-" + std::to_string(i), routes);
    taken += status == 200;
    refused += status == 503;
  }
  CHECK(taken > 100);
  CHECK(taken < 200);
  CHECK(taken + refused == 300);
  // They are given back.
  at.wait(700s);
  at.wire.out.clear();
  at.heard.clear();
  CHECK(at.shard->counts().subscriptions == 0);
  CHECK(subscribes(at, "anew", routes) == 200);
}

TEST_CASE("ordinary keys are bounded by number alone", "[shard][flood]") {
  test_bench at;
  for (int i = 0; i < 500; ++i)
    REQUIRE(subscribes(at, "key-" + std::to_string(i)) == 200);
  CHECK(subscribes(at, "one-too-many") == 503);
}

TEST_CASE("whoever knows a password may not ask without end either", "[shard][flood]") {
  settings node;
  node.requests_per_second = 20;
  test_bench at{node};
  const auto asks = [&](const std::string& credentials) {
    at.arrives("REGISTER sip:pbx.test SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.5;branch=" + at.branch()
                 + ";rport\r\nMax-Forwards: 70\r\nFrom: <sip:103@pbx.test>;tag=r\r\nTo: "
                   "<sip:103@pbx.test>\r\nCall-ID: reg-1\r\nCSeq: 1 REGISTER\r\n"
                 + credentials + "Content-Length: 0\r\n\r\n",
               test_bench::stranger());
  };
  asks({});
  at.next_response(401);
  const auto challenge = at.last.text;
  for (int i = 0; i < 1000; ++i)
    asks(test_bench::authorize(challenge, "103", "REGISTER", "sip:pbx.test", "pw103"));
  CHECK(at.registered.size() == 200);
  CHECK(answers(at)[503] <= 20);
  at.wait(1s);
  at.registered.clear();
  asks(test_bench::authorize(challenge, "103", "REGISTER", "sip:pbx.test", "pw103"));
  CHECK(at.registered.size() == 1);
}
