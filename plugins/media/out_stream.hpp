#pragma once

#include "plugins/media/rtp_packet.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace parkway::media {

using time_point = std::chrono::steady_clock::time_point;

/// What one party hears, as one RTP stream from the first packet to the last, whoever speaks: one
/// SSRC, sequence and timestamps that go on where the former source stopped (RFC 3550 §5.1), and a
/// marker on the first packet of each source. Inside a source losses and disorder are kept.
class out_stream {
 public:
  /// Random values (RFC 3550 §5.1, §8).
  out_stream(std::uint32_t ssrc, std::uint16_t first_sequence, std::uint32_t first_timestamp);

  /// The next packet is another source's.
  void switch_source();

  /// A packet of the present source, as it is to be sent. The payload type is left as it is.
  /// `clock_rate`: Hz. `payload`: bytes, for the sender's report. None: it is from before the
  /// source's first packet and has no place in the stream.
  std::optional<rtp_header> follow(const rtp_header& in, std::uint32_t clock_rate,
                                   std::size_t payload, time_point now);

  /// A packet of our own, `ticks` of its clock after the one before. A gap longer than a packet
  /// (`gap`) begins a talk spurt.
  rtp_header generate(std::uint8_t payload_type, std::uint32_t clock_rate, std::uint32_t ticks,
                      bool gap, std::size_t payload, time_point now);

  std::uint32_t ssrc() const { return ssrc_; }
  /// Packets and bytes of payload sent so far, modulo 2^32 as in a sender's report.
  std::uint32_t packets() const { return packets_; }
  std::uint32_t octets() const { return octets_; }

  /// How the stream of a party became ours: out = in + offset, modulo 2^32. `sequence` is that of
  /// the extended number (RFC 3550 A.1), both sides counting wraps from their first packet.
  struct source_map {
    std::uint32_t ssrc;
    std::uint32_t timestamp;
    std::uint32_t sequence;
  };
  /// None: nobody is being relayed.
  const std::optional<source_map>& source() const { return source_; }

 private:
  void begin_source(const rtp_header& in, std::uint32_t clock_rate, time_point now);
  std::uint32_t timestamp_after_pause(std::uint32_t clock_rate, time_point now) const;
  bool continues(const rtp_header& in) const;
  void sent(std::uint32_t extended, std::uint32_t timestamp, std::size_t payload, time_point now);

  const std::uint32_t ssrc_;
  std::uint32_t next_;       ///< Extended number of the first packet never sent.
  std::uint32_t timestamp_;  ///< Of the packet before next_.
  time_point sent_at_;       ///< When that was.
  bool started_ = false;
  bool switched_ = true;
  std::optional<source_map> source_;
  std::uint32_t heard_max_ = 0;  ///< Highest extended number of the source.
  std::uint32_t floor_ = 0;      ///< Extended number of its first packet, ours.
  std::uint32_t packets_ = 0;
  std::uint32_t octets_ = 0;
};

}  // namespace parkway::media
