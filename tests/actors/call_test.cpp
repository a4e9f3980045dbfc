#include "actors/call/fork.hpp"
#include "tests/actors/fixture.hpp"

#include <catch2/catch.hpp>

using namespace parkway;
using namespace parkway::testing;
using names = std::vector<std::string>;

namespace {

/// 106 calls 103 in a house where both have a phone.
struct calling_house {
  house h;
  leg_id caller, called;

  explicit calling_house(house::choices c = {}, session_ptr offer = sound({"PCMA", "PCMU"}))
    : h(std::move(c)) {
    h.registers("103");
    h.registers("106");
    caller = h.dials("106", "103", std::move(offer));
    called = h.rings_at("103");
  }
};

struct talking_house : calling_house {
  talking_house() {
    h.answers(called);
    h.confirms(caller);
  }
};

session_ptr on_hold() {
  return sound({"PCMA", "PCMU"}, media_direction::sendonly);
}

}  // namespace

// --- setting up ----------------------------------------------------------------------------------

TEST_CASE("a call rings, is answered with the callee's name, and both hear each other", "[call]") {
  calling_house c;
  c.h.says(leg_ringing{c.called, 180, nullptr, false});
  CHECK(c.h.leg(c.caller).rung->status == 180);
  CHECK(c.h.extension_state("106").legs.size() == 1);
  c.h.answers(c.called);
  REQUIRE(c.h.leg(c.caller).answered);
  CHECK(c.h.leg(c.caller).answered->connected == party{"James", number{"103"}, false});
  CHECK(formats_of(c.h.leg(c.caller).answered->session) == names{"PCMA", "PCMU"});
  c.h.confirms(c.caller);
  CHECK(c.h.hears(c.caller) == "103");
  CHECK(c.h.hears(c.called) == "106");
}

TEST_CASE("early media is heard by the caller before the answer", "[call]") {
  calling_house c;
  c.h.says(leg_ringing{c.called, 183, sound({"PCMU"}), true});
  CHECK(c.h.leg(c.caller).rung->reliable);
  CHECK(formats_of(c.h.leg(c.caller).rung->early) == names{"PCMU"});
  CHECK(c.h.hears(c.caller) == "103");
}

TEST_CASE("the callee's own status reaches the caller", "[call]") {
  calling_house c;
  c.h.refuses(c.called, fault_code::busy, 486);
  CHECK(c.h.leg(c.caller).refused->status == 486);
  CHECK(c.h.left_over() == "");
}

TEST_CASE("nobody's number is 404, an extension without a phone 480", "[call]") {
  house h;
  CHECK(h.leg(h.dials("106", "999")).refused->code == fault_code::no_such_number);
  CHECK(h.leg(h.dials("106", "104")).refused->code == fault_code::not_reachable);
  CHECK(h.left_over() == "");
}

TEST_CASE("the caller who gives up has the phones cancelled", "[call]") {
  calling_house c;
  c.h.says(leg_ended{c.caller, end_cause::cancelled, true});
  CHECK(c.h.leg(c.called).hung_up == hang_up_reason::normal);
  CHECK(c.h.left_over() == "");
}

TEST_CASE("a CANCEL that crosses the 200 ends the answered phone too", "[call][race]") {
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    house::choices any_order;
    any_order.seed = seed;
    calling_house c{any_order};
    c.h.says_at_once(leg_answered{c.called, sound({"PCMA"}), {}});
    c.h.run_some(seed % 4);
    c.h.says_at_once(leg_ended{c.caller, end_cause::cancelled, true});
    c.h.run();
    CAPTURE(seed);
    CHECK(c.h.leg(c.called).over);
    CHECK(c.h.left_over() == "");
  }
}

TEST_CASE("a callee that hangs up with its answer leaves no caller behind", "[call][race]") {
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    house::choices any_order;
    any_order.seed = seed;
    calling_house c{any_order};
    c.h.says_at_once(leg_answered{c.called, sound({"PCMA"}), {}});
    c.h.run_some(seed % 6);
    c.h.says_at_once(leg_ended{c.called, end_cause::hung_up});
    c.h.run();
    CAPTURE(seed);
    CHECK(c.h.leg(c.caller).over);
    CHECK(c.h.left_over() == "");
  }
}

TEST_CASE("an offer that no relay can carry is refused at once", "[call]") {
  house h;
  h.registers("103");
  auto encrypted = *sound({"PCMA"});
  encrypted.streams[0].protocol = "RTP/SAVP";
  const auto caller = h.dials("106", "103", std::make_shared<const session_description>(encrypted));
  CHECK(h.leg(caller).refused->code == fault_code::no_common_codec);
  CHECK(h.left_over() == "");
}

TEST_CASE("an answer without a common format ends both legs", "[call]") {
  calling_house c{{}, sound({"PCMA"})};
  c.h.answers(c.called, sound({"G722"}));
  CHECK(c.h.leg(c.caller).refused->code == fault_code::no_common_codec);
  CHECK(c.h.leg(c.called).hung_up);
  CHECK(c.h.left_over() == "");
}

TEST_CASE("without media a call is refused, and does not wait for it", "[call]") {
  house::choices choice;
  SECTION("no plugin is loaded") {
    choice.without_media = true;
    house h{choice};
    CHECK(h.leg(h.dials("106", "103")).refused->code == fault_code::unavailable);
    CHECK(h.left_over() == "");
  }
  SECTION("the engine has no port") {
    house h;
    h.media().fails = true;
    CHECK(h.leg(h.dials("106", "103")).refused->code == fault_code::unavailable);
    CHECK(h.left_over() == "");
  }
  SECTION("the engine does not answer") {
    house h;
    h.media().is_silent = true;
    const auto caller = h.dials("106", "103");
    h.after(call_fork::internal_reply_timeout);
    CHECK(h.leg(caller).refused->code == fault_code::unavailable);
    CHECK(h.left_over() == "");
  }
}

TEST_CASE("a caller without an offer is offered what the callee can, and answers in its ACK",
          "[call]") {
  calling_house c{{}, nullptr};
  c.h.answers(c.called, sound({"PCMA"}));
  CHECK(formats_of(c.h.leg(c.caller).answered->session) == names{"PCMA"});
  c.h.refers(c.called, "*68104");
  CHECK(c.h.leg(c.called).reports.back().why->code == fault_code::forbidden);
  c.h.confirms(c.caller, sound({"PCMA"}));
  CHECK(c.h.hears(c.caller) == "103");
}

TEST_CASE("an ACK without the answer that was wanted ends the call", "[call]") {
  calling_house c{{}, nullptr};
  c.h.answers(c.called, sound({"PCMA"}));
  c.h.confirms(c.caller);
  CHECK(c.h.leg(c.caller).hung_up);
  CHECK(c.h.leg(c.called).hung_up);
  CHECK(c.h.left_over() == "");
}

TEST_CASE("an ACK with an answer that was not offered ends the call", "[call]") {
  calling_house c{{}, nullptr};
  c.h.answers(c.called, sound({"PCMA"}));
  c.h.confirms(c.caller, sound({"OPUS"}));
  CHECK(c.h.leg(c.caller).hung_up);
  CHECK(c.h.leg(c.called).hung_up);
  CHECK(c.h.left_over() == "");
}

TEST_CASE("an attempt that dies takes its phones with it, and the caller is told", "[call]") {
  calling_house c;
  caf::anon_send_exit(c.h.leg(c.called).owner, caf::exit_reason::kill);
  c.h.run();
  CHECK(c.h.leg(c.caller).refused->code == fault_code::internal);
  CHECK(c.h.leg(c.called).over);
  CHECK(c.h.media().open_ports().empty());
}

TEST_CASE("a call that dies takes its legs and ports with it", "[call]") {
  talking_house t;
  caf::anon_send_exit(t.h.leg(t.caller).owner, caf::exit_reason::kill);
  t.h.run();
  CHECK(t.h.leg(t.caller).over);
  CHECK(t.h.leg(t.called).over);
  CHECK(t.h.media().open_ports().empty());
}

// --- talking -------------------------------------------------------------------------------------

TEST_CASE("whoever hangs up, the other one is hung up, and nothing is left", "[call]") {
  talking_house t;
  t.h.hangs_up(GENERATE(true, false) ? t.caller : t.called);
  CHECK(t.h.leg(t.caller).over);
  CHECK(t.h.leg(t.called).over);
  CHECK(t.h.left_over() == "");
}

TEST_CASE("both hanging up at once is an end like any other", "[call][race]") {
  talking_house t;
  t.h.says_at_once(leg_ended{t.caller, end_cause::hung_up});
  t.h.says_at_once(leg_ended{t.called, end_cause::hung_up});
  t.h.run();
  CHECK(t.h.left_over() == "");
}

TEST_CASE("hold is answered by us: the peer hears music and is asked nothing", "[call][hold]") {
  talking_house t;
  t.h.says(leg_offered{t.called, on_hold()});
  REQUIRE(t.h.leg(t.called).offer_answers.size() == 1);
  CHECK(audio_of(t.h.leg(t.called).offer_answers[0].session)->direction
        == media_direction::recvonly);
  CHECK(t.h.hears(t.caller) == "music");
  CHECK(t.h.hears(t.called) == "silence");
  CHECK(t.h.leg(t.caller).offers.empty());
  t.h.says(leg_offered{t.called, sound({"PCMA", "PCMU"})});
  CHECK(t.h.hears(t.caller) == "103");
  CHECK(t.h.hears(t.called) == "106");
}

TEST_CASE("who holds hears nothing, also when it is held itself", "[call][hold]") {
  talking_house t;
  t.h.says(leg_offered{t.called, on_hold()});
  t.h.says(leg_offered{t.caller, on_hold()});
  CHECK(t.h.hears(t.caller) == "silence");
  CHECK(t.h.hears(t.called) == "silence");
  t.h.says(leg_offered{t.called, sound({"PCMA"})});
  CHECK(t.h.hears(t.called) == "music");
  CHECK(t.h.hears(t.caller) == "silence");
}

TEST_CASE("a resume by a re-INVITE without offer is agreed in its ACK", "[call][hold]") {
  talking_house t;
  t.h.says(leg_offered{t.called, on_hold()});
  t.h.says(leg_offered{t.called, nullptr});
  CHECK(audio_of(t.h.leg(t.called).offer_answers.back().session)->direction
        == media_direction::sendrecv);
  CHECK(t.h.hears(t.caller) == "music");
  t.h.says(leg_confirmed{t.called, sound({"PCMA"})});
  CHECK(t.h.hears(t.caller) == "103");
}

TEST_CASE("a change to formats that the peer does not have is refused, and the call goes on",
          "[call]") {
  talking_house t;
  t.h.says(leg_offered{t.called, sound({"G722"})});
  CHECK(t.h.leg(t.called).offer_refusals.back().code == fault_code::no_common_codec);
  CHECK(t.h.hears(t.caller) == "103");
}

TEST_CASE("a party that gives up the format its peer speaks has the peer asked for another",
          "[call][offer]") {
  talking_house t;
  t.h.says(leg_offered{t.called, sound({"PCMU"})});
  REQUIRE(t.h.leg(t.caller).offers.size() == 1);
  CHECK(formats_of(t.h.leg(t.caller).offers[0].session) == std::vector<std::string>{"PCMU"});
  t.h.says(offer_answered{t.caller, sound({"PCMU"})});
  CHECK(t.h.hears(t.caller) == "103");
  t.h.says(leg_offered{t.called, sound({"PCMU"})});
  CHECK(t.h.leg(t.caller).offers.size() == 1);
}

TEST_CASE("who is held hears the format given up with the resume, and no offer before", "[call]") {
  talking_house t;
  t.h.says(leg_offered{t.called, sound({"PCMU"}, media_direction::sendonly)});
  CHECK(t.h.leg(t.caller).offers.empty());
  t.h.says(leg_offered{t.called, sound({"PCMU"})});
  CHECK(t.h.leg(t.caller).offers.size() == 1);
}

TEST_CASE("direct mode: after an attended transfer of two who were held no music is left",
          "[call][direct]") {
  house::choices direct;
  direct.media = media_mode::direct;
  house h{direct};
  for (const char* who : {"103", "104", "106"})
    h.registers(who);
  const auto hold = [&](leg_id holder, leg_id held) {
    h.says(leg_offered{holder, sound({"PCMA"}, media_direction::sendonly)});
    REQUIRE(h.leg(held).offers.size() == 1);
    h.says(offer_answered{held, sound({"PCMA"}, media_direction::recvonly)});
  };
  const auto [alice, james] = h.talking("106", "103");
  hold(james, alice);
  const auto [his, mary] = h.talking("103", "104");
  hold(his, mary);
  CHECK(h.media().open_ports().size() == 2);
  h.refers(james, "104", 1, his);
  REQUIRE(h.leg(james).reports.size() == 1);
  CHECK_FALSE(h.leg(james).reports[0].why);
  CHECK(h.media().open_ports().empty());
}

TEST_CASE("INFO reaches the other phone", "[call]") {
  talking_house t;
  t.h.says(leg_info{t.called, "application/dtmf-relay", "Signal=5"});
  REQUIRE(t.h.leg(t.caller).infos.size() == 1);
  CHECK(t.h.leg(t.caller).infos[0].body == "Signal=5");
}

TEST_CASE("the extensions know what their phones do", "[call]") {
  talking_house t;
  REQUIRE(t.h.extension_state("103").legs.size() == 1);
  CHECK(t.h.extension_state("103").legs[0].what.activity == leg_activity::talking);
  CHECK(t.h.extension_state("103").legs[0].what.peer.extension.text == "106");
  t.h.says(leg_offered{t.called, on_hold()});
  CHECK(t.h.extension_state("103").legs[0].what.activity == leg_activity::holding);
}
