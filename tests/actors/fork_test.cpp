#include "actors/call/fork.hpp"

#include "tests/actors/fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace parkway;
using namespace parkway::testing;

namespace {

const party ann{"Ann", number{"101"}, false};

/// A house with somebody who has an extension or a group rung.
struct ringing_house {
  house h;
  probe owner{h.system()};

  explicit ringing_house(house::choices c = {}) : h(std::move(c)) {}

  caf::actor rings(const std::string& called, std::chrono::seconds ring_time = 180s) {
    fork_order order{h.tenants(), {}, owner.who(), nullptr, true, ring_time};
    order.target.called = number{called};
    order.target.shown = ann;
    order.offer = make_offer(own_codecs(), 0, media_direction::sendrecv);
    return h.spawn<call_fork>(h.lent(), std::move(order));
  }
  std::optional<refusal> failure() const {
    const auto all = owner.heard<fork_failed>();
    return all.empty() ? std::nullopt : std::optional{all.back().why};
  }
};

house::choices with_strategy(ring_strategy strategy) {
  house::choices c;
  c.office.ring_groups[number{"600"}].strategy = strategy;
  return c;
}

}  // namespace

TEST_CASE("all phones of an extension ring, and are offered our media port", "[attempt]") {
  ringing_house r;
  r.h.registers("104", 1);
  r.h.registers("104", 2);
  r.rings("104");
  const auto desk = r.h.rings_at("104", 1);
  const auto door = r.h.rings_at("104", 2);
  REQUIRE(desk);
  REQUIRE(door);
  CHECK(r.h.leg(desk).placed->from == ann);
  CHECK(audio_of(r.h.leg(desk).placed->offer)->port >= 20000);
  CHECK(audio_of(r.h.leg(desk).placed->offer)->port == audio_of(r.h.leg(door).placed->offer)->port);
  CHECK(r.h.extension_state("104").legs.size() == 2);
}

TEST_CASE("the first answer wins, the others are cancelled as answered elsewhere", "[attempt]") {
  ringing_house r;
  r.h.registers("104", 1);
  r.h.registers("104", 2);
  const auto who = r.rings("104");
  const auto desk = r.h.rings_at("104", 1);
  const auto door = r.h.rings_at("104", 2);
  r.h.answers(door, sound({"PCMA"}, media_direction::sendrecv, "192.0.2.2", 4002));
  const auto won = r.owner.heard<fork_answered>();
  REQUIRE(won.size() == 1);
  CHECK(won[0].leg.leg == door);
  CHECK(won[0].leg.who == party{"Mary", number{"104"}, false});
  CHECK(r.h.leg(desk).hung_up == hang_up_reason::answered_elsewhere);
  const auto& port = r.h.media().at(won[0].leg.media);
  CHECK(port.aimed->rtp->text() == "192.0.2.2:4002");
  CHECK_FALSE(house::is_alive(who));
  CHECK(r.h.extension_state("104").legs.size() == 1);
}

TEST_CASE("an extension without a phone is not reachable", "[attempt]") {
  ringing_house r;
  const auto who = r.rings("104");
  CHECK(r.failure()->code == fault_code::not_reachable);
  CHECK_FALSE(house::is_alive(who));
  CHECK(r.h.left_over() == "");
}

TEST_CASE("the refusal that says most is reported when all have refused", "[attempt]") {
  ringing_house r;
  r.h.registers("104", 1);
  r.h.registers("104", 2);
  r.rings("104");
  const auto desk = r.h.rings_at("104", 1);
  r.h.refuses(r.h.rings_at("104", 2), fault_code::busy, 486);
  CHECK_FALSE(r.failure());
  r.h.refuses(desk, fault_code::not_reachable, 480);
  CHECK(r.failure()->status == 486);
  CHECK(r.h.left_over() == "");
}

TEST_CASE("who declines declines for all phones of the extension", "[attempt]") {
  ringing_house r;
  r.h.registers("104", 1);
  r.h.registers("104", 2);
  r.rings("104");
  const auto desk = r.h.rings_at("104", 1);
  r.h.refuses(r.h.rings_at("104", 2), fault_code::declined, 603);
  CHECK(r.failure()->status == 603);
  CHECK(r.h.leg(desk).hung_up == hang_up_reason::normal);
  CHECK(r.h.left_over() == "");
}

TEST_CASE("a member of a ring group declines for itself, not for the others", "[attempt]") {
  ringing_house r;
  r.h.registers("105");
  r.h.registers("106");
  r.rings("600");
  const auto tom = r.h.rings_at("105");
  r.h.refuses(r.h.rings_at("106"), fault_code::declined, 603);
  CHECK_FALSE(r.failure());
  CHECK_FALSE(r.h.leg(tom).over);
  r.h.answers(tom);
  CHECK(r.owner.heard<fork_answered>().size() == 1);
}

TEST_CASE("no phone rings for ever: when the time is over it is cancelled", "[attempt]") {
  ringing_house r;
  r.h.registers("104");
  r.rings("104", 30s);
  const auto desk = r.h.rings_at("104");
  r.h.after(29s);
  CHECK_FALSE(r.failure());
  r.h.after(1s);
  CHECK(r.failure()->code == fault_code::no_answer);
  CHECK(r.h.leg(desk).hung_up == hang_up_reason::normal);
  CHECK(r.h.left_over() == "");
}

TEST_CASE("a simultaneous ring group rings all members at once", "[attempt][ring_group]") {
  ringing_house r;
  r.h.registers("105");
  r.h.registers("106");
  r.rings("600");
  CHECK(r.h.rings_at("105"));
  CHECK(r.h.rings_at("106"));
  r.h.after(20s);
  CHECK(r.failure()->code == fault_code::no_answer);
  CHECK(r.h.left_over() == "");
}

TEST_CASE("a prioritized hunt rings one after the other, always from the first",
          "[attempt][ring_group]") {
  ringing_house r{with_strategy(ring_strategy::prioritized)};
  r.h.registers("105");
  r.h.registers("106");
  for (int round = 0; round < 2; ++round) {
    r.rings("600");
    CHECK(r.h.rings_at("105"));
    CHECK_FALSE(r.h.rings_at("106"));
    r.h.refuses(r.h.rings_at("105"), fault_code::busy, 486);
    REQUIRE(r.h.rings_at("106"));
    r.h.after(20s);
    CHECK(r.failure());
  }
  CHECK(r.h.left_over() == "");
}

TEST_CASE("a cyclic hunt begins with the next member each time", "[attempt][ring_group]") {
  ringing_house r{with_strategy(ring_strategy::cyclic)};
  r.h.registers("105");
  r.h.registers("106");
  for (const char* first : {"105", "106", "105"}) {
    const auto who = r.rings("600");
    CHECK(r.h.rings_at(first));
    CHECK_FALSE(r.h.rings_at(std::string{first} == "105" ? "106" : "105"));
    r.h.tell(r.owner.who(), who, stop_fork{});
  }
  CHECK(r.h.left_over() == "");
}

TEST_CASE("a hunt passes over members without a phone, and one port serves all stages",
          "[attempt][ring_group]") {
  ringing_house r{with_strategy(ring_strategy::prioritized)};
  r.h.registers("106");
  r.rings("600");
  CHECK(r.h.rings_at("106"));
  r.h.after(20s);
  CHECK(r.h.media().opened == 1);
  CHECK(r.h.left_over() == "");
}

TEST_CASE("a ring group that is gone is nobody", "[attempt][ring_group]") {
  ringing_house r;
  r.h.registers("105");
  auto now = *r.h.tenants();
  const auto known = r.h.tenants();
  now.ring_groups.clear();
  r.h.change_tenant(now);
  fork_order order{known, {}, r.owner.who(), nullptr, true, 180s};
  order.target.called = number{"600"};
  r.h.spawn<call_fork>(r.h.lent(), std::move(order));
  CHECK(r.failure()->code == fault_code::not_reachable);
}

TEST_CASE("whoever has an attempt stopped hears nothing of it any more", "[attempt]") {
  ringing_house r;
  r.h.registers("104");
  const auto who = r.rings("104");
  const auto desk = r.h.rings_at("104");
  r.h.tell(r.owner.who(), who, stop_fork{hang_up_reason::answered_elsewhere});
  CHECK(r.h.leg(desk).hung_up == hang_up_reason::answered_elsewhere);
  CHECK(r.owner.heard_count() == 0);
  CHECK(r.h.left_over() == "");
}

TEST_CASE("early media of the first phone that has it is passed on, of the others not",
          "[attempt]") {
  ringing_house r;
  r.h.registers("104", 1);
  r.h.registers("104", 2);
  r.rings("104");
  const auto desk = r.h.rings_at("104", 1);
  const auto door = r.h.rings_at("104", 2);
  r.h.says(leg_ringing{desk, 180, nullptr, false});
  r.h.says(leg_ringing{door, 183, sound({"PCMA"}), true});
  r.h.says(leg_ringing{desk, 183, sound({"PCMU"}), false});
  const auto heard = r.owner.heard<fork_ringing>();
  REQUIRE(heard.size() == 2);
  CHECK_FALSE(heard[0].early);
  CHECK(heard[1].leg.leg == door);
  CHECK(heard[1].reliable);
  // That phone gives up: the next one may be heard.
  r.h.refuses(door, fault_code::busy, 486);
  r.h.says(leg_ringing{desk, 183, sound({"PCMU"}), false});
  CHECK(r.owner.heard<fork_ringing>().size() == 3);
}

TEST_CASE("a phone that answers without a session is as one that cannot be joined", "[attempt]") {
  ringing_house r;
  r.h.registers("104");
  r.rings("104");
  const auto desk = r.h.rings_at("104");
  r.h.answers(desk, nullptr);
  CHECK(r.failure()->code == fault_code::no_common_codec);
  CHECK(r.h.leg(desk).hung_up);
  CHECK(r.h.left_over() == "");
}

TEST_CASE("without a media port nothing rings", "[attempt]") {
  ringing_house r;
  r.h.registers("104");
  SECTION("the engine has none") {
    r.h.media().fails = true;
    r.rings("104");
  }
  SECTION("the engine does not answer") {
    r.h.media().is_silent = true;
    r.rings("104");
    CHECK_FALSE(r.failure());
    r.h.after(call_fork::internal_reply_timeout);
  }
  CHECK(r.failure()->code == fault_code::unavailable);
  CHECK_FALSE(r.h.rings_at("104"));
  CHECK(r.h.left_over() == "");
}

TEST_CASE("an extension that does not answer is passed over", "[attempt]") {
  ringing_house r;
  r.h.registers("106");
  // An extension's actor that is stuck: a probe in its place says nothing.
  probe stuck{r.h.system()};
  auto order = fork_order{r.h.tenants(), {}, r.owner.who(), nullptr, true, 180s};
  order.target.called = number{"600"};
  order.offer = make_offer(own_codecs(), 0, media_direction::sendrecv);
  r.h.stand_in("105", stuck.who());
  r.h.spawn<call_fork>(r.h.lent(), std::move(order));
  CHECK_FALSE(r.h.rings_at("106"));
  r.h.after(call_fork::internal_reply_timeout);
  CHECK(r.h.rings_at("106"));
}

TEST_CASE("phones of both IP versions ring, each with a media port it can use", "[attempt]") {
  ringing_house r;
  r.h.registers("104", 1);
  register_phone v6;
  v6.shard = r.h.wire().face();
  v6.call_id = "six";
  v6.sequence = 1;
  contact_change change;
  change.contact.key = "sip:104@[2001:db8::1]";
  change.contact.via.remote = {*ip_address::parse("2001:db8::1"), 5060};
  change.contact.phone = {"[2001:db8::1]:5060", change.contact.via.remote};
  change.contact.preference = 0.5F;
  change.expires = 3600s;
  v6.changes.push_back(change);
  r.h.tell(r.h.wire().face(), r.h.extension_actor("104"), v6);
  r.rings("104");
  const auto desk = r.h.rings_at("104", 1);
  REQUIRE(r.h.wire().legs().size() == 2);
  const auto six =
    std::find_if(r.h.wire().legs().begin(), r.h.wire().legs().end(), [&](const auto& l) {
      return l.first != desk;
    })->first;
  CHECK(r.h.port_of(desk) != r.h.port_of(six));
  CHECK(r.h.media().open_ports().size() == 2);
  r.h.answers(GENERATE_COPY(desk, six));
  const auto won = r.owner.heard<fork_answered>();
  REQUIRE(won.size() == 1);
  CHECK(r.h.media().open_ports().size() == 1);
  CHECK(r.h.media().is_open(won[0].leg.media));
}
