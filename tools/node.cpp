#include "tools/node.hpp"

#include "actors/park/park_history.hpp"
#include "actors/switchboard.hpp"
#include "kernel/config/configuration_words.hpp"
#include "kernel/plugin/plugin_host.hpp"
#include "kernel/runtime/bus.hpp"
#include "kernel/runtime/journal.hpp"
#include "kernel/runtime/log.hpp"
#include "kernel/runtime/pinned.hpp"
#include "kernel/runtime/publish_tenants.hpp"
#include "kernel/runtime/registry.hpp"
#include "plugins/media/plugin.hpp"
#include "sip/message/message.hpp"
#include "sip/shard/shard_actor.hpp"
#include "sip/transport/listeners.hpp"
#include "tools/control_socket.hpp"
#include "tools/huge_pages.hpp"
#include "tools/park_answers.hpp"
#include "tools/reload.hpp"
#include "tools/service.hpp"
#include "tools/shard_loop.hpp"
#include "tools/vital_signs.hpp"

#include <caf/scoped_actor.hpp>
#include <openssl/rand.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <future>
#include <iostream>
#include <stdexcept>

namespace parkway {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t shards_max = 4;
/// What is built in, by the same table as what is not (kernel/plugin/plugin.hpp).
const std::array<const plugin_manifest*, 1> built_in{&media::manifest};

struct loops : caf::actor_system_config {
  explicit loops(std::size_t workers) { use_loops(*this, workers); }
};

/// A PBX with all its parts. Built up to the first packet by the constructor and start, taken down
/// by stop; what it is made of is destroyed in the reverse order.
class node {
 public:
  node(configuration read, std::size_t shards);
  ~node();

  /// The sockets are bound; begins to read them.
  void start(sip::listeners sockets);
  void reload();
  /// Goodbyes, said again until they are answered, then the end of every actor. At most 1.6 s.
  void stop();
  bool lost_a_vital_part() const { return lost_; }
  /// Answers the administrator's questions. From any thread but the loops.
  control_answer answer(std::string_view question);

 private:
  void start_media();
  void start_plugins(std::vector<hosted_plugin> more);
  void start_shards(std::vector<std::unique_ptr<sip::shard_wire>> wires);
  void end(const std::vector<caf::actor>& actors, std::chrono::milliseconds patience);
  void wait_for_answers(std::chrono::milliseconds patience);
  std::vector<caf::actor> everybody_else();
  template <class Work>
  void on_every_loop(Work work);

  std::shared_ptr<const settings> node_;
  const std::string profiles_text_;
  std::size_t shard_count_;
  std::atomic<bool> lost_{false};
  std::shared_ptr<node_context> context_ = std::make_shared<node_context>();
  std::vector<std::unique_ptr<shard_loop>> shards_;
  loops config_;
  caf::actor_system system_;
  std::vector<hosted_plugin> plugins_;
  caf::actor park_book_, host_, vitals_;
};

const plugin_manifest* find_manifest(const std::string& name, const settings& from) {
  for (const auto* const manifest : built_in)
    if (manifest->name == name) return manifest;
  const auto file = find_plugin(name, from.plugin_path);
  if (file.empty()) return nullptr;  // In the default list, and not in this version.
  const auto loaded = load_plugin(file, name);
  if (loaded) return *loaded;
  plugin_log(name).error("not loaded: {}", loaded.error().detail);
  return nullptr;
}

/// Signs the nonces, tags and branches of all shards.
decltype(sip::shard_options::nonce_key) random_key() {
  decltype(sip::shard_options::nonce_key) key;
  if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1)
    throw std::runtime_error{"the system has no randomness to give"};
  return key;
}

node::node(configuration read, std::size_t shards)
  : node_(std::move(read.node)),
    profiles_text_(std::move(read.phones.text)),
    shard_count_(shards),
    config_(shards),
    system_(config_) {
  system_.await_actors_before_shutdown(false);  // stop() has done what can be done.
  context_->system = &system_;
  context_->node = node_;
  context_->tenants = std::make_shared<tenant_book>();
  context_->tenants->replace(std::move(read.tenants));
  context_->profiles = std::move(read.phones.all);
  context_->actors = std::make_shared<registry>();
  context_->bus = spawn_bus(system_);
  context_->journal = spawn_null_journal(system_);
  context_->wall_base = std::chrono::system_clock::now();
  context_->wall_base_steady = system_.clock().now();
  furnish_registry(context_);
  park_book_ = spawn_park_history(context_);
}

node::~node() = default;

void node::start(sip::listeners sockets) {
  for (const auto& name : node_->plugins) {
    const auto* const manifest = find_manifest(name, *node_);
    if (manifest == &media::manifest)
      start_media();
    else if (manifest)
      plugins_.push_back({manifest, {}, {}});
  }
  start_shards(std::move(sockets.wires));
  host_ = spawn_plugin_host(system_, {context_->bus, node_, context_}, std::move(plugins_));
  std::vector<std::pair<std::string, caf::actor>> vital{
    {"bus", context_->bus}, {"journal", context_->journal}, {"plugin host", host_}};
  for (const auto& face : context_->shards)
    vital.emplace_back("transport", face);
  for (const auto& board : context_->switchboards)
    vital.emplace_back("switchboard", board);
  vitals_ = spawn_vital_signs(system_, std::move(vital), lost_);
}

/// Everybody knows the engines by their seats, which stay when the plugin is started anew.
void node::start_media() {
  auto engines = media::manifest.start({context_->bus, node_, context_});
  std::vector<caf::actor> seats;
  seats.reserve(engines.size());
  for (const auto& engine : engines)
    seats.push_back(spawn_seat(system_, engine));
  context_->media = seats;
  plugins_.push_back({&media::manifest, std::move(engines), [seats](const auto& started) {
                        for (std::size_t i = 0; i < std::min(seats.size(), started.size()); ++i)
                          caf::anon_send(seats[i], take_seat{started[i]});
                      }});
}

void node::start_shards(std::vector<std::unique_ptr<sip::shard_wire>> wires) {
  sip::shard_options options;
  options.count = static_cast<std::uint16_t>(shard_count_);
  options.nonce_key = random_key();
  options.calls = std::make_shared<std::atomic<std::uint32_t>>(0);
  options.proved = std::make_shared<sip::proved_sources>();
  for (std::uint16_t i = 0; i < options.count; ++i)
    context_->switchboards.push_back(spawn_switchboard(context_, i));
  for (std::uint16_t i = 0; i < options.count; ++i) {
    options.index = i;
    auto& worker = *find_worker(system_, i);
    shards_.push_back(std::make_unique<shard_loop>(worker, std::move(wires[i]), options, context_,
                                                   context_->switchboards[i]));
    context_->shards.push_back(
      spawn_pinned<sip::shard_actor>(system_, &worker, &shards_.back()->served()));
  }
  on_every_loop([this](std::size_t i) { shards_[i]->start(); });
}

template <class Work>
void node::on_every_loop(Work work) {
  std::vector<std::future<void>> done;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    auto promise = std::make_shared<std::promise<void>>();
    done.push_back(promise->get_future());
    find_worker(system_, i)->post([=] {
      work(i);
      promise->set_value();
    });
  }
  for (auto& one : done)
    one.wait_for(500ms);
}

void node::reload() {
  auto& out = log(log_area::kernel);
  const auto read = read_configuration(node_->file);
  if (const auto* const errors = std::get_if<1>(&read)) {
    for (const auto& error : *errors)
      out.error("{}", error.text());
    return out.error("the configuration is wrong; everything stays as it was");
  }
  const auto& [fresh, tenants, phones] = std::get<0>(read);
  start_log(fresh->level, fresh->format);
  publish_tenants(*context_, tenants);
  for (const auto& key : fixed_changes(*node_, *fresh))
    out.warn("{} cannot change at run time; it will with the next start", key);
  if (phones.text != profiles_text_)
    out.warn("device-profiles.toml cannot change at run time; it will with the next start");
  out.info("configuration read again: {} tenants", tenants->by_name.size());
}

control_answer node::answer(std::string_view question) {
  return answer_park_request(system_, park_book_, question);
}

std::vector<caf::actor> node::everybody_else() {
  auto all = context_->actors->everybody();
  all.insert(all.end(), context_->switchboards.begin(), context_->switchboards.end());
  all.insert(all.end(), context_->media.begin(), context_->media.end());
  all.insert(all.end(), {park_book_, context_->bus, context_->journal});
  return all;
}

void node::end(const std::vector<caf::actor>& actors, std::chrono::milliseconds patience) {
  caf::scoped_actor self{system_};
  for (const auto& actor : actors) {
    self->monitor(actor);
    self->send_exit(actor, caf::exit_reason::user_shutdown);
  }
  std::size_t ended = 0;
  bool in_time = true;
  self->receive_while([&] { return in_time && ended < actors.size(); })(
    [&](const caf::down_msg&) { ++ended; }, caf::after(patience) >> [&] { in_time = false; });
}

/// A goodbye that is lost leaves a phone in a call with nobody: it is repeated (RFC 3261 §17.1.2).
void node::wait_for_answers(std::chrono::milliseconds patience) {
  caf::scoped_actor self{system_};
  const auto until = std::chrono::steady_clock::now() + patience;
  for (std::size_t open = 1; open > 0 && std::chrono::steady_clock::now() < until;) {
    open = 0;
    for (const auto& face : context_->shards)
      self->request(face, 100ms, sip::show_unanswered{})
        .receive([&](const sip::unanswered& u) { open += u.requests; }, [](const caf::error&) {});
    if (open > 0) self->receive([](const stopped&) {}, caf::after(10ms) >> [] {});
  }
}

void node::stop() {
  end({vitals_}, 100ms);
  {
    caf::scoped_actor self{system_};
    std::size_t said = 0;
    bool in_time = true;
    for (const auto& face : context_->shards)
      self->send(face, shut_down{});
    self->receive_while([&] { return in_time && said < context_->shards.size(); })(
      [&](stopped) { ++said; }, caf::after(200ms) >> [&] { in_time = false; });
  }
  wait_for_answers(900ms);
  end(context_->shards, 100ms);
  on_every_loop([this](std::size_t i) { shards_[i]->stop(); });
  end({host_}, 100ms);
  end(everybody_else(), 200ms);
  context_->actors->clear();
}

/// "ready sip.udp=127.0.0.1:5060 …", whatever the level of the log.
void say_ready(const std::vector<sip::bound_listener>& bound) {
  std::string line = "ready";
  for (const auto& [transport, at] : bound)
    line += " sip." + std::string{word(transport, transport_words)} + "=" + at.text();
  log_raw(line);
  notify_systemd("READY=1");
}

exit_status cannot_run(const fault& why) {
  log(log_area::kernel).error("{}", why.detail);
  return exit_cannot_run;
}

/// The log gets a thread of its own, and whatever way the node ends, what it said is written.
class log_of_node {
 public:
  log_of_node() { start_log_thread(); }
  ~log_of_node() { flush_log(300ms); }
};

}  // namespace

exit_status run_node(const std::filesystem::path& file) {
  hold_signals();  // One that comes while we start is obeyed when we have.
  grow_in_huge_pages();
  const log_of_node log_while_it_runs;
  auto read = read_configuration(file);
  if (const auto* const errors = std::get_if<1>(&read)) {
    for (const auto& error : *errors)
      std::cerr << error.text() << "\n";
    return exit_wrong_configuration;
  }
  auto& wanted = std::get<0>(read);
  start_log(wanted.node->level, wanted.node->format);
  log(log_area::kernel)
    .info("parkway " PARKWAY_VERSION ", node {}: {} tenants, {} descriptors",
          wanted.node->node_name, wanted.tenants->by_name.size(), raise_descriptor_limit());
  sip::init_osip([](const char* line) { log_foreign(log_area::sip, log_level::debug, line); });
  const auto data = data_folder::open(wanted.node->data_dir);
  if (!data) return cannot_run(data.error());
  auto control = listen_for_control(wanted.node->data_dir);
  if (!control) return cannot_run(control.error());
  const auto shards = std::min(usable_cpus(), shards_max);
  sip::stream_limits streams;
  streams.exempt = wanted.node->exempt;
  auto sockets =
    sip::bind_listeners(wanted.node->listeners, static_cast<std::uint16_t>(shards), streams);
  if (!sockets) return cannot_run(sockets.error());
  const auto bound = sockets->bound;

  node running{std::move(wanted), shards};
  running.start(std::move(*sockets));
  const control_server answering{*std::move(control), [&running](std::string_view question) {
                                   return running.answer(question);
                                 }};
  say_ready(bound);
  while (wait_for_signal() == request_signal::reload)
    running.reload();
  notify_systemd("STOPPING=1");
  const auto status = running.lost_a_vital_part() ? exit_cannot_run : exit_done;
  make_signals_final(1800ms, status);
  log(log_area::kernel).info("stopping");
  running.stop();
  return status;
}

}  // namespace parkway
