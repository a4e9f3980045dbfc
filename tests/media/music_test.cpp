#include "plugins/media/g711.hpp"
#include "plugins/media/g722.hpp"
#include "tests/media/phone.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <map>

using namespace parkway;
using namespace parkway::media;
using namespace std::chrono_literals;

namespace {

/// A phone that is listening to music.
struct listener {
  bench b;
  phone it;
  bench::opened port;

  explicit listener(std::vector<codec> codecs = {pcmu()}) : port(b.open_for(it, codecs)) {}

  void play(const std::string& file = {}) { b.it.play({port.id, file}, b.now); }
  /// The next packet of music.
  bytes next() {
    b.play(20ms);
    const auto got = it.rtp.receive();
    REQUIRE(got);
    return *got;
  }
};

bytes frame(const music& m, music_codec c, std::uint64_t i) {
  const auto f = m.frame(c, i);
  return {f.begin(), f.end()};
}

int level_max(const std::vector<std::int16_t>& samples) {
  int loudest = 0;
  for (const int x : samples)
    loudest = std::max(loudest, std::abs(x));
  return loudest;
}

int step_max(const std::vector<std::int16_t>& samples) {
  int widest = 0;
  for (std::size_t i = 1; i < samples.size(); ++i)
    widest = std::max(widest, std::abs(samples[i] - samples[i - 1]));
  return widest;
}

double rms(const std::vector<std::int16_t>& samples) {
  double sum = 0;
  for (const double x : samples)
    sum += x * x;
  return std::sqrt(sum / static_cast<double>(samples.size()));
}

}  // namespace

TEST_CASE("the tune is long, pleasant in level, and has no seam", "[media][tune]") {
  const auto t = play_tune();
  CHECK(t.narrow.size() >= 20 * 8000);
  CHECK(t.wide.size() == 2 * t.narrow.size());
  CHECK(t.narrow.size() % music_frame_size == 0);
  for (const auto* samples : {&t.narrow, &t.wide}) {
    CHECK(level_max(*samples) < 0.5 * 32768);
    CHECK(level_max(*samples) > 0.4 * 32768);
    CHECK(rms(*samples) > 1000);
    CHECK(rms(*samples) < 8000);
    // From the end to the beginning no wider step than anywhere else.
    CHECK(std::abs(samples->front() - samples->back()) <= step_max(*samples));
    CHECK(step_max(*samples) < 12000);
  }
  CHECK(play_tune().wide == t.wide);
}

TEST_CASE("there is no silent second in the tune", "[media][tune]") {
  const auto t = play_tune();
  for (std::size_t at = 0; at + 8000 <= t.narrow.size(); at += 8000) {
    const std::vector<std::int16_t> second(
      t.narrow.begin() + static_cast<std::ptrdiff_t>(at),
      t.narrow.begin() + static_cast<std::ptrdiff_t>(at) + 8000);
    CHECK(rms(second) > 500);
  }
}

TEST_CASE("a loop is encoded frame by frame in each codec, and goes round", "[media][music]") {
  sound s;
  for (int i = 0; i < 500; ++i)  // Three frames and a rest that is cut off.
    s.narrow.push_back(static_cast<std::int16_t>(i * 60 - 15000));
  for (int i = 0; i < 1000; ++i)
    s.wide.push_back(static_cast<std::int16_t>(i * 30 - 15000));
  const music m{s};
  REQUIRE(m.frames() == 3);
  for (std::uint64_t f = 0; f < 6; ++f)
    for (std::size_t i = 0; i < music_frame_size; ++i) {
      const auto sample = s.narrow[f % 3 * music_frame_size + i];
      if (m.frame(music_codec::pcmu, f)[i] != to_pcmu(sample)) FAIL("PCMU " << f << ' ' << i);
      if (m.frame(music_codec::pcma, f)[i] != to_pcma(sample)) FAIL("PCMA " << f << ' ' << i);
    }
  const auto wide = to_g722(std::span{s.wide}.first(960));
  CHECK(frame(m, music_codec::g722, 4) == bytes(wide.begin() + 160, wide.begin() + 320));
}

TEST_CASE("who waits hears the tune from its beginning in the first codec we have",
          "[media][music]") {
  struct choice {
    std::vector<codec> codecs;
    music_codec played;
    int payload_type;
  };
  const auto c =
    GENERATE(choice{{pcmu()}, music_codec::pcmu, 0}, choice{{pcma(), pcmu()}, music_codec::pcma, 8},
             choice{{{111, "OPUS", 48000, 2, ""}, g722(), pcmu()}, music_codec::g722, 9},
             choice{{events(101), pcma(97)}, music_codec::pcma, 97});
  listener l{c.codecs};
  l.play();
  for (std::uint64_t i = 0; i < 3; ++i) {
    const auto packet = l.next();
    CHECK(payload_of(packet) == frame(*tune(), c.played, i));
    CHECK(header_of(packet).payload_type == c.payload_type);
    CHECK(header_of(packet).marker == (i == 0));
  }
  CHECK(l.b.it.counters().music == 3);
}

TEST_CASE("music is one stream of a packet in 20 ms", "[media][music][continuity]") {
  listener l;
  l.play();
  auto last = header_of(l.next());
  for (int i = 0; i < 100; ++i) {
    const auto now = header_of(l.next());
    CHECK(now
          == rtp_header{0, false, static_cast<std::uint16_t>(last.sequence + 1),
                        last.timestamp + 160, last.ssrc});
    last = now;
  }
}

TEST_CASE("after a stall nobody is sent a burst, and time is right", "[media][music]") {
  listener l;
  l.play();
  const auto before = header_of(l.next());
  l.b.play(100ms);
  const auto after = l.it.rtp.receive();
  REQUIRE(after);
  CHECK(header_of(*after).sequence == static_cast<std::uint16_t>(before.sequence + 1));
  CHECK(header_of(*after).timestamp == before.timestamp + 5 * 160);
  CHECK(payload_of(*after) == frame(*tune(), music_codec::pcmu, 5));
  CHECK_FALSE(l.it.rtp.receive(0));
}

TEST_CASE("a thousand listeners are spread over the 20 ms, each with its packet",
          "[media][music]") {
  struct one : music_listener {
    int turns = 0;
    std::uint64_t last = 0;
  };
  const time_point start{1h};
  music_clock clock{start};
  std::vector<one> all(1000);
  for (auto& l : all)
    clock.add(l, start + 5ms);
  CHECK(clock.listeners() == 1000);

  std::size_t most = 0, bursts = 0;
  while (const auto due = clock.next_due()) {
    if (*due > start + 1005ms) break;
    std::size_t burst = 0;
    clock.run(*due, [&](music_listener& l, std::uint64_t tick) {
      auto& mine = static_cast<one&>(l);
      if (mine.turns++ > 0 && tick != mine.last + 1) FAIL("a tick was left out");
      mine.last = tick;
      ++burst;
    });
    REQUIRE(burst > 0);
    most = std::max(most, burst);
    ++bursts;
  }
  CHECK(most == 100);
  CHECK(bursts == 500);
  CHECK(std::all_of(all.begin(), all.end(), [](const one& l) { return l.turns == 50; }));
  for (auto& l : all)
    clock.remove(l);
  CHECK_FALSE(clock.next_due());
}

TEST_CASE("a few listeners wake the loop no more often than one", "[media][music]") {
  const time_point start{1h};
  music_clock clock{start};
  std::vector<music_listener> few(40);
  for (auto& l : few)
    clock.add(l, start);
  std::size_t wakes = 0, turns = 0;
  for (auto due = clock.next_due(); due && *due <= start + 1s; due = clock.next_due(), ++wakes)
    clock.run(*due, [&](music_listener&, std::uint64_t) { ++turns; });
  CHECK(wakes == 50);
  CHECK(turns == 50 * few.size());
}

TEST_CASE("listeners come and go without disturbing others", "[media][music]") {
  music_clock clock{time_point{1h}};
  auto now = time_point{1h};
  std::vector<music_listener> all(300);
  std::map<const music_listener*, std::uint64_t> last;
  unsigned random = 1;
  for (int step = 0; step < 5000; ++step, now += 1ms) {
    random = random * 1664525 + 1013904223;
    auto& one = all[(random >> 8) % all.size()];
    if (one.listening()) {
      clock.remove(one);
      last.erase(&one);
    } else if (random >> 30) {
      clock.add(one, now);
    }
    clock.run(now, [&](music_listener& l, std::uint64_t tick) {
      if (!l.listening()) FAIL("one that has left");
      const auto known = last.find(&l);
      if (known != last.end() && tick != known->second + 1) FAIL("a tick was left out");
      last[&l] = tick;
    });
  }
  CHECK(clock.listeners()
        == static_cast<std::size_t>(
          std::count_if(all.begin(), all.end(), [](const auto& l) { return l.listening(); })));
}

TEST_CASE("what a waiting party says goes nowhere, and music ends when it is joined",
          "[media][music][relay]") {
  listener l;
  phone bob;
  const auto o = l.b.open_for(bob, {pcmu()});
  l.play();
  const auto music = header_of(l.next());
  CHECK(l.b.dropped(l.it.rtp, rtp({0, false, 1, 0, 1}, {1}), l.port));
  l.b.it.connect({l.port.id, o.id});
  l.b.play(60ms);
  const auto voice = header_of(l.b.relayed(bob.rtp, rtp({0, false, 500, 7, 2}, {1}), o, l.it.rtp));
  CHECK(voice
        == rtp_header{0, true, static_cast<std::uint16_t>(music.sequence + 1),
                      music.timestamp + 480, music.ssrc});
  CHECK(l.b.it.counters().music == 1);
}

TEST_CASE("a phone on hold with music leaves its peer in silence", "[media][music][relay]") {
  listener l;
  phone bob;
  const auto o = l.b.open_for(bob, {pcmu()});
  l.b.it.connect({l.port.id, o.id});
  l.b.relayed(bob.rtp, rtp({0, false, 1, 0, 2}, {1}), o, l.it.rtp);
  l.play();
  CHECK(l.b.dropped(bob.rtp, rtp({0, false, 2, 160, 2}, {1}), o));
  CHECK(header_of(l.next()).marker);
}

TEST_CASE("music follows a phone to another codec and another address", "[media][music]") {
  listener l;
  l.play();
  const auto before = header_of(l.next());
  phone moved;
  l.b.aim(l.port.id, moved.rtp.address(), {pcma(), pcmu()});
  l.b.play(20ms);
  const auto got = moved.rtp.receive();
  REQUIRE(got);
  CHECK(header_of(*got)
        == rtp_header{8, false, static_cast<std::uint16_t>(before.sequence + 1),
                      before.timestamp + 160, before.ssrc});
  CHECK(payload_of(*got) == frame(*tune(), music_codec::pcma, 1));
}

TEST_CASE("who has none of our codecs, or wants to hear nothing, is sent no music",
          "[media][music]") {
  listener l{{{111, "OPUS", 48000, 2, ""}, events(101)}};
  l.play();
  l.b.play(100ms);
  CHECK_FALSE(l.it.rtp.receive(0));
  l.b.aim(l.port.id, l.it.rtp.address(), {pcmu()});
  l.next();
  l.b.it.aim({l.port.id, l.it.rtp.address(), std::nullopt, {pcmu()}, false}, l.b.now);
  l.b.play(100ms);
  CHECK_FALSE(l.it.rtp.receive(0));
  // Resumed, it goes on at its place, in time.
  l.b.aim(l.port.id, l.it.rtp.address(), {pcmu()});
  CHECK(header_of(l.next()).marker);
}

TEST_CASE("mute and close end music", "[media][music]") {
  listener l;
  l.play();
  l.next();
  if (GENERATE(true, false))
    l.b.it.mute({l.port.id});
  else
    l.b.it.close({l.port.id});
  l.b.play(100ms);
  CHECK_FALSE(l.it.rtp.receive(0));
}

TEST_CASE("asked for the same music again a phone hears it go on", "[media][music]") {
  listener l;
  l.play();
  l.next();
  l.play();
  const auto packet = l.next();
  CHECK(payload_of(packet) == frame(*tune(), music_codec::pcmu, 1));
  CHECK_FALSE(header_of(packet).marker);
}

TEST_CASE("until a file is read the tune plays, and then the file", "[media][music]") {
  listener l;
  l.play("/music/waltz.wav");
  CHECK(l.b.fetched == std::vector<std::string>{"/music/waltz.wav"});
  CHECK(payload_of(l.next()) == frame(*tune(), music_codec::pcmu, 0));
  l.play("/music/waltz.wav");
  CHECK(l.b.fetched.size() == 1);  // It is on its way.

  const auto waltz = std::make_shared<const music>(
    sound{std::vector<std::int16_t>(160, 5000), std::vector<std::int16_t>(320, 5000)});
  l.b.it.shelf().put("/music/waltz.wav", waltz);
  CHECK(payload_of(l.next()) == frame(*waltz, music_codec::pcmu, 0));
}

TEST_CASE("a file that cannot be read is tried again, but not at once", "[media][music]") {
  listener l;
  l.play("/no.wav");
  l.b.it.shelf().miss("/no.wav", l.b.now);
  CHECK(payload_of(l.next()) == frame(*tune(), music_codec::pcmu, 0));
  l.play("/no.wav");
  CHECK(l.b.fetched.size() == 1);
  l.b.pass(30s);
  l.play("/no.wav");
  CHECK(l.b.fetched.size() == 2);
}

TEST_CASE("a shelf is never overfull", "[media][music]") {
  music_shelf shelf{tune()};
  for (std::size_t i = 0; i < music_shelf::files_max; ++i)
    CHECK(shelf.find(std::to_string(i), time_point{}).fetch);
  const auto one_more = shelf.find("one more", time_point{});
  CHECK_FALSE(one_more.fetch);
  CHECK(one_more.slot.playing == tune());
}
