#pragma once

#include "kernel/values/result.hpp"
#include "kernel/values/session.hpp"

#include <cstdint>
#include <optional>
#include <vector>

/// Offer and answer (RFC 3264) of a relay that speaks for both sides. Pure functions. One audio
/// stream is relayed; further streams of an offer are refused by port 0.

namespace parkway {

/// The audio stream that is used: the first RTP one that is not refused. Null: none, or encrypted
/// by keys that a relay cannot rewrite (RTP/SAVP).
const media_stream* audio_of(const session_ptr& session);

/// What Parkway offers where nobody offered before: PCMU, PCMA, G722 and RFC 4733 events.
const std::vector<codec>& own_codecs();

/// The formats of `theirs` that `ours` has too, in the order and with the payload types of
/// `theirs`, events last. Empty when only events would be left.
std::vector<codec> common_codecs(const std::vector<codec>& theirs, const std::vector<codec>& ours);

/// The formats both have, in the order of `first`, with the payload types of `numbered`.
std::vector<codec> common_in_order_of(const std::vector<codec>& first,
                                      const std::vector<codec>& numbered);

/// An offer of one audio stream at our port.
session_ptr make_offer(const std::vector<codec>& codecs, std::uint16_t port,
                       media_direction direction, std::uint16_t packet_time_ms = 0);

/// The offer for the other side of a relayed call: the audio of `from`, at our port, without what
/// only the two phones could mean (candidates, keys, ports).
session_ptr relay_offer(const session_ptr& from, std::uint16_t port);

/// The answer to `offer`: its audio with `chosen` (payload types of the offer) at our port; the
/// other streams refused.
session_ptr make_answer(const session_ptr& offer, const std::vector<codec>& chosen,
                        std::uint16_t port, media_direction direction);

/// The formats a leg has agreed on: in our last words, numbered as the phone expects them.
std::vector<codec> agreed(const session_ptr& local, const session_ptr& remote);

/// `session` as an offer that flows both ways, addresses untouched: what one phone of a direct call
/// said, for the other. Null for null.
session_ptr cross_offer(const session_ptr& session);

/// The answer to `offer` that names the audio address of `other` (direct mode), with the formats
/// both have. Null when they have none.
session_ptr cross_answer(const session_ptr& offer, const session_ptr& other,
                         media_direction direction);

/// The direction that answers `offered` when nothing stands against it (RFC 3264 §6.1).
media_direction answer_to(media_direction offered);

/// True when the writer of the session holds us: sendonly, inactive, or the old c=0.0.0.0.
bool holds(const session_ptr& session);

/// True when the writer wants to hear something.
bool listens(const session_ptr& session);

/// Where the writer listens; none when it gave no usable address.
std::optional<endpoint> rtp_of(const session_ptr& session);
std::optional<endpoint> rtcp_of(const session_ptr& session);

}  // namespace parkway
