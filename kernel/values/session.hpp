#pragma once

#include "kernel/values/endpoint.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace parkway {

/// Which way media flows, seen from whoever wrote the description (RFC 3264 §5.1).
enum class media_direction : std::uint8_t { sendrecv, sendonly, recvonly, inactive };

/// One payload format of a media stream (RFC 8866 §6.6).
struct codec {
  std::uint8_t payload_type = 0;  ///< 0–127, as written in the m= line.
  std::string name;               ///< Encoding name in upper case: "PCMU", "TELEPHONE-EVENT".
  std::uint32_t clock_rate = 8000;
  std::uint8_t channels = 1;
  std::string parameters;  ///< The a=fmtp value without its payload type; empty: none.

  /// Same format, whatever payload type each side gave it and whatever the parameters.
  bool same_format(const codec& other) const {
    return name == other.name && clock_rate == other.clock_rate && channels == other.channels;
  }
  /// A format that carries keys, not sound (RFC 4733): never what two parties have in common.
  bool is_event() const { return name == "TELEPHONE-EVENT"; }
  bool operator==(const codec&) const = default;
};

/// One m= section. What we do not model travels along untouched in `attributes`.
struct media_stream {
  std::string kind = "audio";         ///< "audio", "video", "image" …
  std::string protocol = "RTP/AVP";   ///< "RTP/AVP", "RTP/SAVP" …
  std::uint16_t port = 0;             ///< 0: the stream is refused.
  std::optional<ip_address> address;  ///< c= of the section, or of the session. None: ours;
                                      ///< sip/ writes the address shown to that phone.
  std::optional<endpoint> rtcp;       ///< a=rtcp (RFC 3605), where it was given.
  media_direction direction = media_direction::sendrecv;
  std::vector<codec> codecs;            ///< In order of preference; empty when not RTP.
  std::vector<std::string> formats;     ///< The format list as written, when not RTP.
  std::uint16_t packet_time_ms = 0;     ///< a=ptime; 0: not given.
  std::vector<std::string> attributes;  ///< Other lines of the section, as written ("a=…", "b=…").

  bool refused() const { return port == 0; }
  bool operator==(const media_stream&) const = default;
};

/// A session description (RFC 8866) as a value. Origin and version belong to the leg that sends it.
struct session_description {
  std::vector<media_stream> streams;
  std::vector<std::string> attributes;  ///< Other session-level lines, as written.

  bool operator==(const session_description&) const = default;
};

/// Sessions are written once and shared by the actors that look at them.
using session_ptr = std::shared_ptr<const session_description>;

}  // namespace parkway
