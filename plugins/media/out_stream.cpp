#include "plugins/media/out_stream.hpp"

#include <algorithm>

namespace parkway::media {

namespace {

using namespace std::chrono_literals;

/// RFC 3550 A.1: a step further than this is another beginning, not a loss or a late packet.
constexpr int dropout_max = 3000;
constexpr int disorder_max = 100;
/// At least so much lies between the last packet of one source and the first of the next.
constexpr auto frame = 20ms;

/// How much newer `a` is than `b` in numbers that wrap.
std::int32_t step(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(a - b);
}
std::int16_t step16(std::uint16_t a, std::uint32_t b) {
  return static_cast<std::int16_t>(a - static_cast<std::uint16_t>(b));
}

}  // namespace

out_stream::out_stream(std::uint32_t ssrc, std::uint16_t first_sequence,
                       std::uint32_t first_timestamp)
  : ssrc_(ssrc), next_(first_sequence), timestamp_(first_timestamp) {
}

void out_stream::switch_source() {
  switched_ = true;
  source_.reset();
}

std::optional<rtp_header> out_stream::follow(const rtp_header& in, std::uint32_t clock_rate,
                                             std::size_t payload, time_point now) {
  const bool first = !continues(in);
  if (first) begin_source(in, clock_rate, now);
  const auto extended_in = heard_max_ + static_cast<std::uint32_t>(step16(in.sequence, heard_max_));
  const auto extended = extended_in + source_->sequence;
  if (step(extended, floor_) < 0) return std::nullopt;
  if (step(extended_in, heard_max_) > 0) heard_max_ = extended_in;
  const auto timestamp = in.timestamp + source_->timestamp;
  sent(extended, timestamp, payload, now);
  return rtp_header{in.payload_type, in.marker || first, static_cast<std::uint16_t>(extended),
                    timestamp, ssrc_};
}

rtp_header out_stream::generate(std::uint8_t payload_type, std::uint32_t clock_rate,
                                std::uint32_t ticks, bool gap, std::size_t payload,
                                time_point now) {
  const auto timestamp = switched_ ? timestamp_after_pause(clock_rate, now) : timestamp_ + ticks;
  const bool marker = switched_ || gap;
  const auto extended = next_;
  source_.reset();
  switched_ = false;
  sent(extended, timestamp, payload, now);
  return {payload_type, marker, static_cast<std::uint16_t>(extended), timestamp, ssrc_};
}

bool out_stream::continues(const rtp_header& in) const {
  if (switched_ || !source_ || source_->ssrc != in.ssrc) return false;
  const int ahead = step16(in.sequence, heard_max_);
  return ahead < dropout_max && ahead > -disorder_max;
}

void out_stream::begin_source(const rtp_header& in, std::uint32_t clock_rate, time_point now) {
  source_ =
    source_map{in.ssrc, timestamp_after_pause(clock_rate, now) - in.timestamp, next_ - in.sequence};
  heard_max_ = in.sequence;
  floor_ = next_;
  switched_ = false;
}

std::uint32_t out_stream::timestamp_after_pause(std::uint32_t clock_rate, time_point now) const {
  if (!started_) return timestamp_;
  const auto pause = std::chrono::duration_cast<std::chrono::milliseconds>(now - sent_at_);
  const auto ms = static_cast<std::uint64_t>(std::max(pause, frame).count());
  return timestamp_ + static_cast<std::uint32_t>(ms * clock_rate / 1000);
}

void out_stream::sent(std::uint32_t extended, std::uint32_t timestamp, std::size_t payload,
                      time_point now) {
  ++packets_;
  octets_ += static_cast<std::uint32_t>(payload);
  started_ = true;
  if (step(extended, next_) < 0) return;
  next_ = extended + 1;
  timestamp_ = timestamp;
  sent_at_ = now;
}

}  // namespace parkway::media
