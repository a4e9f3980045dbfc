#include "plugins/media/rtcp.hpp"

#include <algorithm>
#include <cstring>

namespace parkway::media {

namespace {

constexpr std::uint8_t version_2 = 2 << 6;
constexpr std::uint8_t padding_bit = 0x20;
constexpr std::uint8_t sender_report = 200, receiver_report = 201, source_description = 202;
constexpr std::uint8_t cname_item = 1;
constexpr std::size_t head_size = 8;  ///< Common header and SSRC.
constexpr std::size_t sender_info_size = 20;
constexpr std::size_t block_size = 24;
constexpr std::size_t cname_max = 32;
static_assert(head_size + 2 + cname_max + 4 <= rtcp_growth_max);

/// The first report of a compound, taken apart.
struct report {
  std::uint32_t ssrc;
  std::span<const std::uint8_t> sender_info;  ///< Empty: a receiver's report.
  std::span<const std::uint8_t> blocks;
};

std::optional<report> read_report(std::span<const std::uint8_t> in) {
  const auto size = 4 + std::size_t{4} * get16(in.data() + 2);
  const auto info = in[1] == sender_report ? sender_info_size : 0;
  const auto blocks = block_size * (in[0] & 0x1Fu);
  if (size < head_size + info + blocks) return std::nullopt;
  return report{get32(in.data() + 4), in.subspan(head_size, info),
                in.subspan(head_size + info, blocks)};
}

void write_head(std::uint8_t* at, std::size_t count, std::uint8_t type, std::size_t size,
                std::uint32_t ssrc) {
  at[0] = static_cast<std::uint8_t>(version_2 | count);
  at[1] = type;
  put16(at + 2, static_cast<std::uint16_t>(size / 4 - 1));
  put32(at + 4, ssrc);
}

/// The NTP time is the party's own: the receiver sends it back to it in LSR.
std::uint8_t* write_sender_info(std::uint8_t* at, std::span<const std::uint8_t> info,
                                const out_stream& spoken) {
  std::memcpy(at, info.data(), 8);
  put32(at + 8, get32(info.data() + 8) + spoken.source()->timestamp);
  put32(at + 12, spoken.packets());
  put32(at + 16, spoken.octets());
  return at + sender_info_size;
}

/// Blocks about our stream; about what the receiver has never sent it is not told.
std::uint8_t* write_blocks(std::uint8_t* at, std::span<const std::uint8_t> blocks,
                           const out_stream& heard) {
  if (!heard.source()) return at;
  for (; !blocks.empty(); blocks = blocks.subspan(block_size)) {
    if (get32(blocks.data()) != heard.ssrc()) continue;
    std::memcpy(at, blocks.data(), block_size);
    put32(at, heard.source()->ssrc);
    put32(at + 8, get32(blocks.data() + 8) - heard.source()->sequence);
    return at + block_size;
  }
  return at;
}

std::uint8_t* write_description(std::uint8_t* at, std::uint32_t ssrc, std::string_view cname) {
  const auto length = std::min(cname.size(), cname_max);
  // One null octet at least ends the list, and the chunk ends on a word (RFC 3550 §6.5).
  const auto size = head_size + (2 + length + 4) / 4 * 4;
  std::memset(at, 0, size);
  write_head(at, 1, source_description, size, ssrc);
  at[head_size] = cname_item;
  at[head_size + 1] = static_cast<std::uint8_t>(length);
  std::memcpy(at + head_size + 2, cname.data(), length);
  return at + size;
}

}  // namespace

bool is_rtcp(std::span<const std::uint8_t> in) {
  if (in.size() < head_size || in.size() > rtcp_size_max) return false;
  if ((in[1] != sender_report && in[1] != receiver_report) || (in[0] & padding_bit)) return false;
  std::size_t at = 0;
  while (at < in.size()) {
    if (in.size() - at < 4 || (in[at] & 0xC0) != version_2) return false;
    at += 4 + 4u * get16(in.data() + at + 2);
  }
  return at == in.size();
}

std::size_t relay_rtcp(std::span<const std::uint8_t> in, const rtcp_route& route,
                       std::span<std::uint8_t> out) {
  if (out.size() < in.size() + rtcp_growth_max) return 0;
  const auto said = read_report(in);
  if (!said) return 0;
  // A report of a source that is not the one being relayed has timestamps nobody knows.
  const auto& source = route.spoken.source();
  const bool sends = !said->sender_info.empty() && source && source->ssrc == said->ssrc;
  auto* at = out.data() + head_size;
  if (sends) at = write_sender_info(at, said->sender_info, route.spoken);
  auto* const blocks = at;
  at = write_blocks(at, said->blocks, route.heard);
  write_head(out.data(), at == blocks ? 0 : 1, sends ? sender_report : receiver_report,
             static_cast<std::size_t>(at - out.data()), route.spoken.ssrc());
  at = write_description(at, route.spoken.ssrc(), route.cname);
  return static_cast<std::size_t>(at - out.data());
}

}  // namespace parkway::media
