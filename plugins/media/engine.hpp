#pragma once

#include "kernel/messages/media.hpp"
#include "plugins/media/media_port.hpp"
#include "plugins/media/music_clock.hpp"
#include "plugins/media/music_shelf.hpp"
#include "plugins/media/packet_batch.hpp"
#include "plugins/media/port_pool.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <unordered_map>

namespace parkway::media {

/// Where ports are bound.
struct bind_addresses {
  ip_address v4{ip_version::v4, {}};
  ip_address v6{ip_version::v6, {}};
};

/// What an engine did so far.
struct engine_counters {
  std::uint64_t relayed = 0;  ///< RTP packets passed on.
  std::uint64_t dropped = 0;  ///< RTP packets that came and went nowhere, for whatever reason.
  std::uint64_t music = 0;    ///< Packets of music.
  std::uint64_t reports = 0;  ///< RTCP compounds passed on.
};

/// The media of one loop: its ports and what flows between them. Commands as in
/// kernel/messages/media.hpp; those for a port that is not open do nothing. Confined to its thread.
class engine {
 public:
  /// Throws std::system_error without descriptors for itself. `fetch` is told a music file to read;
  /// `seed` is for SSRCs and the like.
  engine(bind_addresses addresses, std::shared_ptr<port_pool> ports, music_ptr tune,
         std::function<void(const std::string&)> fetch, std::uint64_t seed, time_point now);
  ~engine();

  media_opened open(const open_media& what);
  void aim(const aim_media& what, time_point now);
  void connect(const connect_media& what);
  void play(const play_music& what, time_point now);
  void mute(const mute_media& what);
  void close(const close_media& what);
  void adopt(const adopt_media& what);
  void close_all_of(const caf::actor_addr& owner);

  /// Readable when on_ready has work; the sockets and the clock of music are behind it.
  int poll_fd() const { return poll_.get(); }
  /// Relays what has come, a bounded part of it, and plays what is due.
  void on_ready(time_point now);

  music_shelf& shelf() { return shelf_; }
  const engine_counters& counters() const { return counters_; }
  std::size_t ports() const { return ports_.size(); }

 private:
  /// What an event of epoll is about: the clock, or a port, and with the lowest bit its RTCP.
  static constexpr std::uint64_t timer_tag = 0;
  static std::uint64_t rtp_tag(const media_port& p) { return reinterpret_cast<std::uintptr_t>(&p); }
  static std::uint64_t rtcp_tag(const media_port& p) { return rtp_tag(p) | 1; }
  static bool is_rtcp_tag(std::uint64_t tag) { return tag & 1; }
  static media_port& port_of(std::uint64_t tag) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): epoll keeps 64 bits for us, this pointer.
    return *reinterpret_cast<media_port*>(tag & ~std::uint64_t{1});
  }

  media_port* find(media_id id);
  result<udp_sockets> bind_sockets(const open_media& what, std::uint16_t& number);
  bool watch(const descriptor& fd, std::uint64_t tag);
  /// The port neither hears nor is heard.
  void silence(media_port& port);
  /// Silences it, closes its sockets, gives its number back.
  void forget(media_port& port);
  void map_payloads(media_port& a, media_port& b);
  /// Gives the port turns of the clock if there is music for it, and takes them away if not.
  void tune_in_or_out(media_port& port, time_point now);
  void set_timer();
  void stop_timer();
  void play_due(time_point now);
  void play_frame(media_port& port, std::uint64_t tick, time_point now);
  void receive_rtp(media_port& port, time_point now);
  bool relay(media_port& from, packet_batch::packet packet, time_point now);
  void receive_rtcp(media_port& port, time_point now);
  void relay_report(media_port& from, packet_batch::packet packet, time_point now);

  const bind_addresses addresses_;
  const std::shared_ptr<port_pool> pool_;
  const std::function<void(const std::string&)> fetch_;
  music_shelf shelf_;
  music_clock clock_;
  descriptor poll_;
  descriptor timer_;
  std::optional<time_point> timer_due_;
  std::unordered_map<std::uint64_t, std::unique_ptr<media_port>> ports_;  ///< By serial.
  packet_batch batch_;
  engine_counters counters_;
  std::mt19937_64 random_;
  const std::uint64_t cname_key_;  ///< So that names in reports tell nothing.
};

}  // namespace parkway::media
