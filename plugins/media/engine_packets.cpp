#include "plugins/media/engine.hpp"
#include "plugins/media/rtcp.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cstdio>

/// The other half of the engine: what happens when a packet has come or music is due.

namespace parkway::media {

namespace {

/// Sockets looked at before the loop does something else.
constexpr int events_max = 64;

}  // namespace

void engine::on_ready(time_point now) {
  if (timer_due_ && now >= *timer_due_) play_due(now);
  epoll_event events[events_max];
  const int count = epoll_wait(poll_.get(), events, events_max, 0);
  for (int i = 0; i < count; ++i) {
    const auto tag = events[i].data.u64;
    if (tag == timer_tag) continue;  // It has woken us, and that was all.
    // No port is closed in here, so each tag still names one.
    auto& port = port_of(tag);
    if (is_rtcp_tag(tag))
      receive_rtcp(port, now);
    else
      receive_rtp(port, now);
  }
}

void engine::play_due(time_point now) {
  clock_.run(now, [&](music_listener& one, std::uint64_t tick) {
    play_frame(static_cast<media_port&>(one), tick, now);
  });
  // Setting a timer also takes back that it has gone off.
  timer_due_.reset();
  if (clock_.next_due())
    set_timer();
  else
    stop_timer();
}

void engine::play_frame(media_port& port, std::uint64_t tick, time_point now) {
  const auto& to = port.rtp.to();
  if (!to) return;
  if (port.music_began == 0) port.music_began = tick;
  const auto passed = port.music_tick == 0 ? 1 : tick - port.music_tick;
  port.music_tick = tick;
  const auto header = port.out.generate(port.format->payload_type, music_clock_rate,
                                        static_cast<std::uint32_t>(passed * music_frame_size),
                                        passed > 1, music_frame_size, now);
  const auto frame = port.music->playing->frame(port.format->codec, tick - port.music_began);
  std::array<std::uint8_t, rtp_header_size + music_frame_size> packet;
  begin_rtp(packet, header);
  std::copy(frame.begin(), frame.end(), packet.begin() + rtp_header_size);
  if (send_packet(port.sockets.rtp.get(), packet, to)) ++counters_.music;
}

void engine::receive_rtp(media_port& port, time_point now) {
  const auto count = batch_.receive(port.sockets.rtp.get());
  for (std::size_t i = 0; i < count; ++i)
    if (relay(port, batch_.at(i), now)) batch_.queue(i, port.peer->rtp.to());
  const auto sent = port.peer ? batch_.send(port.peer->sockets.rtp.get()) : 0;
  counters_.relayed += sent;
  counters_.dropped += count - sent;
}

bool engine::relay(media_port& from, packet_batch::packet packet, time_point now) {
  auto header = read_rtp(packet.bytes);
  if (!header || !from.understood[header->payload_type]) return false;
  if (!from.rtp.admit(packet.from, now)) return false;
  auto* const to = from.peer;
  if (!to || !to->may_hear || !to->rtp.to()) return false;
  const auto payload_type = from.to_peer[header->payload_type];
  if (!payload_type) return false;
  const auto* const format = find_codec(to->codecs, *payload_type);
  const auto sent =
    to->out.follow(*header, format->clock_rate, packet.bytes.size() - rtp_header_size, now);
  if (!sent) return false;
  header = sent;
  header->payload_type = *payload_type;
  write_rtp(packet.bytes, *header);
  return true;
}

void engine::receive_rtcp(media_port& port, time_point now) {
  const auto count = batch_.receive(port.sockets.rtcp.get());
  for (std::size_t i = 0; i < count; ++i)
    relay_report(port, batch_.at(i), now);
}

void engine::relay_report(media_port& from, packet_batch::packet packet, time_point now) {
  if (!is_rtcp(packet.bytes)) return;
  // A report has no payload type to be known by: it comes from where the party's sound does.
  const bool known = from.rtcp.is_aimed_at(packet.from) || packet.from.same_host(from.rtp.to());
  if (!known || !from.rtcp.admit(packet.from, now)) return;
  auto* const to = from.peer;
  if (!to || !to->rtcp.to()) return;
  char cname[17];
  std::snprintf(cname, sizeof cname, "%016llx",
                static_cast<unsigned long long>(cname_key_ ^ to->out.ssrc() * 0x9E3779B97F4A7C15u));
  std::array<std::uint8_t, rtcp_size_max + rtcp_growth_max> out;
  const auto size = relay_rtcp(packet.bytes, {to->out, from.out, cname}, out);
  if (size > 0 && send_packet(to->sockets.rtcp.get(), std::span{out}.first(size), to->rtcp.to()))
    ++counters_.reports;
}

}  // namespace parkway::media
