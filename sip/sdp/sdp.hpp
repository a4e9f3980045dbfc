#pragma once

#include "kernel/values/result.hpp"
#include "kernel/values/session.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace parkway::sip {

/// What a session description may measure.
struct sdp_bounds {
  static constexpr std::size_t body_max = 16 * 1024;
  static constexpr std::size_t line_max = 1024;
  static constexpr std::size_t stream_count_max = 16;
  static constexpr std::size_t codec_count_max = 64;       ///< Formats of one m= line.
  static constexpr std::size_t attribute_count_max = 256;  ///< Lines kept, in all.
};

/// The o= line of whoever sends a description (RFC 8866 §5.2). A leg keeps it and adds one to
/// `version` with every change (RFC 3264 §8).
struct sdp_origin {
  std::string username = "-";
  std::uint64_t id = 0;
  std::uint64_t version = 0;
};

/// Reads a session description (RFC 8866); bare LF is tolerated. Fails with malformed or too_big.
/// Unknown lines travel along; o=, s= and times do not: each leg has its own. Session-level c= and
/// direction are copied into the streams that have none of their own; static payload types (RFC
/// 3551 §6) are named without a=rtpmap.
result<session_description> parse_sdp(std::string_view text);

/// The o= line of a description, to tell whether a refresh changed anything (RFC 3264 §8);
/// nothing where there is none.
std::string_view sdp_origin_line(std::string_view text);

/// Prints a session description, CRLF line ends. `address`: the literal shown to that phone, for o=
/// and for streams without an address of their own.
std::string print_sdp(const session_description& session, const sdp_origin& origin,
                      std::string_view address);

/// At most how many bytes print_sdp will need: what it reserves.
std::size_t sdp_size(const session_description& session);

}  // namespace parkway::sip
