#include "plugins/media/engine_actor.hpp"

#include "kernel/messages/leg.hpp"
#include "kernel/runtime/log.hpp"
#include "kernel/runtime/pinned.hpp"
#include "plugins/media/engine.hpp"
#include "plugins/media/music_file.hpp"
#include "plugins/media/tune.hpp"

#include <event2/event.h>

#include <deque>
#include <exception>
#include <new>
#include <string>

namespace parkway::media {

/// A file has been read for this engine, or not (null).
struct music_read {
  std::string file;
  music_ptr music;
};

}  // namespace parkway::media

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::media::music_read)

namespace parkway::media {

namespace {

/// What an engine is made of; all but the loop is common to the engines of a node.
struct engine_parts {
  std::shared_ptr<const settings> node;
  std::shared_ptr<port_pool> ports;
  music_ptr tune;
  event_base* loop;
};

/// The address every listener of the version shares, else any: media comes in where signalling
/// does.
ip_address common_address(const settings& node, ip_version version) {
  const ip_address any{version, {}};
  std::optional<ip_address> shared;
  for (const auto& listener : node.listeners) {
    const auto address = ip_address::parse(listener.address);
    if (!address || address->version != version) continue;
    if (shared && *shared != *address) return any;
    shared = address;
  }
  return shared.value_or(any);
}

music_ptr read_file(const std::string& file) {
  try {
    const auto read = read_music(file);
    if (read) return std::make_shared<const music>(*read);
    log(log_area::media)
      .warn("music {}: {}; the built-in tune is played", file, read.error().detail);
  } catch (const std::exception& e) {
    log(log_area::media).warn("music {}: {}; the built-in tune is played", file, e.what());
  }
  return nullptr;
}

/// Lives on a thread of its own for as long as one file takes.
caf::behavior read_music_for(caf::event_based_actor* self, const caf::actor& engine,
                             const std::string& file) {
  self->send(engine, music_read{file, read_file(file)});
  return {};
}

struct free_event {
  void operator()(event* e) const { event_free(e); }
};

class engine_actor {
 public:
  static inline const char* name = "media_engine";

  engine_actor(caf::event_based_actor* self, engine_parts parts)
    : self_(self),
      node_(std::move(parts.node)),
      engine_(
        {common_address(*node_, ip_version::v4), common_address(*node_, ip_version::v6)},
        std::move(parts.ports), std::move(parts.tune),
        [this](const std::string& file) { queue_file(file); }, std::random_device{}(),
        std::chrono::steady_clock::now()),
      readable_(
        event_new(parts.loop, engine_.poll_fd(), EV_READ | EV_PERSIST, on_readable, &engine_)) {
    if (!readable_ || event_add(readable_.get(), nullptr) != 0) throw std::bad_alloc{};
    // The node's own music is there before anybody waits.
    if (!node_->music.empty() && engine_.shelf().find(music_path({}), now()).fetch)
      queue_file(music_path({}));
  }

  caf::behavior make_behavior() {
    return {
      [this](const open_media& what) { return opened(what); },
      [this](const aim_media& what) { engine_.aim(what, now()); },
      [this](const connect_media& what) { engine_.connect(what); },
      [this](play_music& what) {
        what.file = music_path(what.file);
        engine_.play(what, now());
      },
      [this](const mute_media& what) { engine_.mute(what); },
      [this](const close_media& what) { engine_.close(what); },
      [this](const adopt_media& what) { engine_.adopt(what); },
      [this](const owner_died& dead) { engine_.close_all_of(dead.owner); },
      [this](const music_read& done) { shelve(done); },
    };
  }

 private:
  static void on_readable(evutil_socket_t, short, void* its_engine) {
    static_cast<engine*>(its_engine)->on_ready(std::chrono::steady_clock::now());
  }

  /// Sockets and commands are measured by one clock, the one the kernel's timers have.
  static time_point now() { return std::chrono::steady_clock::now(); }

  media_opened opened(const open_media& what) {
    auto reply = engine_.open(what);
    // A flood of calls is no flood of lines: each caller is told by its 503.
    if (reply.why && now() - warned_at_ >= std::chrono::seconds{1}) {
      warned_at_ = now();
      log(log_area::media).warn("media {}: not opened: {}", what.id.serial, reply.why->detail);
    }
    return reply;
  }

  /// Empty: the node's music, and where that is empty too, the tune.
  std::string music_path(const std::string& file) const {
    const auto& chosen = file.empty() ? node_->music : file;
    return chosen.empty() ? chosen : (node_->file.parent_path() / chosen).string();
  }

  /// One file at a time is read for an engine.
  void queue_file(const std::string& file) {
    waiting_.push_back(file);
    if (waiting_.size() == 1) read_next();
  }

  void read_next() {
    self_->spawn<caf::detached>(read_music_for, caf::actor{self_}, waiting_.front());
  }

  void shelve(const music_read& done) {
    if (done.music)
      engine_.shelf().put(done.file, done.music);
    else
      engine_.shelf().miss(done.file, now());
    waiting_.pop_front();
    if (!waiting_.empty()) read_next();
  }

  caf::event_based_actor* const self_;
  const std::shared_ptr<const settings> node_;
  std::deque<std::string> waiting_;  ///< The first is being read. music_shelf bounds it.
  engine engine_;
  time_point warned_at_{};  ///< Of a port that could not be opened.
  const std::unique_ptr<event, free_event> readable_;
};

}  // namespace

std::vector<caf::actor> start_engines(caf::actor_system& system,
                                      const std::shared_ptr<const settings>& node) {
  if (!find_worker(system, 0)) {
    log(log_area::media).error("media: this scheduler has no loops; no engine is started");
    return {};
  }
  engine_parts parts{node, std::make_shared<port_pool>(node->media_port_min, node->media_port_max),
                     std::make_shared<const music>(play_tune()), nullptr};
  std::vector<caf::actor> engines;
  for (std::size_t i = 0; auto* const worker = find_worker(system, i); ++i) {
    parts.loop = worker->base();
    engines.push_back(spawn_pinned<engine_actor>(system, worker, parts));
  }
  return engines;
}

}  // namespace parkway::media
