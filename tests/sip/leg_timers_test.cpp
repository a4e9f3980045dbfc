#include "tests/sip/shard_bench.hpp"

/// Session timers inside a dialog (RFC 4028), and phones that go without a word.

using namespace parkway;
using namespace parkway::sip;
using namespace parkway::sip::bench;

namespace {

constexpr auto updating = "Allow: INVITE, ACK, BYE, UPDATE\r\n";
constexpr auto timed = "Allow: INVITE, ACK, BYE, UPDATE\r\nSupported: timer\r\n";

}  // namespace

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
