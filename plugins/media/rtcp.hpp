#pragma once

#include "plugins/media/out_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace parkway::media {

/// Longer compounds are dropped.
inline constexpr std::size_t rtcp_size_max = 1500;
/// What a relayed compound can be longer than what came: our own SDES, at most.
inline constexpr std::size_t rtcp_growth_max = 64;

/// RFC 3550 A.2: version 2 throughout, a report first and without padding, lengths that add up.
bool is_rtcp(std::span<const std::uint8_t> in);

/// What becomes of the reports one party sends to another: both know only our streams.
struct rtcp_route {
  const out_stream& spoken;  ///< What the receiver hears of the reporter.
  const out_stream& heard;   ///< What the reporter hears of the receiver, and reports on.
  std::string_view cname;    ///< Ours towards the receiver (RFC 3550 §6.5.1); at most 32 bytes.
};

/// Writes what to tell the receiver of a compound (RFC 3550 §6.1) that is_rtcp accepted: the
/// sender's report with our SSRC, timestamps and counts, the report blocks about our stream as if
/// about the receiver's own, and an SDES of ours. A BYE is not passed on, for our stream goes on;
/// nor is what we do not model. `out` holds the size of `in` and rtcp_growth_max more. Returns the
/// size; 0: its blocks do not fit its length.
std::size_t relay_rtcp(std::span<const std::uint8_t> in, const rtcp_route& route,
                       std::span<std::uint8_t> out);

}  // namespace parkway::media
