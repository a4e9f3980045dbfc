#include "tests/sim/fake_media.hpp"

namespace parkway::sim {

const media_port* fake_media::find(std::uint16_t port) const {
  auto found = by_number_.find(port);
  return found == by_number_.end() ? nullptr : find(media_id{0, found->second});
}

const media_port* fake_media::find(media_id id) const {
  auto found = ports_.find(id.serial);
  return found == ports_.end() ? nullptr : &found->second;
}

media_port* fake_media::mutable_port(media_id id) {
  auto found = ports_.find(id.serial);
  return found == ports_.end() ? nullptr : &found->second;
}

/// An even number from 20000 on that no port has; a crowd goes round and meets those still open.
std::uint16_t fake_media::free_number() {
  do
    last_number_ = last_number_ >= 65'534 ? 20'000 : static_cast<std::uint16_t>(last_number_ + 2);
  while (by_number_.contains(last_number_));
  return last_number_;
}

/// Whoever was connected to this port hears nothing from now on.
void fake_media::detach(media_port& port) {
  if (auto* peer = mutable_port(port.peer); peer && mutable_port(peer->peer) == &port) {
    peer->hears = media_port::source::nothing;
    peer->peer = {};
  }
  port.hears = media_port::source::nothing;
  port.peer = {};
}

void fake_media::connect(media_id a, media_id b) {
  auto* first = mutable_port(a);
  auto* second = mutable_port(b);
  if (!first || !second) return;
  detach(*first);
  detach(*second);
  first->hears = second->hears = media_port::source::peer;
  first->peer = b;
  second->peer = a;
}

void fake_media::close(media_id id) {
  auto* port = mutable_port(id);
  if (!port) return;
  detach(*port);
  by_number_.erase(port->port);
  ports_.erase(id.serial);
  owners_.erase(id.serial);
}

/// The mailbox of the engine.
struct fake_media_engine {
  static inline const char* name = "fake_media";
  caf::event_based_actor* const self;
  fake_media* const media;

  fake_media_engine(caf::event_based_actor* actor, fake_media* of) : self(actor), media(of) {}

  caf::behavior make_behavior() {
    return {
      [this](const open_media& m) { return open(m); },
      [this](const aim_media& m) {
        auto* port = media->mutable_port(m.id);
        if (!port) return;
        port->rtp = m.rtp;
        port->codecs = m.codecs;
        port->may_send = m.may_send;
      },
      [this](const connect_media& m) { media->connect(m.a, m.b); },
      [this](const play_music& m) {
        auto* port = media->mutable_port(m.id);
        if (!port) return;
        media->detach(*port);
        port->hears = media_port::source::music;
        port->file = m.file;
      },
      [this](const mute_media& m) {
        if (auto* port = media->mutable_port(m.id)) media->detach(*port);
      },
      [this](const close_media& m) { media->close(m.id); },
      [this](const adopt_media& m) {
        if (media->mutable_port(m.id)) media->owners_[m.id.serial] = m.owner.address();
      },
      [this](const owner_died& m) { bury(m.owner); },
    };
  }

  media_opened open(const open_media& m) {
    if (media->out_of_ports_) return {m.id, 0, fault{fault_code::overloaded, "no port left"}};
    auto& port = media->ports_[m.id.serial];
    port.port = media->free_number();
    media->by_number_[port.port] = m.id.serial;
    ++media->opened_;
    media->owners_[m.id.serial] = m.owner.address();
    return {m.id, port.port, std::nullopt};
  }

  void bury(const caf::actor_addr& owner) {
    std::vector<std::uint64_t> orphans;
    for (auto& [serial, whose] : media->owners_)
      if (whose == owner) orphans.push_back(serial);
    for (auto serial : orphans)
      media->close({0, serial});
  }
};

caf::actor fake_media::spawn(caf::actor_system& system) {
  return spawn_actor<fake_media_engine>(system, this);
}

}  // namespace parkway::sim
