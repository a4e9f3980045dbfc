#include "tests/sip/shard_bench.hpp"

/// Who owns a leg, and what becomes of it when that changes.

using namespace parkway;
using namespace parkway::sip;
using namespace parkway::sip::bench;

TEST_CASE("the commands of a leg that is gone are ignored", "[leg]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks();
  at.tell(hang_up{leg});
  at.next_request(method::bye);
  at.tell(send_offer{leg, our_session(), {}});
  at.tell(hang_up{leg});
  at.tell(answer_offer{leg, our_session()});
  CHECK(at.silent());
  CHECK(at.hears_nothing());
}

TEST_CASE("whoever adopts a leg hears its events, and the former owner none", "[leg]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks();
  notebook heard;
  auto heir = spawn_actor<listener>(at.system, &heard);
  at.tell(adopt{leg, heir});
  phone.sends("BYE");
  CHECK(at.hears_nothing());
  CHECK(heard.size() == 1);
  caf::anon_send_exit(heir, caf::exit_reason::kill);
  at.run();
}

TEST_CASE("who adopts a leg that has ended meanwhile hears of its end", "[leg]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks();
  phone.sends("BYE");
  notebook heard;
  auto heir = spawn_actor<listener>(at.system, &heard);
  at.tell(adopt{leg, heir});
  REQUIRE(heard.size() == 1);
  const auto* end = std::any_cast<leg_ended>(&heard.front());
  REQUIRE(end);
  CHECK(end->leg == leg);
  caf::anon_send_exit(heir, caf::exit_reason::kill);
  at.run();
}

TEST_CASE("what the former owner left unanswered is refused when a leg is adopted", "[leg]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks();
  const std::string method = GENERATE("INVITE", "UPDATE");
  phone.sends(method, {}, sdp("sendonly"));
  notebook heard;
  auto heir = spawn_actor<listener>(at.system, &heard);
  at.tell(adopt{leg, heir});
  if (method == "INVITE") at.next_response(100);
  at.next_response(491);
  CHECK(heard.empty());
  caf::anon_send_exit(heir, caf::exit_reason::kill);
  at.run();
}

TEST_CASE("a transfer that the former owner left undecided ends when a leg is adopted",
          "[leg][refer]") {
  test_bench at;
  phone_side phone{at};
  const auto leg = phone.talks();
  phone.sends("REFER", "Refer-To: <sip:104@pbx.test>\r\n");
  at.next_response(202);
  const auto trying = at.next_request(method::notify);
  notebook heard;
  auto heir = spawn_actor<listener>(at.system, &heard);
  at.tell(adopt{leg, heir});
  phone.answers(trying, 200);
  const auto last = at.next_request(method::notify);
  CHECK(last.body().substr(0, 11) == "SIP/2.0 481");
  CHECK(last.header("Subscription-State")->substr(0, 10) == "terminated");
  phone.answers(last, 200);
  CHECK(at.silent());
  caf::anon_send_exit(heir, caf::exit_reason::kill);
  at.run();
}

TEST_CASE("what a phone says between its answer and the adoption of its leg, the new owner hears",
          "[leg][refer]") {
  test_bench at;
  phone_side phone{at};
  const auto ours = phone.rings();
  phone.picks_up(ours);
  at.next_request(method::ack);
  at.hears<leg_answered>();
  phone.sends("REFER", "Refer-To: <sip:*68104@pbx.test>\r\n");
  at.next_response(202);
  const auto trying = at.next_request(method::notify);
  phone.sends("INVITE", {}, sdp("sendonly"));
  at.next_response(100);
  for (int i = 0; i < 20; ++i) {
    phone.sends("INFO", {}, {});
    at.next_response(200);
  }
  CHECK(at.hears_nothing());
  notebook heard;
  auto heir = spawn_actor<listener>(at.system, &heard);
  at.tell(adopt{phone.leg, heir});
  CHECK(at.silent());
  REQUIRE(heard.size() <= 16);  // It may say much, but we do not keep much.
  REQUIRE(heard.size() >= 2);
  CHECK(std::any_cast<transfer_requested>(heard.at(0)).dialled == "*68104");
  CHECK(std::any_cast<leg_offered>(heard.at(1)).leg == phone.leg);
  heard.clear();
  phone.answers(trying, 200);
  at.tell(report_transfer{phone.leg, 101, {}, true});
  CHECK(at.next_request(method::notify).body() == "SIP/2.0 200 OK\r\n");
  // From the second hand-over on it is as ever.
  at.tell(adopt{phone.leg, at.owner});
  at.next_response(491);
  phone.sends("BYE");
  at.next_response(200);
  CHECK(at.hears<leg_ended>().leg == phone.leg);
  caf::anon_send_exit(heir, caf::exit_reason::kill);
  at.run();
}

TEST_CASE("an owner that dies takes its legs along, and no others", "[shard]") {
  test_bench at;
  phone_side one{at};
  const auto leg = one.talks();
  phone_side other{.at = at, .call_id = "call-2"};
  other.talks();
  notebook unread;
  auto heir = spawn_actor<listener>(at.system, &unread);
  at.tell(adopt{leg, heir});
  at.tell(owner_died{heir.address()});
  CHECK(at.next_request(method::bye).call_id() == "call-1");
  CHECK(at.silent());
  CHECK(at.shard->counts().legs == 1);
  caf::anon_send_exit(heir, caf::exit_reason::kill);
  at.run();
}

TEST_CASE("whoever adopts a leg that is over already hears so at once", "[shard]") {
  test_bench at;
  phone_side one{at};
  const auto leg = one.talks();
  at.tell(hang_up{leg});
  at.next_request(method::bye);
  notebook read;
  auto heir = spawn_actor<listener>(at.system, &read);
  at.tell(adopt{leg, heir});
  REQUIRE(read.size() == 1);
  CHECK(std::any_cast<leg_ended>(read.front()).leg == leg);
  CHECK(std::any_cast<leg_ended>(read.front()).cause == end_cause::lost);
  caf::anon_send_exit(heir, caf::exit_reason::kill);
  at.run();
}
