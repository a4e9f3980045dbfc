#include "tests/sip/shard_bench.hpp"

/// Parkway calls a phone.

using namespace parkway;
using namespace parkway::sip;
using namespace parkway::sip::bench;

TEST_CASE("a phone that is called sees who calls", "[leg][outbound]") {
  test_bench at;
  phone_side phone{at};
  const auto invite = phone.rings();
  CHECK(invite.request_uri_text() == "sip:103@192.0.2.103:5060");
  CHECK(at.last.to.remote == phone.via.remote);
  CHECK(invite.from_text().substr(0, 30) == "\"Alice\" <sip:101@pbx.test>;tag");
  CHECK(invite.to_text() == "<sip:103@pbx.test>");
  CHECK(invite.header("P-Asserted-Identity") == "\"Alice\" <sip:101@pbx.test>");
  CHECK(invite.header("Session-Expires") == "1800");
  CHECK(invite.header("Min-SE") == "90");
  CHECK_FALSE(invite.lists("Supported", "100rel"));
  CHECK(invite.lists("Allow", "UPDATE"));
}

TEST_CASE("a caller who hides is shown to nobody", "[leg][outbound]") {
  test_bench at;
  phone_side phone{at};
  auto hidden = phone_side::from_alice();
  hidden.from.withheld = true;
  const auto invite = phone.rings(hidden);
  CHECK(invite.from()->address.host == "anonymous.invalid");
  CHECK(invite.header("Privacy") == "id");
  CHECK(at.last.text.find("101") == std::string::npos);
}

TEST_CASE("a recalled call says so in every phone's words", "[leg][outbound]") {
  test_bench at;
  phone_side phone{at};
  auto recalled = phone_side::from_alice();
  recalled.recall = recall_notice{park_id{"pk-17"}, number{"104"}};
  recalled.to.path = {"<sip:edge.test;lr>"};
  const auto invite = phone.rings(recalled);
  CHECK(invite.header("Alert-Info") == "<http://127.0.0.1/Bellcore-dr2>;info=park-recall");
  CHECK(invite.header("X-Park-Recall") == "slot=104;id=pk-17");
  CHECK(invite.header("Diversion") == "<sip:104@pbx.test>;reason=unknown");
  CHECK(invite.routes() == std::vector<std::string_view>{"<sip:edge.test;lr>"});
}

TEST_CASE("a phone rings and answers; its 200 is acknowledged as often as it comes",
          "[leg][outbound]") {
  test_bench at;
  phone_side phone{at};
  const auto invite = phone.rings();
  phone.answers(invite, 100);
  phone.answers(invite, 180);
  CHECK(at.hears<leg_ringing>().status == 180);
  phone.picks_up(invite);
  const auto ack = at.next_request(method::ack);
  const auto first = at.last.text;
  CHECK(ack.cseq() == invite.cseq());
  CHECK(ack.request_uri_text() == "sip:103@192.0.2.103:5060");
  const auto answered = at.hears<leg_answered>();
  CHECK(answered.session);
  CHECK(answered.phone.contact == "103@192.0.2.103:5060");
  phone.answers(invite, 200, {}, sdp());
  at.next_request(method::ack);
  CHECK(at.last.text == first);
  CHECK(at.hears_nothing());
}

TEST_CASE("a second phone that answers the same INVITE is sent home", "[leg][outbound]") {
  test_bench at;
  phone_side phone{at};
  const auto invite = phone.rings();
  phone.answers(invite, 200, {}, sdp(), "first");
  CHECK(at.next_request(method::ack).to_tag() == "first");
  at.hears<leg_answered>();
  phone.answers(invite, 200, {}, sdp(), "second");
  CHECK(at.next_request(method::ack).to_tag() == "second");
  CHECK(at.next_request(method::bye).to_tag() == "second");
  CHECK(at.hears_nothing());
  CHECK(at.shard->counts().legs == 1);
}

TEST_CASE("a phone that refuses is heard in its own words", "[leg][outbound]") {
  test_bench at;
  phone_side phone{at};
  const auto invite = phone.rings();
  phone.answers(invite, 486);
  at.next_request(method::ack);
  const auto refused = at.hears<leg_refused>();
  CHECK(refused.why.code == fault_code::busy);
  CHECK(refused.why.status == 486);
  CHECK(at.shard->counts().legs == 0);
}

TEST_CASE("a phone that never answers anything has not answered: 408", "[leg][outbound]") {
  test_bench at;
  phone_side phone{at};
  phone.rings();
  at.wait(33s);
  CHECK(at.wire.out.size() == 6);  // 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 s
  const auto refused = at.hears<leg_refused>();
  CHECK(refused.why.code == fault_code::no_answer);
  CHECK(refused.why.status == 408);
  CHECK(at.shard->counts().legs == 0);
}

TEST_CASE("a phone whose flow is gone is not reachable", "[leg][outbound]") {
  test_bench at;
  at.wire.broken = true;
  place_call c = phone_side::from_alice();
  c.leg = at.lent->fresh_leg(0);
  c.owner = at.owner;
  c.tenant = tenant_name{"demo"};
  c.extension = number{"103"};
  c.to.uri = "sip:103@192.0.2.103";
  at.tell(c);
  at.wait(100ms);
  CHECK(at.hears<leg_refused>().why.code == fault_code::not_reachable);
}

TEST_CASE("a phone that wants a longer interval is asked again", "[leg][outbound][timer]") {
  test_bench at;
  phone_side phone{at};
  const auto invite = phone.rings();
  phone.answers(invite, 422, "Min-SE: 3600\r\n");
  at.next_request(method::ack);
  const auto again = at.next_request(method::invite);
  CHECK(again.cseq() == invite.cseq() + 1);
  CHECK(again.header("Session-Expires") == "3600");
  CHECK(again.header("Min-SE") == "3600");
  CHECK(again.header("P-Asserted-Identity"));
  CHECK(at.hears_nothing());
}

TEST_CASE("hanging up a ringing phone CANCELs, with the reason", "[leg][outbound]") {
  test_bench at;
  phone_side phone{at};
  const auto invite = phone.rings();
  phone.answers(invite, 180);
  at.hears<leg_ringing>();
  at.tell(hang_up{phone.leg, hang_up_reason::answered_elsewhere});
  const auto cancel = at.next_request(method::cancel);
  CHECK(cancel.header("Reason") == "SIP;cause=200;text=\"Call completed elsewhere\"");
  CHECK(cancel.top_via().branch == invite.top_via().branch);
  phone.answers(cancel, 200);
  phone.answers(invite, 487);
  at.next_request(method::ack);
  CHECK(at.hears_nothing());
  CHECK(at.shard->counts().legs == 0);
}

TEST_CASE("CANCEL waits for a provisional answer", "[leg][outbound]") {
  test_bench at;
  phone_side phone{at};
  const auto invite = phone.rings();
  at.tell(hang_up{phone.leg});
  CHECK(at.silent());
  phone.answers(invite, 100);
  at.next_request(method::cancel);
  at.wait(100s);
  CHECK(at.shard->counts().legs == 0);
  CHECK(at.shard->counts().transactions == 0);
}

TEST_CASE("a 200 that crosses our CANCEL is acknowledged and ended", "[leg][outbound]") {
  test_bench at;
  phone_side phone{at};
  const auto invite = phone.rings();
  phone.answers(invite, 180);
  at.hears<leg_ringing>();
  at.tell(hang_up{phone.leg});
  at.next_request(method::cancel);
  phone.answers(invite, 200, {}, sdp());
  CHECK(at.next_request(method::ack).cseq() == invite.cseq());
  CHECK(at.next_request(method::bye).cseq() > invite.cseq());
  CHECK(at.hears_nothing());
  // Its repetition finds no leg any more and is treated alike.
  phone.answers(invite, 200, {}, sdp());
  at.next_request(method::ack);
}

TEST_CASE("the BYE after a 200 that crosses our CANCEL is numbered past our PRACKs",
          "[leg][outbound][100rel]") {
  test_bench at;
  phone_side phone{at};
  auto open = phone_side::from_alice();
  open.reliable = true;
  const auto invite = phone.rings(open);
  phone.answers(invite, 180, "Require: 100rel\r\nRSeq: 7\r\n");
  const auto first = at.next_request(method::prack);
  phone.answers(first, 200);
  phone.answers(invite, 180, "Require: 100rel\r\nRSeq: 8\r\n");
  const auto last = at.next_request(method::prack);
  phone.answers(last, 200);
  at.tell(hang_up{phone.leg});
  at.next_request(method::cancel);
  phone.answers(invite, 200, {}, sdp());
  at.next_request(method::ack);
  CHECK(at.next_request(method::bye).cseq() > last.cseq());
}

TEST_CASE("a phone placed without an offer is acknowledged with the owner's answer",
          "[leg][outbound]") {
  test_bench at;
  phone_side phone{at};
  auto open = phone_side::from_alice();
  open.offer = nullptr;
  open.reliable = true;
  const auto invite = phone.rings(open);
  CHECK(invite.body().empty());
  CHECK_FALSE(invite.lists("Supported", "100rel"));
  phone.picks_up(invite);
  CHECK(at.silent());
  CHECK(at.hears<leg_answered>().session);
  phone.answers(invite, 200, {}, sdp());
  CHECK(at.silent());
  at.tell(adopt{phone.leg, at.owner});
  at.tell(confirm{phone.leg, our_session()});
  CHECK(parse_sdp(at.next_request(method::ack).body()));
  phone.answers(invite, 200, {}, sdp());
  at.next_request(method::ack);
  phone.sends("BYE");
  at.next_response(200);
  CHECK_FALSE(at.hears<leg_ended>().unconfirmed);
}

TEST_CASE("a 200 without a session is no answer", "[leg][outbound]") {
  test_bench at;
  phone_side phone{at};
  const auto invite = phone.rings();
  phone.answers(invite, 200);
  at.next_request(method::ack);
  at.next_request(method::bye);
  CHECK(at.hears<leg_refused>().why.code == fault_code::no_common_codec);
}
