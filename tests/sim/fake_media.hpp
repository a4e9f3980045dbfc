#pragma once

#include "kernel/messages/leg.hpp"
#include "kernel/messages/media.hpp"
#include "kernel/runtime/actor.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace parkway::sim {

/// What a media port of the simulation is doing.
struct media_port {
  enum class source : std::uint8_t { nothing, music, peer };

  std::uint16_t port = 0;
  source hears = source::nothing;
  media_id peer;
  std::string file;  ///< Of the music.
  std::optional<endpoint> rtp;
  std::vector<codec> codecs;
  bool may_send = true;
};

/// Stands for the media engines: opens ports, and knows what every party would hear. Its actor
/// answers kernel/messages/media.hpp.
class fake_media {
 public:
  /// Spawns the actor; one engine for all tenants.
  caf::actor spawn(caf::actor_system& system);

  /// Refuses the next ports, as an engine does that has none left.
  void run_out(bool out) { out_of_ports_ = out; }
  const std::map<std::uint64_t, media_port>& open_ports() const { return ports_; }
  std::size_t opened() const { return opened_; }
  /// The port on which Parkway listens under that number; null: closed.
  const media_port* find(std::uint16_t port) const;
  const media_port* find(media_id id) const;

 private:
  friend struct fake_media_engine;
  void close(media_id id);
  void connect(media_id a, media_id b);
  void detach(media_port& port);
  media_port* mutable_port(media_id id);
  std::uint16_t free_number();

  std::map<std::uint64_t, media_port> ports_;
  std::map<std::uint64_t, caf::actor_addr> owners_;
  std::map<std::uint16_t, std::uint64_t> by_number_;
  std::uint16_t last_number_ = 19'998;
  std::size_t opened_ = 0;
  bool out_of_ports_ = false;
};

}  // namespace parkway::sim
