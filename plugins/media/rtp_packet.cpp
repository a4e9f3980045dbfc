#include "plugins/media/rtp_packet.hpp"

namespace parkway::media {

namespace {

constexpr std::uint8_t version_2 = 2 << 6;
constexpr std::uint8_t padding_bit = 0x20;
constexpr std::uint8_t extension_bit = 0x10;
constexpr std::uint8_t marker_bit = 0x80;

/// Size of header, CSRC list and extension. 0: longer than the packet.
std::size_t size_of_headers(std::span<const std::uint8_t> packet) {
  std::size_t size = rtp_header_size + 4u * (packet[0] & 0x0F);
  if (packet[0] & extension_bit) {
    if (size + 4 > packet.size()) return 0;
    size += 4 + 4u * get16(packet.data() + size + 2);
  }
  return size <= packet.size() ? size : 0;
}

}  // namespace

std::optional<rtp_header> read_rtp(std::span<const std::uint8_t> packet) {
  if (packet.size() < rtp_header_size || packet.size() > rtp_size_max) return std::nullopt;
  if ((packet[0] & 0xC0) != version_2) return std::nullopt;
  const auto headers = size_of_headers(packet);
  if (headers == 0) return std::nullopt;
  if (packet[0] & padding_bit) {
    const std::size_t padding = packet.back();
    if (padding == 0 || padding > packet.size() - headers) return std::nullopt;
  }
  return rtp_header{static_cast<std::uint8_t>(packet[1] & 0x7F), (packet[1] & marker_bit) != 0,
                    get16(packet.data() + 2), get32(packet.data() + 4), get32(packet.data() + 8)};
}

void write_rtp(std::span<std::uint8_t> packet, const rtp_header& header) {
  packet[1] = static_cast<std::uint8_t>(header.payload_type | (header.marker ? marker_bit : 0));
  put16(packet.data() + 2, header.sequence);
  put32(packet.data() + 4, header.timestamp);
  put32(packet.data() + 8, header.ssrc);
}

void begin_rtp(std::span<std::uint8_t> packet, const rtp_header& header) {
  packet[0] = version_2;
  write_rtp(packet, header);
}

}  // namespace parkway::media
