#include "plugins/media/engine_actor.hpp"

#include "kernel/messages/leg.hpp"
#include "kernel/runtime/loop_scheduler.hpp"
#include "plugins/media/music_file.hpp"
#include "plugins/media/plugin.hpp"
#include "tests/media/phone.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>
#include <sndfile.h>
#include <unistd.h>

#include <filesystem>

using namespace parkway;
using namespace parkway::media;
using namespace std::chrono_literals;

namespace {

/// A node of media alone, on real loops.
struct node {
  explicit node(settings s = ports(18200, 18299)) : system(loops(config)) {
    engines = start_engines(system, std::make_shared<const settings>(std::move(s)));
  }
  ~node() {
    for (const auto& e : engines)
      caf::anon_send_exit(e, caf::exit_reason::user_shutdown);
  }

  static settings ports(std::uint16_t min, std::uint16_t max) {
    settings s;
    s.media_port_min = min;
    s.media_port_max = max;
    s.listeners = {{transport_kind::udp, "127.0.0.1", 0, ""}};
    return s;
  }
  static caf::actor_system_config& loops(caf::actor_system_config& c) {
    use_loops(c, 2);
    return c;
  }

  /// Opens by message, as an actor does, and waits for the reply.
  media_opened open(std::size_t engine, const caf::actor& owner = {}) {
    media_opened reply;
    caf::scoped_actor me{system};
    me->send(engines[engine],
             open_media{{static_cast<std::uint16_t>(engine), ++serial}, ip_version::v4, owner, 0});
    me->receive([&](const media_opened& got) { reply = got; });
    return reply;
  }
  endpoint at(const media_opened& port) const {
    return {*ip_address::parse("127.0.0.1"), port.port};
  }
  template <class Message>
  void tell(std::size_t engine, Message what) {
    caf::anon_send(engines[engine], std::move(what));
  }

  caf::actor_system_config config;
  caf::actor_system system;
  std::vector<caf::actor> engines;
  std::uint64_t serial = 0;
};

/// Somebody who can die.
caf::behavior somebody(caf::event_based_actor*, int) {
  return {[](int x) { return x; }};
}

}  // namespace

TEST_CASE("an engine a worker; what is opened by message relays on its loop", "[media][actor]") {
  node n;
  REQUIRE(n.engines.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    phone alice, bob;
    const auto a = n.open(i), o = n.open(i);
    REQUIRE(a.port != 0);
    REQUIRE(o.port != 0);
    n.tell(i, aim_media{a.id, alice.rtp.address(), std::nullopt, {pcmu()}});
    n.tell(i, aim_media{o.id, bob.rtp.address(), std::nullopt, {pcmu()}});
    n.tell(i, connect_media{a.id, o.id});
    n.open(i);  // Answered after what was said before.
    alice.rtp.send(rtp({0, false, 1, 0, 1}, {42}), n.at(a));
    const auto got = bob.rtp.receive();
    REQUIRE(got);
    CHECK(payload_of(*got) == bytes{42});
    CHECK(bob.rtp.heard_from == socket_address{n.at(o)});
  }
}

TEST_CASE("music comes by itself, a packet in 20 ms", "[media][actor][music]") {
  node n;
  phone alice;
  const auto a = n.open(0);
  n.tell(0, aim_media{a.id, alice.rtp.address(), std::nullopt, {pcmu()}});
  n.tell(0, play_music{a.id, ""});
  std::vector<rtp_header> heard;
  while (heard.size() < 5) {
    const auto packet = alice.rtp.receive();
    REQUIRE(packet);
    heard.push_back(header_of(*packet));
  }
  for (std::size_t i = 1; i < heard.size(); ++i)
    CHECK(heard[i].sequence == static_cast<std::uint16_t>(heard[i - 1].sequence + 1));
  n.tell(0, close_media{a.id});
}

TEST_CASE("a file of the configuration's folder is read in the background and played",
          "[media][actor][music]") {
  const auto folder =
    std::filesystem::temp_directory_path() / ("parkway-media-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  SF_INFO info{};
  info.samplerate = 8000;
  info.channels = 1;
  info.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  auto* const file = sf_open((folder / "silence.wav").c_str(), SFM_WRITE, &info);
  const std::vector<std::int16_t> silence(8000);
  sf_write_short(file, silence.data(), 8000);
  sf_close(file);

  auto s = node::ports(18200, 18299);
  s.file = folder / "parkway.toml";
  std::string asked;
  SECTION("the node's music") {
    s.music = "silence.wav";
  }
  SECTION("a tenant's") {
    asked = "silence.wav";
  }
  node n{s};
  phone alice;
  const auto a = n.open(0);
  n.tell(0, aim_media{a.id, alice.rtp.address(), std::nullopt, {pcmu()}});
  n.tell(0, play_music{a.id, "none.wav"});  // One that is missing stops nothing.
  n.tell(0, play_music{a.id, asked});
  const bytes quiet(music_frame_size, 0xFF);
  bool silent = false;
  for (int packets = 0; !silent && packets < 500; ++packets) {
    const auto packet = alice.rtp.receive();
    REQUIRE(packet);
    silent = payload_of(*packet) == quiet;
  }
  CHECK(silent);
  std::filesystem::remove_all(folder);
}

TEST_CASE("the ports of a dead owner are closed, those it gave away are not", "[media][actor]") {
  node n{node::ports(18300, 18303)};
  const auto owner = n.system.spawn(somebody, 1);
  const auto heir = n.system.spawn(somebody, 2);
  const auto kept = n.open(0, owner), lost = n.open(0, owner);
  REQUIRE(kept.port != 0);
  REQUIRE(lost.port != 0);
  REQUIRE(n.open(1).why->code == fault_code::overloaded);
  n.tell(0, adopt_media{kept.id, heir});
  n.tell(0, owner_died{caf::actor_cast<caf::actor_addr>(owner)});
  CHECK(n.open(0).port == lost.port);
  caf::anon_send_exit(owner, caf::exit_reason::kill);
  caf::anon_send_exit(heir, caf::exit_reason::kill);
}

TEST_CASE("the engines are a plugin", "[media][actor]") {
  CHECK(manifest.abi == plugin_abi);
  CHECK(std::string{manifest.name} == "media");
  caf::actor_system_config config;
  caf::actor_system system{node::loops(config)};
  auto kernel = std::make_shared<node_context>();
  kernel->system = &system;
  const auto engines =
    manifest.start({{}, std::make_shared<const settings>(node::ports(18310, 18319)), kernel});
  CHECK(engines.size() == 2);
  for (const auto& e : engines)
    caf::anon_send_exit(e, caf::exit_reason::user_shutdown);
}

TEST_CASE("without loops there are no engines", "[media][actor]") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  CHECK(start_engines(system, std::make_shared<const settings>()).empty());
}
