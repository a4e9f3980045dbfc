#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace parkway::media {

/// Big-endian fields of packets (network byte order). No bounds check: the caller has done it.
inline std::uint16_t get16(const std::uint8_t* at) {
  return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}
inline std::uint32_t get32(const std::uint8_t* at) {
  return std::uint32_t{get16(at)} << 16 | get16(at + 2);
}
inline void put16(std::uint8_t* at, std::uint16_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}
inline void put32(std::uint8_t* at, std::uint32_t value) {
  put16(at, static_cast<std::uint16_t>(value >> 16));
  put16(at + 2, static_cast<std::uint16_t>(value));
}

/// What a relay changes of an RTP header (RFC 3550 §5.1); the rest travels along.
struct rtp_header {
  std::uint8_t payload_type = 0;
  bool marker = false;
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  std::uint32_t ssrc = 0;

  bool operator==(const rtp_header&) const = default;
};

/// The header without CSRCs and extension.
inline constexpr std::size_t rtp_header_size = 12;
/// Longer ones are dropped: no telephone sends what does not fit an Ethernet frame.
inline constexpr std::size_t rtp_size_max = 1500;

/// Reads the header of a datagram. None: not RTP version 2, or its CSRC list, extension or padding
/// is longer than the datagram (RFC 3550 A.1).
std::optional<rtp_header> read_rtp(std::span<const std::uint8_t> packet);

/// Writes these fields over the header of a packet that read_rtp accepted.
void write_rtp(std::span<std::uint8_t> packet, const rtp_header& header);

/// Begins a packet: version 2, no padding, no extension, no CSRC. At least rtp_header_size bytes.
void begin_rtp(std::span<std::uint8_t> packet, const rtp_header& header);

}  // namespace parkway::media
