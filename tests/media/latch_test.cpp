#include "plugins/media/latch.hpp"

#include "tests/media/phone.hpp"

#include <catch2/catch.hpp>

using namespace parkway;
using namespace parkway::media;
using namespace std::chrono_literals;

namespace {

socket_address at(const char* host, std::uint16_t port) {
  return socket_address{endpoint{*ip_address::parse(host), port}};
}

const auto described = at("192.0.2.1", 4000);
const auto nat = at("198.51.100.7", 61234);
const auto mallory = at("203.0.113.66", 666);
const time_point start{1h};

}  // namespace

TEST_CASE("sound goes where the description says until a packet tells better", "[media][latch]") {
  latch l;
  CHECK_FALSE(l.to());
  l.aim(described, start);
  CHECK(l.to() == described);
  CHECK(l.admit(nat, start));
  CHECK(l.to() == nat);
}

TEST_CASE("once a phone has spoken nobody else is admitted", "[media][latch]") {
  latch l;
  l.aim(described, start);
  REQUIRE(l.admit(nat, start));
  CHECK_FALSE(l.admit(mallory, start));
  CHECK_FALSE(l.admit(at("198.51.100.7", 61235), start + 1h));
  CHECK(l.to() == nat);
}

TEST_CASE("the described address takes its place back from whoever was quicker", "[media][latch]") {
  latch l;
  l.aim(described, start);
  REQUIRE(l.admit(mallory, start));
  CHECK(l.admit(described, start + 1s));
  CHECK(l.to() == described);
  CHECK_FALSE(l.admit(mallory, start + 2s));
}

TEST_CASE("the same address described again changes nothing", "[media][latch]") {
  latch l;
  l.aim(described, start);
  REQUIRE(l.admit(nat, start));
  l.aim(described, start + 1h);
  CHECK(l.to() == nat);
  CHECK_FALSE(l.admit(mallory, start + 1h));
}

TEST_CASE("a changed address lets a new source in, once", "[media][latch]") {
  latch l;
  const auto moved = at("192.0.2.1", 5000), new_nat = at("198.51.100.7", 50000);
  l.aim(described, start);
  REQUIRE(l.admit(nat, start));
  l.aim(moved, start + 10s);
  CHECK(l.to() == moved);
  CHECK_FALSE(l.admit(nat, start + 10s + 100ms));  // Still on its way when the phone had moved.
  CHECK(l.admit(new_nat, start + 10s + 200ms));
  CHECK_FALSE(l.admit(nat, start + 11s));
  CHECK_FALSE(l.admit(mallory, start + 11s));
}

TEST_CASE("a phone whose description alone has changed is heard again after half a second",
          "[media][latch]") {
  latch l;
  l.aim(described, start);
  REQUIRE(l.admit(nat, start));
  l.aim(at("192.0.2.9", 4000), start);
  CHECK_FALSE(l.admit(nat, start + 499ms));
  CHECK(l.admit(nat, start + 500ms));
}

TEST_CASE("without an address nothing is sent until somebody speaks", "[media][latch]") {
  latch l;
  l.aim(described, start);
  REQUIRE(l.admit(nat, start));
  l.aim({}, start);
  CHECK_FALSE(l.to());
  CHECK(l.admit(nat, start));
  CHECK(l.to() == nat);
  // Resumed with the address it had: who speaks is known already.
  l.aim(described, start);
  CHECK(l.to() == nat);
}

TEST_CASE("port 0 and 0.0.0.0 are no address", "[media][latch]") {
  latch l;
  l.aim(at("192.0.2.1", 0), start);
  CHECK_FALSE(l.to());

  bench b;
  phone alice, bob;
  const auto a = b.open_for(alice, {pcmu()}), o = b.open_for(bob, {pcmu()});
  b.it.connect({a.id, o.id});
  b.aim(o.id, endpoint{{}, 4000}, {pcmu()});
  CHECK(b.dropped(alice.rtp, rtp({0, false, 1, 0, 1}, {1}), a));
}

TEST_CASE("a hijacker hears nothing and is not heard", "[media][latch][relay]") {
  bench b;
  phone alice, bob, villain;
  const auto a = b.open_for(alice, {pcmu()}), o = b.open_for(bob, {pcmu()});
  b.it.connect({a.id, o.id});

  SECTION("who comes after the phone") {
    b.relayed(alice.rtp, rtp({0, false, 1, 0, 1}, {1}), a, bob.rtp);
    CHECK(b.dropped(villain.rtp, rtp({0, false, 2, 160, 1}, {1}), a));
  }
  SECTION("who comes before the phone, until it speaks") {
    b.relayed(villain.rtp, rtp({0, false, 1, 0, 6}, {1}), a, bob.rtp);
    b.relayed(alice.rtp, rtp({0, false, 1, 0, 1}, {1}), a, bob.rtp);
    CHECK(b.dropped(villain.rtp, rtp({0, false, 2, 160, 6}, {1}), a));
  }
  SECTION("who guesses no payload type of the call") {
    CHECK(b.dropped(villain.rtp, rtp({13, false, 1, 0, 6}, {1}), a));
  }
  SECTION("who sends junk") {
    CHECK(b.dropped(villain.rtp, bytes(40, 0x31), a));
  }
  b.relayed(bob.rtp, rtp({0, false, 1, 0, 2}, {1}), o, alice.rtp);
  CHECK_FALSE(villain.rtp.receive(0));
}

TEST_CASE("a phone behind NAT hears where it speaks from", "[media][latch][relay]") {
  bench b;
  phone alice, bob;
  const auto a = b.open(), o = b.open_for(bob, {pcmu()});
  b.aim(a.id, endpoint{*ip_address::parse("192.0.2.1"), 4000}, {pcmu()});
  b.it.connect({a.id, o.id});
  b.relayed(alice.rtp, rtp({0, false, 1, 0, 1}, {1}), a, bob.rtp);
  b.relayed(bob.rtp, rtp({0, false, 1, 0, 2}, {1}), o, alice.rtp);
}
