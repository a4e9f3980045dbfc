#include "tests/sip/shard_bench.hpp"

/// REFER inside a dialog (RFC 3515): accepted, reported, acknowledged.

using namespace parkway;
using namespace parkway::sip;
using namespace parkway::sip::bench;

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
  at.tell(send_ringing{early.calls().leg, 180, nullptr, false});
  early.learns(at.next_response(180));
  early.sends("REFER", "Refer-To: <sip:104@pbx.test>\r\n");
  at.next_response(403);
  CHECK(at.hears_nothing());
}
