#include "actors/common/offer_answer.hpp"

#include <algorithm>

namespace parkway {
namespace {

bool is_relayable(const media_stream& s) {
  return s.kind == "audio" && !s.refused() && (s.protocol == "RTP/AVP" || s.protocol == "RTP/AVPF");
}

const codec* find_format(const std::vector<codec>& in, const codec& like) {
  const auto found =
    std::find_if(in.begin(), in.end(), [&](const codec& c) { return c.same_format(like); });
  return found == in.end() ? nullptr : &*found;
}

bool has_sound(const std::vector<codec>& codecs) {
  return std::any_of(codecs.begin(), codecs.end(), [](const codec& c) { return !c.is_event(); });
}

std::vector<codec> events_last(std::vector<codec> codecs) {
  if (!has_sound(codecs)) return {};
  std::stable_partition(codecs.begin(), codecs.end(), [](const codec& c) { return !c.is_event(); });
  return codecs;
}

/// Bandwidth and packet times mean the same on both sides of a relay; little else does.
std::vector<std::string> relayed_attributes(const std::vector<std::string>& from) {
  std::vector<std::string> kept;
  for (const auto& line : from)
    if (line.starts_with("b=") || line.starts_with("a=maxptime:")) kept.push_back(line);
  return kept;
}

}  // namespace

const media_stream* audio_of(const session_ptr& session) {
  if (!session) return nullptr;
  const auto& all = session->streams;
  const auto found = std::find_if(all.begin(), all.end(), is_relayable);
  return found == all.end() ? nullptr : &*found;
}

const std::vector<codec>& own_codecs() {
  static const std::vector<codec> codecs{
    {0, "PCMU", 8000, 1, ""},
    {8, "PCMA", 8000, 1, ""},
    {9, "G722", 8000, 1, ""},
    {101, "TELEPHONE-EVENT", 8000, 1, "0-16"},
  };
  return codecs;
}

std::vector<codec> common_codecs(const std::vector<codec>& theirs, const std::vector<codec>& ours) {
  std::vector<codec> both;
  for (const auto& c : theirs)
    if (find_format(ours, c)) both.push_back(c);
  return events_last(std::move(both));
}

std::vector<codec> common_in_order_of(const std::vector<codec>& first,
                                      const std::vector<codec>& numbered) {
  std::vector<codec> both;
  for (const auto& c : first)
    if (const auto* same = find_format(numbered, c)) both.push_back(*same);
  return events_last(std::move(both));
}

session_ptr make_offer(const std::vector<codec>& codecs, std::uint16_t port,
                       media_direction direction, std::uint16_t packet_time_ms) {
  session_description made;
  auto& stream = made.streams.emplace_back();
  stream.port = port;
  stream.codecs = codecs;
  stream.direction = direction;
  stream.packet_time_ms = packet_time_ms;
  return std::make_shared<const session_description>(std::move(made));
}

session_ptr relay_offer(const session_ptr& from, std::uint16_t port) {
  const auto* audio = audio_of(from);
  if (!audio) return nullptr;
  session_description made;
  auto& stream = made.streams.emplace_back();
  stream.port = port;
  stream.codecs = audio->codecs;
  stream.direction = audio->direction;
  stream.packet_time_ms = audio->packet_time_ms;
  stream.attributes = relayed_attributes(audio->attributes);
  return std::make_shared<const session_description>(std::move(made));
}

session_ptr make_answer(const session_ptr& offer, const std::vector<codec>& chosen,
                        std::uint16_t port, media_direction direction) {
  const auto* audio = audio_of(offer);
  session_description made;
  for (const auto& offered : offer->streams) {
    auto& stream = made.streams.emplace_back();
    stream.kind = offered.kind;
    stream.protocol = offered.protocol;
    if (&offered == audio) {
      stream.port = port;
      stream.codecs = chosen;
      stream.direction = direction;
      stream.packet_time_ms = offered.packet_time_ms;
    } else {
      // A refused stream keeps a format: an empty list is no valid m= line (RFC 8866 §5.14).
      stream.codecs = offered.codecs;
      stream.formats = offered.formats;
      if (stream.codecs.size() > 1) stream.codecs.resize(1);
    }
  }
  return std::make_shared<const session_description>(std::move(made));
}

std::vector<codec> agreed(const session_ptr& local, const session_ptr& remote) {
  const auto* ours = audio_of(local);
  const auto* theirs = audio_of(remote);
  if (!ours || !theirs) return {};
  return common_in_order_of(ours->codecs, theirs->codecs);
}

session_ptr cross_offer(const session_ptr& session) {
  if (!session) return nullptr;
  auto copy = *session;
  for (auto& stream : copy.streams)
    stream.direction = media_direction::sendrecv;
  return std::make_shared<const session_description>(std::move(copy));
}

session_ptr cross_answer(const session_ptr& offer, const session_ptr& other,
                         media_direction direction) {
  const auto* asked = audio_of(offer);
  const auto* there = audio_of(other);
  if (!asked || !there) return nullptr;
  const auto both = common_in_order_of(there->codecs, asked->codecs);
  if (both.empty()) return nullptr;
  auto made = *make_answer(offer, both, there->port, direction);
  for (auto& stream : made.streams)
    if (!stream.refused()) stream.address = there->address;
  return std::make_shared<const session_description>(std::move(made));
}

media_direction answer_to(media_direction offered) {
  switch (offered) {
    case media_direction::sendrecv:
      return media_direction::sendrecv;
    case media_direction::sendonly:
      return media_direction::recvonly;
    case media_direction::recvonly:
      return media_direction::sendonly;
    case media_direction::inactive:
      return media_direction::inactive;
  }
  return media_direction::inactive;
}

bool holds(const session_ptr& session) {
  const auto* audio = audio_of(session);
  if (!audio) return false;
  return audio->direction == media_direction::sendonly
         || audio->direction == media_direction::inactive
         || (audio->address && audio->address->is_any());
}

bool listens(const session_ptr& session) {
  const auto* audio = audio_of(session);
  return audio && !holds(session);
}

std::optional<endpoint> rtp_of(const session_ptr& session) {
  const auto* audio = audio_of(session);
  if (!audio || !audio->address || audio->address->is_any()) return std::nullopt;
  return endpoint{*audio->address, audio->port};
}

std::optional<endpoint> rtcp_of(const session_ptr& session) {
  const auto* audio = audio_of(session);
  return audio ? audio->rtcp : std::nullopt;
}

}  // namespace parkway
