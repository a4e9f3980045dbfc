#pragma once

/// What actors say to a media engine (plugins/media). All of a tenant's media lives on one engine,
/// so that any two of its parties can be joined. Commands for a port that is closed are ignored.

#include "kernel/values/names.hpp"
#include "kernel/values/result.hpp"
#include "kernel/values/session.hpp"

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace parkway {

/// Opens an RTP port (even) and its RTCP port (the next). Replies media_opened to the sender.
struct open_media {
  media_id id;  ///< Fresh.
  ip_version version = ip_version::v4;
  caf::actor owner;        ///< If it dies without closing, owner_died closes the port.
  std::uint16_t port = 0;  ///< The RTP port it had before a restart: that one or none. 0: any.
  bool new_call = false;   ///< For a caller: not of the last ports, which parked calls may need.
};
struct media_opened {
  media_id id;
  std::uint16_t port = 0;  ///< 0: see `why`.
  std::optional<fault> why;
};

/// Where the party listens and what it understands: after every answered offer. A changed address
/// lets the port latch to a new source once (symmetric RTP).
struct aim_media {
  media_id id;
  std::optional<endpoint> rtp;   ///< None or port 0: send nothing until a packet tells the source.
  std::optional<endpoint> rtcp;  ///< None: the RTP port + 1.
  std::vector<codec> codecs;  ///< Negotiated, ours first. Payload types as the party expects them.
  bool may_send = true;       ///< The party wants to hear something.
  std::uint16_t packet_time_ms = 20;
  /// The same codecs with the payload types of our own words: as the party says them (RFC 3264
  /// §5.1). Those of `codecs` are understood too, as far as they mean nothing else.
  std::vector<codec> said_as{};
};

/// Two ports hear each other; what either heard before ends. Codecs are matched by name, payload
/// types mapped; SSRC, sequence and timestamps towards each party stay continuous.
struct connect_media {
  media_id a;
  media_id b;
};

/// The party hears music in the first of its codecs that we encode (PCMU, PCMA, G722). What it says
/// goes nowhere.
struct play_music {
  media_id id;
  std::string file;  ///< Empty: the node's music.
};

/// The party hears nothing and is heard by nobody.
struct mute_media {
  media_id id;
};

/// Closes the port. Its peer, if any, hears nothing.
struct close_media {
  media_id id;
};

/// The port belongs to somebody else now.
struct adopt_media {
  media_id id;
  caf::actor owner;
};

}  // namespace parkway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::open_media)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::media_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::aim_media)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::connect_media)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::play_music)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::mute_media)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::close_media)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::adopt_media)
