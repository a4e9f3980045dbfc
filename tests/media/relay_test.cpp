#include "tests/media/phone.hpp"

#include <catch2/catch.hpp>

using namespace parkway;
using namespace parkway::media;
using namespace std::chrono_literals;

namespace {

/// Two phones in a call.
struct call {
  bench b;
  phone alice, bob;
  bench::opened a, o;

  explicit call(std::vector<codec> hers = {pcmu(), events(101)},
                std::vector<codec> his = {pcmu(), events(101)}, std::string host = "127.0.0.1")
    : alice(host),
      bob(host),
      a(b.open_for(alice, std::move(hers))),
      o(b.open_for(bob, std::move(his))) {
    b.it.connect({a.id, o.id});
  }

  rtp_header to_bob(const rtp_header& h) {
    return header_of(b.relayed(alice.rtp, rtp(h, {1}), a, bob.rtp));
  }
};

}  // namespace

TEST_CASE("two phones hear each other, over either version of IP", "[media][relay]") {
  call c{{pcmu()}, {pcmu()}, GENERATE(as<std::string>{}, "127.0.0.1", "::1")};
  const bytes voice(160, 0x55);

  const auto at_bob = c.b.relayed(c.alice.rtp, rtp({0, false, 7, 800, 1}, voice), c.a, c.bob.rtp);
  CHECK(payload_of(at_bob) == voice);
  CHECK(header_of(at_bob).payload_type == 0);

  const auto at_alice =
    c.b.relayed(c.bob.rtp, rtp({0, false, 9, 160, 2}, {1, 2}), c.o, c.alice.rtp);
  CHECK(payload_of(at_alice) == bytes{1, 2});
  CHECK(header_of(at_alice).ssrc != header_of(at_bob).ssrc);
  CHECK(c.b.it.counters().relayed == 2);
}

TEST_CASE("a phone hears us from the ports it was told", "[media][relay]") {
  call c;
  c.to_bob({0, false, 1, 0, 1});
  CHECK(c.bob.rtp.heard_from == socket_address{c.o.rtp});
  CHECK(c.o.rtp.port % 2 == 0);
}

TEST_CASE("payload types are mapped by format, keys too, and what the other lacks is dropped",
          "[media][relay][codec]") {
  call c{{pcma(8), {111, "OPUS", 48000, 2, ""}, events(101)}, {events(96), pcma(8)}};
  CHECK(c.to_bob({8, false, 1, 0, 1}).payload_type == 8);
  CHECK(c.to_bob({101, true, 2, 160, 1}).payload_type == 96);
  CHECK(c.b.dropped(c.alice.rtp, rtp({111, false, 3, 320, 1}, {1}), c.a));
  CHECK(c.b.dropped(c.alice.rtp, rtp({96, false, 4, 480, 1}, {1}), c.a));
}

TEST_CASE("a phone may say a format by our number for it, or by its own", "[media][relay][codec]") {
  call c{{pcmu(), events(101)}, {pcmu(), events(96)}};
  // Offered as 101, Bob answered with 96: he hears 96 and says 101. Some say 96 all the same.
  c.b.it.aim({c.o.id,
              c.bob.rtp.address(),
              std::nullopt,
              {pcmu(), events(96)},
              true,
              20,
              {pcmu(), events(101)}},
             c.b.now);
  const auto said = GENERATE(as<std::uint8_t>{}, 101, 96);
  const auto at_alice = c.b.relayed(c.bob.rtp, rtp({said, true, 2, 160, 1}, {5}), c.o, c.alice.rtp);
  CHECK(header_of(at_alice).payload_type == 101);
  CHECK(c.to_bob({101, true, 2, 160, 1}).payload_type == 96);
}

TEST_CASE("a key keeps its timestamp through all its packets", "[media][relay][dtmf]") {
  call c{{pcmu(), events(101)}, {pcmu(), events(97)}};
  const auto voice = c.to_bob({0, false, 10, 1600, 1});
  for (std::uint16_t i = 1; i <= 5; ++i) {
    const auto key = c.to_bob({101, i == 1, static_cast<std::uint16_t>(10 + i), 1760, 1});
    CHECK(key.timestamp == voice.timestamp + 160);
    CHECK(key.marker == (i == 1));
    CHECK(key.sequence == static_cast<std::uint16_t>(voice.sequence + i));
  }
}

TEST_CASE("what is not RTP goes nowhere", "[media][relay]") {
  call c;
  for (const bytes& junk : {bytes{}, bytes{0x80}, bytes(12, 0), bytes(rtp_size_max + 1, 0x80)})
    CHECK(c.b.dropped(c.alice.rtp, junk, c.a));
}

TEST_CASE("sound before the call is joined goes nowhere", "[media][relay]") {
  bench b;
  phone alice;
  const auto a = b.open_for(alice, {pcmu()});
  CHECK(b.dropped(alice.rtp, rtp({0, false, 1, 0, 1}, {1}), a));
}

TEST_CASE("a phone on hold is sent nothing, and heard", "[media][relay]") {
  call c;
  c.b.it.aim({c.o.id, c.bob.rtp.address(), std::nullopt, {pcmu()}, false}, c.b.now);
  CHECK(c.b.dropped(c.alice.rtp, rtp({0, false, 1, 0, 1}, {1}), c.a));
  c.b.relayed(c.bob.rtp, rtp({0, false, 1, 0, 2}, {1}), c.o, c.alice.rtp);
}

TEST_CASE("a muted phone hears nobody and is heard by nobody, and so is its peer",
          "[media][relay]") {
  call c;
  c.b.it.mute({c.a.id});
  CHECK(c.b.dropped(c.alice.rtp, rtp({0, false, 1, 0, 1}, {1}), c.a));
  CHECK(c.b.dropped(c.bob.rtp, rtp({0, false, 1, 0, 2}, {1}), c.o));
}

TEST_CASE("closing a port silences its peer and frees it for the next", "[media][relay]") {
  bench b{18000, 18003};
  phone alice, bob;
  const auto a = b.open_for(alice, {pcmu()});
  const auto o = b.open_for(bob, {pcmu()});
  b.it.connect({a.id, o.id});
  b.it.close({a.id});
  CHECK(b.dropped(bob.rtp, rtp({0, false, 1, 0, 2}, {1}), o));
  b.it.connect({a.id, o.id});  // A command for a closed port does nothing.
  CHECK(b.open().rtp == a.rtp);
}

TEST_CASE("several packets that came together go on together, in order", "[media][relay]") {
  call c;
  for (std::uint16_t i = 0; i < 20; ++i)
    c.alice.rtp.send(rtp({0, false, i, i * 160u, 1}, {static_cast<std::uint8_t>(i)}), c.a.rtp);
  while (c.b.it.counters().relayed < 20)
    c.b.work();
  for (std::uint8_t i = 0; i < 20; ++i) {
    const auto got = c.bob.rtp.receive();
    REQUIRE(got);
    CHECK(payload_of(*got) == bytes{i});
  }
}

TEST_CASE("a new peer goes on where the old one stopped", "[media][relay][continuity]") {
  call c;
  const auto last = c.to_bob({0, false, 100, 16000, 1});
  phone carol;
  const auto x = c.b.open_for(carol, {pcmu()});
  c.b.it.connect({x.id, c.o.id});
  c.b.pass(500ms);
  const auto first =
    header_of(c.b.relayed(carol.rtp, rtp({0, false, 40000, 77, 3}, {1}), x, c.bob.rtp));
  CHECK(first.ssrc == last.ssrc);
  CHECK(first.sequence == static_cast<std::uint16_t>(last.sequence + 1));
  CHECK(first.timestamp == last.timestamp + 500 * 8);
  CHECK(first.marker);
  // And who was left behind is not heard any more.
  CHECK(c.b.dropped(c.alice.rtp, rtp({0, false, 101, 16160, 1}, {1}), c.a));
}

TEST_CASE("joining again whom is joined changes nothing", "[media][relay][continuity]") {
  call c;
  const auto before = c.to_bob({0, false, 100, 16000, 1});
  c.b.it.connect({c.a.id, c.o.id});
  const auto after = c.to_bob({0, false, 101, 16160, 1});
  CHECK(after.timestamp == before.timestamp + 160);
  CHECK_FALSE(after.marker);
}

TEST_CASE("a codec negotiated later is mapped at once", "[media][relay][codec]") {
  call c{{pcmu()}, {pcmu()}};
  c.b.aim(c.a.id, c.alice.rtp.address(), {pcma()});
  CHECK(c.b.dropped(c.alice.rtp, rtp({8, false, 1, 0, 1}, {1}), c.a));
  c.b.aim(c.o.id, c.bob.rtp.address(), {pcma(98)});
  CHECK(c.to_bob({8, false, 2, 160, 1}).payload_type == 98);
}

TEST_CASE("reports cross the relay as if there were none", "[media][relay][rtcp]") {
  call c;
  const auto heard_by_bob = c.to_bob({0, false, 100, 16000, 0xA11CE});
  // Alice: sender's report of 0xA11CE, timestamp 16160.
  bytes report(28);
  report[0] = 0x80;
  report[1] = 200;
  put16(&report[2], 6);
  put32(&report[4], 0xA11CE);
  put32(&report[16], 16160);
  c.b.send(c.alice.rtcp, report, c.a.rtcp);
  const auto got = c.bob.rtcp.receive();
  REQUIRE(got);
  CHECK(get32(got->data() + 4) == heard_by_bob.ssrc);
  CHECK(get32(got->data() + 16) == heard_by_bob.timestamp + 160);
  CHECK(c.b.it.counters().reports == 1);
}

TEST_CASE("a report from a stranger goes nowhere", "[media][relay][rtcp]") {
  call c;
  const bytes report{0x80, 201, 0, 1, 0, 0, 0, 1};
  c.b.send(c.alice.rtcp, report, c.a.rtcp);
  REQUIRE(c.b.it.counters().reports == 1);
  const phone mallory{"127.0.0.2"};
  c.b.send(mallory.rtcp, report, c.a.rtcp);
  CHECK(c.b.it.counters().reports == 1);
}
