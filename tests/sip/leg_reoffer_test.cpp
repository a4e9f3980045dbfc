#include "tests/sip/shard_bench.hpp"

/// What happens inside a dialog: sessions change, INFO, identity.

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
  at.tell(send_offer{leg, our_session(), {}});
  at.next_request(method::invite);
}

TEST_CASE("a re-INVITE before the ACK counts as the ACK", "[leg][offer]") {
  test_bench at;
  phone_side phone{at};
  const auto call = phone.calls();
  at.tell(answer_call{call.leg, our_session(), {}});
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
  at.tell(send_offer{leg, our_session(20002), party{"Bob", number{"104"}, false}});
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
  at.tell(answer_call{call.leg, our_session(), {}});
  phone.learns(at.next_response(200));
  at.tell(send_offer{call.leg, our_session(30000), {}});
  at.tell(send_offer{call.leg, our_session(30002), {}});
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
  at.tell(send_offer{leg, our_session(30000), {}});
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
  at.tell(send_offer{inbound, our_session(30000), {}});
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
  at.tell(send_offer{outbound, our_session(30000), {}});
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
  at.tell(send_offer{leg, our_session(30000), {}});
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
  at.tell(send_offer{phone.talks(), our_session(30000), {}});
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
