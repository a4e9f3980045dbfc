#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parkway::sim {

/// A codec as an SDP line names it: {0, "PCMU/8000"}.
struct sdp_codec {
  int payload_type = 0;
  std::string name;
  bool operator==(const sdp_codec&) const = default;
};

/// One audio stream: what a desk phone says in SDP, and no more.
struct phone_sdp {
  std::string address;
  std::uint16_t port = 0;
  std::string direction = "sendrecv";
  std::vector<sdp_codec> codecs;
  std::uint64_t session = 1;
  std::uint64_t version = 1;

  bool sends() const { return direction == "sendrecv" || direction == "sendonly"; }
  bool listens() const { return direction == "sendrecv" || direction == "recvonly"; }
  std::string text() const;
  bool operator==(const phone_sdp&) const = default;
};

/// Reads the first audio stream; none: it is not one.
std::optional<phone_sdp> read_sdp(std::string_view text);
/// The direction an answer gives to an offered one (RFC 3264 §6.1), for a side that wants `own`.
std::string answered_direction(std::string_view offered, std::string_view own);
/// The codecs of the offer that we know, with its payload types and in its order.
std::vector<sdp_codec> common_codecs(const std::vector<sdp_codec>& offered,
                                     const std::vector<sdp_codec>& known);

}  // namespace parkway::sim
