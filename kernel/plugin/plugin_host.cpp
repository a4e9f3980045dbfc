#include "kernel/plugin/plugin_host.hpp"

#include "kernel/runtime/log.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace parkway {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds first_pause = 1s, longest_pause = 60s;

/// Host → itself: the pause of a plugin is over.
struct start_plugin {
  std::size_t index;
};

}  // namespace

}  // namespace parkway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::start_plugin)

namespace parkway {

namespace {

struct plugin_host {
  static inline const char* name = "plugin_host";

  /// One plugin and how it fares.
  struct seat_of_plugin {
    hosted_plugin it;
    std::vector<caf::actor> actors;  ///< Of the present start; empty: paused, or done.
    caf::actor_clock::time_point started_at;
    std::chrono::seconds pause{0};  ///< The last one.
  };

  caf::event_based_actor* const self;
  const plugin_context lent;
  std::vector<seat_of_plugin> plugins;

  plugin_host(caf::event_based_actor* actor, plugin_context kernel,
              std::vector<hosted_plugin> wanted)
    : self(actor), lent(std::move(kernel)) {
    for (auto& one : wanted)
      plugins.push_back({std::move(one), {}, {}, 0s});
  }

  caf::behavior make_behavior() {
    self->set_down_handler([this](const caf::down_msg& down) { ended(down); });
    self->set_exit_handler([this](const caf::exit_msg& exit) {
      for (const auto& plugin : plugins)
        end(plugin.actors, exit.reason);
      self->quit(exit.reason);
    });
    for (std::size_t i = 0; i < plugins.size(); ++i)
      start(i);
    return {[this](start_plugin due) { start(due.index); }};
  }

  void start(std::size_t index) {
    auto& plugin = plugins[index];
    const auto& manifest = *plugin.it.manifest;
    auto& out = plugin_log(manifest.name);
    plugin.started_at = self->clock().now();
    plugin.actors = std::exchange(plugin.it.running, {});
    if (plugin.actors.empty()) {
      try {
        plugin.actors = manifest.start(lent);
      } catch (const std::exception& error) {
        out.error("cannot start: {}", error.what());
        return pause(index);
      }
      if (plugin.it.started) plugin.it.started(plugin.actors);
    }
    for (const auto& actor : plugin.actors)
      self->monitor(actor);
    out.info("{} {} started: {}", manifest.name, manifest.version, manifest.summary);
  }

  void ended(const caf::down_msg& down) {
    for (std::size_t i = 0; i < plugins.size(); ++i) {
      auto& actors = plugins[i].actors;
      const auto found = std::find_if(actors.begin(), actors.end(), [&](const caf::actor& actor) {
        return actor.address() == down.source;
      });
      if (found == actors.end()) continue;
      actors.erase(found);
      if (!down.reason) return;  // It had finished what it was for.
      plugin_log(plugins[i].it.manifest->name)
        .error("an actor of it died: {}", self->system().render(down.reason));
      end(std::exchange(actors, {}), caf::exit_reason::kill);
      return pause(i);
    }
  }

  void pause(std::size_t index) {
    auto& plugin = plugins[index];
    const bool held = self->clock().now() - plugin.started_at >= longest_pause;
    plugin.pause =
      held || plugin.pause == 0s ? first_pause : std::min(plugin.pause * 2, longest_pause);
    plugin_log(plugin.it.manifest->name).warn("starts anew in {} s", plugin.pause.count());
    self->delayed_send(self, plugin.pause, start_plugin{index});
  }

  void end(const std::vector<caf::actor>& actors, const caf::error& reason) {
    for (const auto& actor : actors)
      self->send_exit(actor, reason);
  }
};

struct seat {
  static inline const char* name = "seat";
  caf::event_based_actor* const self;
  caf::actor holder;

  seat(caf::event_based_actor* actor, caf::actor first) : self(actor), holder(std::move(first)) {}

  caf::behavior make_behavior() {
    self->set_default_handler(
      [this](caf::scheduled_actor*, caf::message_view& message) { return pass_on(message); });
    return {[this](take_seat& taken) { holder = std::move(taken.holder); }};
  }

  caf::result<caf::message> pass_on(caf::message_view& message) {
    self->delegate(holder, message.move_content_to_message());
    return caf::delegated<caf::message>{};
  }
};

}  // namespace

result<const plugin_manifest*> load_plugin(const std::filesystem::path& file,
                                           std::string_view name) {
  void* const object = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!object) return fault{fault_code::unavailable, dlerror()};
  const auto* const manifest = static_cast<const plugin_manifest*>(dlsym(object, "parkway_plugin"));
  if (!manifest) return fault{fault_code::malformed, file.string() + " has no parkway_plugin"};
  if (manifest->abi != plugin_abi)
    return fault{fault_code::unsupported, file.string() + " was built for plugin ABI "
                                            + std::to_string(manifest->abi) + "; this is "
                                            + std::to_string(plugin_abi)};
  if (manifest->name != name)
    return fault{fault_code::malformed, file.string() + " calls itself \"" + manifest->name + "\""};
  return manifest;
}

caf::actor spawn_plugin_host(caf::actor_system& system, plugin_context lent,
                             std::vector<hosted_plugin> plugins) {
  return spawn_actor<plugin_host>(system, std::move(lent), std::move(plugins));
}

caf::actor spawn_seat(caf::actor_system& system, caf::actor holder) {
  return spawn_actor<seat>(system, std::move(holder));
}

}  // namespace parkway
