#include "tests/sip/shard_bench.hpp"

/// A phone calls Parkway.

using namespace parkway;
using namespace parkway::sip;
using namespace parkway::sip::bench;

TEST_CASE("a phone that calls is announced as the directory knows it", "[leg][inbound]") {
  test_bench at;
  phone_side phone{.at = at, .target = "sip:*68104@pbx.test;orbit=104"};
  const auto call = phone.calls("Replaces: abc;to-tag=1;from-tag=2\r\n");
  CHECK(call.tenant == tenant_name{"demo"});
  CHECK(call.caller == party{"Name 103", number{"103"}, false});
  CHECK(call.dialled == "*68104");
  CHECK(call.orbit == "104");
  CHECK(call.replaces == dialog_name{"abc", "1", "2", false});
  CHECK(call.phone.contact == "103@192.0.2.103:5060");
  CHECK(call.shard == at.face);
  REQUIRE(call.offer);
  CHECK(call.offer->streams.at(0).port == 4000);
}

TEST_CASE("a caller may hide, but not pretend", "[leg][inbound]") {
  test_bench at;
  phone_side hidden{.at = at, .own = "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=a"};
  CHECK(hidden.calls().caller.withheld);
  phone_side discreet{.at = at, .call_id = "call-2"};
  CHECK(discreet.calls("Privacy: id\r\n").caller.withheld);

  phone_side liar{.at = at, .call_id = "call-3", .own = "<sip:104@pbx.test>;tag=l"};
  at.arrives(liar.request("INVITE", {}, sdp()));
  at.next_response(401);
  const auto credentials =
    test_bench::authorize(at.last.text, "103", "INVITE", liar.target, "pw103");
  at.wire.out.clear();
  at.arrives(liar.request("INVITE", credentials, sdp()));
  at.next_response(403);
  CHECK(at.hears_nothing());
}

TEST_CASE("an answered call is confirmed by its ACK", "[leg][inbound]") {
  test_bench at;
  phone_side phone{at};
  const auto call = phone.calls("Supported: timer\r\n");
  at.tell(send_ringing{call.leg, 180, nullptr, false});
  const auto ringing = at.next_response(180);
  CHECK_FALSE(ringing.header("RSeq"));
  at.tell(answer_call{call.leg, our_session(), party{"Bob", number{"104"}, false}});
  const auto ok = at.next_response(200);
  CHECK(ok.to_tag() == ringing.to_tag());
  CHECK(ok.header("P-Asserted-Identity") == "\"Bob\" <sip:104@pbx.test>");
  CHECK(ok.header("Session-Expires") == "1800;refresher=uac");
  CHECK(ok.lists("Require", "timer"));
  const auto ours = parse_sdp(ok.body());
  REQUIRE(ours);
  CHECK(ours->streams.at(0).address->text() == "192.0.2.10");
  phone.learns(ok);
  phone.acknowledges(phone.invite_sequence);
  CHECK_FALSE(at.hears<leg_confirmed>().answer);
  phone.sends("BYE");
  at.next_response(200);
  const auto end = at.hears<leg_ended>();
  CHECK(end.cause == end_cause::hung_up);
  CHECK_FALSE(end.unconfirmed);
  phone.sends("INFO");
  at.next_response(481);
  CHECK(at.shard->counts().legs == 0);
}

TEST_CASE("a 200 is repeated until its ACK, and then no more", "[leg][inbound]") {
  test_bench at;
  phone_side phone{at};
  const auto call = phone.calls();
  at.tell(answer_call{call.leg, our_session(), {}});
  phone.learns(at.next_response(200));
  const auto first = at.last.text;
  at.wait(500ms);
  at.next_response(200);
  CHECK(at.last.text == first);
  at.wait(990ms);
  CHECK(at.silent());
  at.wait(20ms);
  at.next_response(200);
  phone.acknowledges(phone.invite_sequence);
  at.hears<leg_confirmed>();
  at.wait(60s);
  CHECK(at.silent());
}

TEST_CASE("a 200 that is never acknowledged ends the call with BYE", "[leg][inbound]") {
  test_bench at;
  phone_side phone{at};
  at.tell(answer_call{phone.calls().leg, our_session(), {}});
  at.wait(31900ms);
  CHECK(at.wire.out.size() == 11);  // 0, 0.5, 1.5, 3.5, 7.5, 11.5 … 31.5 s
  at.wire.out.clear();
  at.wait(200ms);
  at.next_request(method::bye);
  const auto end = at.hears<leg_ended>();
  CHECK(end.cause == end_cause::no_ack);
  CHECK(end.unconfirmed);
}

TEST_CASE("a repeated INVITE is answered from its transaction and announced once",
          "[leg][inbound]") {
  test_bench at;
  phone_side phone{at};
  const auto call = phone.calls();
  at.arrives(phone.invite);
  at.next_response(100);
  at.tell(send_ringing{call.leg, 180, nullptr, false});
  at.next_response(180);
  at.arrives(phone.invite);
  at.next_response(180);
  CHECK(at.hears_nothing());
}

TEST_CASE("CANCEL before the answer ends the call, after it nothing", "[leg][inbound]") {
  test_bench at;
  phone_side phone{at};
  const auto call = phone.calls();
  at.tell(send_ringing{call.leg, 180, nullptr, false});
  const auto tag = std::string{at.next_response(180).to_tag()};
  const auto cancel = phone.request("CANCEL", {}, {}, phone.invite_branch, phone.invite_sequence);
  at.arrives(cancel);
  CHECK(at.next_response(200).to_tag() == tag);
  at.next_response(487);
  const auto end = at.hears<leg_ended>();
  CHECK(end.cause == end_cause::cancelled);
  CHECK(end.unconfirmed);
  at.tell(answer_call{call.leg, our_session(), {}});
  CHECK(at.silent());

  phone_side late{.at = at, .call_id = "call-2"};
  at.tell(answer_call{late.calls().leg, our_session(), {}});
  late.learns(at.next_response(200));
  auto crossing = late.request("CANCEL", {}, {}, late.invite_branch, late.invite_sequence);
  at.arrives(crossing);
  at.next_response(200);
  CHECK(at.hears_nothing());
  late.acknowledges(late.invite_sequence);
  at.hears<leg_confirmed>();
}

TEST_CASE("a refused call tells the phone why", "[leg][inbound]") {
  test_bench at;
  phone_side phone{at};
  at.tell(reject_call{phone.calls().leg, {fault_code::no_such_number, 0, "nobody has \"999\""}});
  const auto refused = at.next_response(404);
  CHECK(refused.header("Warning") == "399 pbx \"nobody has \\\"999\\\"\"");
  phone.peer = refused.to_text();
  at.arrives(phone.request("ACK", {}, {}, phone.invite_branch, phone.invite_sequence));
  at.wait(40s);
  CHECK(at.silent());
  CHECK(at.hears_nothing());
  CHECK(at.shard->counts().transactions == 0);
}

TEST_CASE("a phone that offers nothing gets our offer, and its ACK has the answer",
          "[leg][inbound]") {
  test_bench at;
  phone_side phone{at};
  const auto call = phone.calls({}, {});
  CHECK_FALSE(call.offer);
  at.tell(send_ringing{call.leg, 183, our_session(), false});
  CHECK(at.next_response(183).body().empty());
  at.tell(answer_call{call.leg, our_session(), {}});
  phone.learns(at.next_response(200));
  phone.acknowledges(phone.invite_sequence, sdp());
  const auto confirmed = at.hears<leg_confirmed>();
  REQUIRE(confirmed.answer);
  CHECK(confirmed.answer->streams.at(0).port == 4000);
}

TEST_CASE("an ACK that owes an answer and has none ends the call", "[leg][inbound]") {
  test_bench at;
  phone_side phone{at};
  at.tell(answer_call{phone.calls({}, {}).leg, our_session(), {}});
  phone.learns(at.next_response(200));
  phone.acknowledges(phone.invite_sequence);
  at.next_request(method::bye);
  CHECK(at.hears<leg_ended>().unconfirmed);
}

TEST_CASE("a body that is no session is refused", "[leg][inbound]") {
  test_bench at;
  const auto outcome = [&](std::string lines, std::string body) {
    phone_side phone{.at = at, .call_id = "c" + std::to_string(at.branches)};
    at.arrives(phone.request("INVITE", {}, sdp()));
    at.next_response(401);
    lines += test_bench::authorize(at.last.text, "103", "INVITE", phone.target, "pw103");
    auto text = phone.request("INVITE", lines, body);
    if (body == "x") text.replace(text.find("application/sdp"), 15, "text/plain");
    at.arrives(text);
    at.next_response(100);
    return at.next().status();
  };
  CHECK(outcome({}, "x") == 415);
  CHECK(outcome("Content-Encoding: gzip\r\n", sdp()) == 415);
  CHECK(outcome({}, "v=nonsense\r\n") == 400);
  CHECK(outcome("Supported: timer\r\nSession-Expires: 60\r\n", sdp()) == 422);
  CHECK(at.hears_nothing());
  CHECK(at.shard->counts().legs == 0);
}

TEST_CASE("hanging up before the ACK waits for it", "[leg][inbound]") {
  test_bench at;
  phone_side phone{at};
  const auto call = phone.calls();
  at.tell(answer_call{call.leg, our_session(), {}});
  phone.learns(at.next_response(200));
  at.tell(hang_up{call.leg});
  CHECK(at.silent());
  phone.acknowledges(phone.invite_sequence);
  at.next_request(method::bye);
  CHECK(at.hears_nothing());
  CHECK(at.shard->counts().legs == 0);
}

TEST_CASE("a BYE before the answer ends the call and its INVITE", "[leg][inbound]") {
  test_bench at;
  phone_side phone{at};
  at.tell(send_ringing{phone.calls().leg, 180, nullptr, false});
  phone.learns(at.next_response(180));
  phone.sends("BYE");
  at.next_response(200);
  at.next_response(487);
  CHECK(at.hears<leg_ended>().unconfirmed);
}

// --- provisional answers (RFC 3262) ----------------------------------------------------------

TEST_CASE("a reliable 183 is repeated until its PRACK, and the answer waits for it",
          "[leg][100rel]") {
  test_bench at;
  phone_side phone{at};
  const auto call = phone.calls("Supported: 100rel\r\n");
  at.tell(send_ringing{call.leg, 183, our_session(), true});
  const auto early = at.next_response(183);
  CHECK(early.lists("Require", "100rel"));
  const auto rseq = std::string{*early.header("RSeq")};
  phone.learns(early);
  at.wait(500ms);
  at.next_response(183);
  at.tell(answer_call{call.leg, our_session(), {}});
  CHECK(at.silent());
  const auto invite = std::to_string(phone.invite_sequence);
  phone.sends("PRACK", "RAck: 1 " + invite + " INVITE\r\n");
  at.next_response(481);
  phone.sends("PRACK", "RAck: " + rseq + " " + invite + " INVITE\r\n");
  at.next_response(200);
  const auto ok = at.next_response(200);
  CHECK(ok.cseq_method() == method::invite);
  // The same session as in the 183: the same version (RFC 3264 §8).
  CHECK(sdp_origin_line(ok.body()) == sdp_origin_line(early.body()));
  phone.acknowledges(phone.invite_sequence);
  at.hears<leg_confirmed>();
  at.wait(40s);
  CHECK(at.silent());
}

TEST_CASE("a reliable answer without PRACK ends the call with a 5xx", "[leg][100rel]") {
  test_bench at;
  phone_side phone{at};
  at.tell(send_ringing{phone.calls("Require: 100rel\r\n").leg, 180, nullptr, false});
  at.next_response(180);
  CHECK(at.last.text.find("RSeq") != std::string::npos);
  at.wire.out.clear();
  at.wait(32s);
  while (at.wire.out.size() > 1)
    at.next_response(180);
  at.next_response(500);
  CHECK(at.hears<leg_ended>().cause == end_cause::lost);
}

TEST_CASE("a phone's reliable answer is acknowledged once, in its early dialog", "[leg][100rel]") {
  test_bench at;
  phone_side phone{at};
  auto wanted = phone_side::from_alice();
  wanted.reliable = true;
  const auto invite = phone.rings(wanted);
  CHECK(invite.lists("Supported", "100rel"));
  const std::string reliable = "Require: 100rel\r\nRSeq: 7\r\n";
  phone.answers(invite, 183, reliable, sdp());
  const auto prack = at.next_request(method::prack);
  CHECK(prack.header("RAck") == "7 1 INVITE");
  CHECK(prack.to_tag() == "phone");
  const auto ringing = at.hears<leg_ringing>();
  CHECK(ringing.status == 183);
  CHECK(ringing.early);
  phone.answers(invite, 183, reliable, sdp());
  CHECK(at.silent());
  CHECK(at.hears_nothing());
  // A 200 without a session means the one of the 183.
  phone.answers(invite, 200);
  at.next_request(method::ack);
  CHECK(at.hears<leg_answered>().session);
}
