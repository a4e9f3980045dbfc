#pragma once

#include "kernel/values/names.hpp"
#include "kernel/values/session.hpp"
#include "plugins/media/latch.hpp"
#include "plugins/media/music.hpp"
#include "plugins/media/music_clock.hpp"
#include "plugins/media/out_stream.hpp"
#include "plugins/media/payload_map.hpp"
#include "plugins/media/udp_sockets.hpp"

#include <caf/actor_addr.hpp>

#include <bitset>
#include <vector>

namespace parkway::media {

struct music_slot;

/// One party's port: where it sends, where it listens, what it hears. Belongs to an engine, which
/// alone changes it.
struct media_port : music_listener {
  media_port(media_id its_id, ip_version its_version, udp_sockets bound, out_stream heard)
    : id(its_id), version(its_version), sockets(std::move(bound)), out(heard) {}

  const media_id id;
  const ip_version version;
  std::uint16_t number = 0;  ///< Of the RTP port.
  udp_sockets sockets;
  caf::actor_addr owner;

  latch rtp;
  latch rtcp;
  std::vector<codec> codecs;
  std::vector<codec> said_as;   ///< The same, numbered as the party says them.
  std::bitset<128> understood;  ///< Payload types of both.
  bool may_hear = true;

  out_stream out;              ///< What the party hears.
  media_port* peer = nullptr;  ///< Who hears the party, and is heard by it.
  payload_map to_peer;

  const music_slot* music = nullptr;  ///< What it hears when it has no peer; null: nothing.
  std::optional<music_format> format;
  std::uint64_t music_began = 0;  ///< Tick of frame 0.
  std::uint64_t music_tick = 0;   ///< Tick of the packet sent last; 0: none yet.
};

}  // namespace parkway::media
