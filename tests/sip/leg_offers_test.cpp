#include "tests/sip/shard_bench.hpp"

/// What happens inside a dialog: sessions change, refreshes, INFO, identity.

using namespace parkway;
using namespace parkway::sip;
using namespace parkway::sip::bench;

namespace {

constexpr auto updating = "Allow: INVITE, ACK, BYE, UPDATE\r\n";
constexpr auto timed = "Allow: INVITE, ACK, BYE, UPDATE\r\nSupported: timer\r\n";

}  // namespace

// --- the phone's offers ----------------------------------------------------------------------

TEST_CASE("a phone that holds is answered by the owner", "[leg][offer]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks();
  phone.sends("INVITE", {}, sdp("sendonly"));
  at.next_response(100);
  const auto offered = at.hears<leg_offered>();
  REQUIRE(offered.offer);
  CHECK(offered.offer->streams.at(0).direction == media_direction::sendonly);
  at.tell(answer_offer{leg, our_session(20002)});
  const auto ok = at.next_response(200);
  CHECK(sdp_origin_line(ok.body()).find(" 2 IN") != std::string_view::npos);
  at.wait(500ms);
  at.next_response(200);
  phone.acknowledges(phone.sequence);
  at.wait(40s);
  CHECK(at.silent());
  CHECK(at.hears_nothing());
}

TEST_CASE("a session that has not changed is answered without asking the owner", "[leg][offer]") {
  test_bench at;
  phone_side phone{at};
  phone.talks(timed);
  // Some phones raise the version of o= with every refresh.
  phone.sends("INVITE", "Supported: timer\r\nSession-Expires: 1800;refresher=uac\r\n",
              sdp("sendrecv", 4000, 2));
  const auto ok = at.next_response(200);
  CHECK(ok.header("Session-Expires") == "1800;refresher=uac");
  CHECK(sdp_origin_line(ok.body()).find(" 1 IN") != std::string_view::npos);
  phone.acknowledges(phone.sequence);
  phone.sends("UPDATE", "Supported: timer\r\nSession-Expires: 1800;refresher=uac\r\n");
  CHECK(at.next_response(200).body().empty());
  phone.sends("UPDATE", {}, sdp());
  CHECK_FALSE(at.next_response(200).body().empty());
  CHECK(at.hears_nothing());
}

TEST_CASE("an UPDATE with another session goes to the owner", "[leg][offer]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks();
  phone.sends("UPDATE", {}, sdp("inactive"));
  CHECK(at.hears<leg_offered>().offer);
  at.tell(refuse_offer{leg, {fault_code::no_common_codec, 0, {}}});
  at.next_response(488);
  phone.sends("UPDATE", {}, sdp("inactive"));
  at.hears<leg_offered>();
  at.tell(answer_offer{leg, our_session()});
  CHECK_FALSE(at.next_response(200).body().empty());
  at.wait(10s);
  CHECK(at.silent());
}

TEST_CASE("a re-INVITE without a session asks the owner for an offer", "[leg][offer]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks();
  phone.sends("INVITE");
  at.next_response(100);
  CHECK_FALSE(at.hears<leg_offered>().offer);
  at.tell(answer_offer{leg, our_session()});
  at.next_response(200);
  phone.acknowledges(phone.sequence, sdp("recvonly"));
  const auto confirmed = at.hears<leg_confirmed>();
  REQUIRE(confirmed.answer);
  CHECK(confirmed.answer->streams.at(0).direction == media_direction::recvonly);
}

TEST_CASE("a phone that asks for an offer and does not answer it has changed nothing",
          "[leg][offer]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks();
  phone.sends("INVITE");
  at.next_response(100);
  at.hears<leg_offered>();
  at.tell(answer_offer{leg, our_session()});
  at.next_response(200);
  phone.acknowledges(phone.sequence);
  CHECK(at.hears_nothing());
  CHECK(at.silent());
  phone.sends("INVITE", {}, sdp("sendonly"));
  at.next_response(100);
  CHECK(at.hears<leg_offered>().offer);
}

TEST_CASE("a second offer before the first is answered gets 500 with Retry-After", "[leg][offer]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks();
  phone.sends("INVITE", {}, sdp("sendonly"));
  at.next_response(100);
  at.hears<leg_offered>();
  phone.sends("INVITE", {}, sdp("inactive"));
  CHECK(at.next_response(500).header("Retry-After"));
  at.tell(answer_offer{leg, our_session()});
  at.next_response(200);
  CHECK(at.hears_nothing());
}

TEST_CASE("a re-INVITE that is CANCELled leaves the call as it was", "[leg][offer]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks();
  const auto reinvite = phone.request("INVITE", {}, sdp("sendonly"));
  const auto branch = phone.last_branch;
  at.arrives(reinvite);
  at.next_response(100);
  at.hears<leg_offered>();
  auto cancel = phone.request("CANCEL", {}, {}, branch, phone.sequence);
  at.arrives(cancel);
  at.next_response(200);
  at.next_response(487);
  at.tell(answer_offer{leg, our_session()});
  CHECK(at.silent());
  CHECK(at.hears_nothing());
  at.tell(offer{leg, our_session(), {}});
  at.next_request(method::invite);
}

TEST_CASE("a re-INVITE before the ACK counts as the ACK", "[leg][offer]") {
  test_bench at;
  phone_side phone{at};
  const auto call = phone.calls();
  at.tell(answer{call.leg, our_session(), {}});
  phone.learns(at.next_response(200));
  phone.sends("INVITE", {}, sdp("sendonly"));
  at.hears<leg_confirmed>();
  at.hears<leg_offered>();
  at.next_response(100);
  at.wait(2s);
  CHECK(at.silent());
}

TEST_CASE("an old sequence number is refused", "[leg]") {
  test_bench at;
  phone_side phone{at};
  phone.talks();
  phone.sends("INFO");
  at.next_response(200);
  at.hears<leg_info>();
  at.arrives(phone.request("INFO", {}, {}, {}, 1));
  at.next_response(500);
  CHECK(at.hears_nothing());
}

// --- our offers ------------------------------------------------------------------------------

TEST_CASE("an offer of the owner is a re-INVITE, acknowledged and reported", "[leg][offer]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks();
  at.tell(offer{leg, our_session(20002), party{"Bob", number{"104"}, false}});
  const auto reinvite = at.next_request(method::invite);
  CHECK(reinvite.header("P-Asserted-Identity") == "\"Bob\" <sip:104@pbx.test>");
  CHECK(sdp_origin_line(reinvite.body()).find(" 2 IN") != std::string_view::npos);
  CHECK(reinvite.to_text() == phone.own);
  phone.answers(reinvite, 200, {}, sdp("recvonly"));
  CHECK(at.next_request(method::ack).cseq() == reinvite.cseq());
  CHECK(at.hears<offer_answered>().answer->streams.at(0).direction == media_direction::recvonly);
  phone.answers(reinvite, 200, {}, sdp("recvonly"));
  at.next_request(method::ack);
  CHECK(at.hears_nothing());
}

TEST_CASE("an offer waits for the ACK, and a newer one takes its place", "[leg][offer]") {
  test_bench at;
  phone_side phone{at};
  const auto call = phone.calls();
  at.tell(answer{call.leg, our_session(), {}});
  phone.learns(at.next_response(200));
  at.tell(offer{call.leg, our_session(30000), {}});
  at.tell(offer{call.leg, our_session(30002), {}});
  CHECK(at.silent());
  phone.acknowledges(phone.invite_sequence);
  at.hears<leg_confirmed>();
  CHECK(at.next_request(method::invite).body().find("30002") != std::string_view::npos);
  CHECK(at.silent());
}

TEST_CASE("a refused offer leaves the session as it was", "[leg][offer]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks();
  at.tell(offer{leg, our_session(30000), {}});
  const auto reinvite = at.next_request(method::invite);
  phone.answers(reinvite, 488);
  at.next_request(method::ack);
  CHECK(at.hears<offer_refused>().why.status == 488);
  CHECK(at.shard->counts().legs == 1);
}

TEST_CASE("glare: who made the Call-ID waits 2.1 to 4 seconds, the other less", "[leg][glare]") {
  test_bench at;
  phone_side caller{at};
  const auto inbound = caller.talks();
  at.tell(offer{inbound, our_session(30000), {}});
  auto reinvite = at.next_request(method::invite);
  const auto crossing = caller.request("INVITE", {}, sdp("sendonly"));
  const auto branch = caller.last_branch;
  at.arrives(crossing);
  at.next_response(491);
  at.arrives(caller.request("ACK", {}, {}, branch, caller.sequence));
  caller.answers(reinvite, 491);
  at.next_request(method::ack);
  CHECK(at.hears_nothing());
  at.wait(2010ms);
  CHECK(at.next_request(method::invite).body().find("30000") != std::string_view::npos);
  at.wire.out.clear();  // It may have been repeated meanwhile.

  phone_side called{at};
  const auto outbound = called.is_called();
  at.tell(offer{outbound, our_session(30000), {}});
  reinvite = at.next_request(method::invite);
  called.answers(reinvite, 491);
  at.next_request(method::ack);
  at.wire.out.clear();
  const auto retried = [&] {
    while (!at.wire.out.empty())
      if (at.next().call_id() == reinvite.call_id()) return true;
    return false;
  };
  at.wait(2080ms);
  CHECK_FALSE(retried());
  at.wait(1940ms);
  CHECK(retried());
}

TEST_CASE("after glare the phone's own offer goes first", "[leg][glare]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks();
  at.tell(offer{leg, our_session(30000), {}});
  const auto reinvite = at.next_request(method::invite);
  phone.answers(reinvite, 491);
  at.next_request(method::ack);
  phone.sends("INVITE", {}, sdp("sendonly"));
  at.hears<leg_offered>();
  at.next_response(100);
  at.wait(4s);
  CHECK(at.silent());
  at.tell(answer_offer{leg, our_session()});
  at.next_response(200);
  phone.acknowledges(phone.sequence);
  CHECK(at.next_request(method::invite).body().find("30000") != std::string_view::npos);
}

TEST_CASE("a phone that does not know the dialog any more is lost", "[leg][offer]") {
  test_bench at;
  phone_side phone{at};
  at.tell(offer{phone.talks(), our_session(30000), {}});
  phone.answers(at.next_request(method::invite), 481);
  at.next_request(method::ack);
  at.next_request(method::bye);
  CHECK(at.hears<leg_ended>().cause == end_cause::lost);
}

TEST_CASE("hanging up ends what the phone has asked and not heard", "[leg]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks();
  phone.sends("INVITE", {}, sdp("sendonly"));
  at.next_response(100);
  at.hears<leg_offered>();
  at.tell(hang_up{leg});
  at.next_response(487);
  at.next_request(method::bye);
  CHECK(at.hears_nothing());
}

TEST_CASE("a phone that moves is followed", "[leg]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks();
  phone.via = test_bench::phone(103, 40000);
  phone.contact = "<sip:103@192.0.2.99:5090>";
  phone.sends("UPDATE");
  at.next_response(200);
  at.tell(hang_up{leg});
  const auto bye = at.next_request(method::bye);
  CHECK(bye.request_uri_text() == "sip:103@192.0.2.99:5090");
  CHECK(at.last.to.remote.port == 40000);
}

// --- identity, INFO --------------------------------------------------------------------------

TEST_CASE("who is shown changes by UPDATE where the phone allows it", "[leg][identity]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks(updating);
  at.tell(show_identity{leg, {"Carol", number{"105"}, false}});
  const auto update = at.next_request(method::update);
  CHECK(update.header("P-Asserted-Identity") == "\"Carol\" <sip:105@pbx.test>");
  CHECK(update.body().empty());
  // One at a time; of those that wait, the newest.
  at.tell(show_identity{leg, {"Dave", number{"101"}, false}});
  at.tell(show_identity{leg, {"Erin", number{"102"}, false}});
  CHECK(at.silent());
  phone.answers(update, 200);
  CHECK(at.next_request(method::update).header("P-Asserted-Identity")
        == "\"Erin\" <sip:102@pbx.test>");
  CHECK(at.hears_nothing());

  phone_side old{.at = at, .call_id = "call-2"};
  at.tell(show_identity{old.talks(), {"Carol", number{"105"}, false}});
  CHECK(at.silent());
}

TEST_CASE("INFO passes both ways", "[leg]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks();
  auto text = phone.request("INFO", {}, "Signal=5\r\n");
  text.replace(text.find("application/sdp"), 15, "application/dtmf-relay");
  at.arrives(text);
  at.next_response(200);
  const auto info = at.hears<leg_info>();
  CHECK(info.content_type == "application/dtmf-relay");
  CHECK(info.body == "Signal=5\r\n");
  at.tell(send_info{leg, "application/dtmf-relay", "Signal=6\r\n"});
  const auto ours = at.next_request(method::info);
  CHECK(ours.body() == "Signal=6\r\n");
  CHECK(ours.content_is("application/dtmf-relay"));
}

TEST_CASE("what a dialog does not do is refused, OPTIONS is answered", "[leg]") {
  test_bench at;
  phone_side phone{at};
  phone.talks();
  const auto status = [&](const std::string& method) {
    phone.sends(method);
    return at.next().status();
  };
  CHECK(status("OPTIONS") == 200);
  CHECK(status("NOTIFY") == 481);
  CHECK(status("SUBSCRIBE") == 489);
  CHECK(status("MESSAGE") == 405);
  CHECK(status("DANCE") == 501);
  CHECK(status("PRACK") == 400);
  CHECK(at.hears_nothing());
}

// --- session timers (RFC 4028) ---------------------------------------------------------------

TEST_CASE("a phone that promised to refresh and does not is hung up", "[leg][timer]") {
  test_bench at;
  phone_side phone{at};
  phone.talks(timed);
  at.wait(1800s - 33s);
  CHECK(at.silent());
  at.wait(2s);
  at.next_request(method::bye);
  CHECK(at.hears<leg_ended>().cause == end_cause::expired);
}

TEST_CASE("a refresh of the phone keeps the call for another interval", "[leg][timer]") {
  test_bench at;
  phone_side phone{at};
  phone.talks(timed);
  at.wait(900s);
  phone.sends("UPDATE", "Supported: timer\r\nSession-Expires: 1800;refresher=uac\r\n");
  at.next_response(200);
  at.wait(1800s - 33s);
  CHECK(at.silent());
  at.wait(2s);
  at.next_request(method::bye);
}

TEST_CASE("where refreshing is ours we do it halfway, by UPDATE", "[leg][timer]") {
  test_bench at;
  phone_side phone{at};
  phone.is_called(std::string{updating} + "Session-Expires: 1800;refresher=uac\r\n");
  at.wait(899s);
  CHECK(at.silent());
  at.wait(1100ms);
  const auto update = at.next_request(method::update);
  CHECK(update.header("Session-Expires") == "1800;refresher=uac");
  CHECK(update.body().empty());
  phone.answers(update, 200, "Session-Expires: 1800;refresher=uac\r\n");
  at.wait(899s);
  CHECK(at.silent());
  at.wait(1100ms);
  at.next_request(method::update);
  CHECK(at.hears_nothing());
}

TEST_CASE("a phone without UPDATE is refreshed by re-INVITE with the same session",
          "[leg][timer]") {
  test_bench at;
  phone_side phone{at};
  phone.is_called("Session-Expires: 1800;refresher=uac\r\n");
  at.wait(900100ms);
  const auto reinvite = at.next_request(method::invite);
  CHECK(sdp_origin_line(reinvite.body()).find(" 1 IN") != std::string_view::npos);
  phone.answers(reinvite, 200, "Session-Expires: 1800;refresher=uac\r\n", sdp());
  at.next_request(method::ack);
  CHECK(at.hears_nothing());
}

TEST_CASE("a refresh nobody answers ends the call", "[leg][timer]") {
  test_bench at;
  phone_side phone{at};
  phone.is_called(std::string{updating} + "Session-Expires: 1800;refresher=uac\r\n");
  at.wait(900s + 33s);
  while (at.next().method() == method::update) {
  }
  CHECK(at.last.text.starts_with("BYE"));
  CHECK(at.hears<leg_ended>().cause == end_cause::expired);
}

TEST_CASE("a refused refresh is tried again until the session is over", "[leg][timer]") {
  test_bench at;
  phone_side phone{at};
  phone.is_called(std::string{updating} + "Session-Expires: 90;refresher=uac\r\n");
  at.wait(45s);
  int tries = 0;
  for (; tries < 20; ++tries) {
    const auto m = at.next();
    if (m.method() == method::bye) break;
    phone.answers(m, 503);
    at.wait(10010ms);
  }
  CHECK(tries == 5);  // 45, 55, 65, 75, 85 s; over at 90.
  CHECK(at.hears<leg_ended>().cause == end_cause::expired);
}

TEST_CASE("a phone whose connection broke has half a minute to come back", "[leg][timer]") {
  test_bench at;
  phone_side phone{at};
  phone.talks();
  at.wait(290s);
  at.wire.broken = true;
  SECTION("it does") {
    at.wait(30s);
    at.wire.broken = false;
    at.wait(10s);
    phone.answers(at.next_request(method::options), 200);
    at.wait(290s);
    CHECK(at.silent());
  }
  SECTION("it does not") {
    at.wait(60s);
    CHECK(at.hears<leg_ended>().cause == end_cause::lost);
  }
}

TEST_CASE("a phone without session timers is asked by OPTIONS every 300 s", "[leg][timer]") {
  test_bench at;
  phone_side phone{at};
  phone.talks();
  at.wait(300100ms);
  phone.answers(at.next_request(method::options), 405);
  at.wait(300100ms);
  phone.answers(at.next_request(method::options), 481);
  at.next_request(method::bye);
  CHECK(at.hears<leg_ended>().cause == end_cause::lost);
}

// --- REFER (RFC 3515) ------------------------------------------------------------------------

TEST_CASE("a REFER is accepted, reported in order, and its end acknowledged", "[leg][refer]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks();
  phone.sends(
    "REFER",
    "Refer-To: <sip:%2A68104@pbx.test;orbit=104?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2>\r\n");
  const auto accepted = at.next_response(202);
  CHECK_FALSE(accepted.header("Refer-Sub"));
  CHECK(accepted.header("Expires") == "180");
  const auto trying = at.next_request(method::notify);
  CHECK(trying.header("Event") == "refer");
  CHECK(trying.header("Subscription-State")->starts_with("active"));
  CHECK(trying.content_is("message/sipfrag"));
  CHECK(trying.body() == "SIP/2.0 100 Trying\r\n");
  const auto asked = at.hears<transfer_requested>();
  CHECK(asked.dialled == "*68104");
  CHECK(asked.orbit == "104");
  CHECK(asked.replaces == dialog_name{"a@b", "1", "2", false});
  CHECK_FALSE(asked.silent);

  at.tell(report_transfer{leg, asked.id, {}, true});
  CHECK(at.silent());  // Not before the first is answered.
  phone.answers(trying, 200);
  const auto done = at.next_request(method::notify);
  CHECK(done.header("Subscription-State") == "terminated;reason=noresource");
  CHECK(done.body() == "SIP/2.0 200 OK\r\n");
  CHECK(at.hears_nothing());
  phone.answers(done, 200);
  CHECK(at.hears<transfer_reported>().id == asked.id);
}

TEST_CASE("a failed transfer says why, and later ones carry their id", "[leg][refer]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks();
  const auto refer_and_fail = [&](std::uint16_t status) {
    phone.sends("REFER", "Refer-To: sip:999@pbx.test\r\n");
    at.next_response(202);
    phone.answers(at.next_request(method::notify), 200);
    const auto id = at.hears<transfer_requested>().id;
    at.tell(report_transfer{leg, id, refusal{fault_code::no_such_number, status, {}}, true});
    auto notify = at.next_request(method::notify);
    phone.answers(notify, 200);
    CHECK(at.hears<transfer_reported>().id == id);
    return notify;
  };
  const auto first = refer_and_fail(0);
  CHECK(first.body() == "SIP/2.0 404 Not Found\r\n");
  CHECK(first.header("Event") == "refer");
  const auto second = refer_and_fail(486);
  CHECK(second.body() == "SIP/2.0 486 Busy Here\r\n");
  CHECK(second.header("Event") == "refer;id=" + std::to_string(phone.sequence));
}

TEST_CASE("Refer-Sub: false is honoured", "[leg][refer]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks();
  phone.sends("REFER", "Refer-To: <sip:104@pbx.test>\r\nRefer-Sub: false\r\n");
  CHECK(at.next_response(202).header("Refer-Sub") == "false");
  const auto asked = at.hears<transfer_requested>();
  CHECK(asked.silent);
  at.tell(report_transfer{leg, asked.id, {}, true});
  CHECK(at.hears<transfer_reported>().id == asked.id);
  CHECK(at.silent());
}

TEST_CASE("a report that is never answered is given up, the call goes on", "[leg][refer]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks();
  phone.sends("REFER", "Refer-To: <sip:104@pbx.test>\r\n");
  at.next_response(202);
  const auto id = at.hears<transfer_requested>().id;
  at.tell(report_transfer{leg, id, {}, true});
  at.wait(33s);
  CHECK(at.hears<transfer_reported>().id == id);
  CHECK(at.shard->counts().legs == 1);
}

TEST_CASE("a BYE right behind the REFER is what the owner hears, and no report after it",
          "[leg][refer]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks();
  phone.sends("REFER", "Refer-To: <sip:104@pbx.test>\r\n");
  at.next_response(202);
  const auto trying = at.next_request(method::notify);
  const auto id = at.hears<transfer_requested>().id;
  at.tell(report_transfer{leg, id, {}, true});
  phone.sends("BYE");
  at.next_response(200);
  CHECK(at.hears<leg_ended>().cause == end_cause::hung_up);
  phone.answers(trying, 200);
  at.wait(40s);
  CHECK(at.silent());
  CHECK(at.hears_nothing());
}

TEST_CASE("hanging up while a transfer is open reports its end before the BYE", "[leg][refer]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks();
  phone.sends("REFER", "Refer-To: <sip:104@pbx.test>\r\n");
  at.next_response(202);
  at.next_request(method::notify);
  at.hears<transfer_requested>();
  at.tell(hang_up{leg});
  const auto last = at.next_request(method::notify);
  CHECK(last.header("Subscription-State")->starts_with("terminated"));
  CHECK(last.body().starts_with("SIP/2.0 487 "));
  at.next_request(method::bye);
  CHECK(at.silent());
}

TEST_CASE("a REFER that says nothing, or comes too early, or too often is refused",
          "[leg][refer]") {
  test_bench at;
  phone_side phone{at};
  phone.talks();
  phone.sends("REFER");
  at.next_response(400);
  phone.sends("REFER", "Refer-To: <sip:104@pbx.test?Replaces=nonsense>\r\n");
  at.next_response(400);
  for (int i = 0; i < 4; ++i) {
    phone.sends("REFER", "Refer-To: <sip:104@pbx.test>\r\n");
    at.next_response(202);
    if (i == 0) at.next_request(method::notify);
    at.hears<transfer_requested>();
  }
  phone.sends("REFER", "Refer-To: <sip:104@pbx.test>\r\n");
  at.next_response(503);

  phone_side early{.at = at, .call_id = "call-2"};
  at.tell(ring{early.calls().leg, 180, nullptr, false});
  early.learns(at.next_response(180));
  early.sends("REFER", "Refer-To: <sip:104@pbx.test>\r\n");
  at.next_response(403);
  CHECK(at.hears_nothing());
}
