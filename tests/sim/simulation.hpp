#pragma once

#include "kernel/config/settings.hpp"
#include "kernel/runtime/bus.hpp"
#include "kernel/runtime/context.hpp"
#include "sip/shard/shard.hpp"
#include "tests/sim/fake_media.hpp"
#include "tests/sim/ladder.hpp"
#include "tests/sim/office.hpp"
#include "tests/sim/phone.hpp"
#include "tests/sim/sim_wire.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace parkway::sim {

/// What a story begins with.
struct story_terms {
  std::uint64_t seed = 1;
  std::size_t shards = 1;
  link_terms link{};
  std::function<void(tenant&)> change{};       ///< Changes the tenant before it is published.
  std::function<void(settings&)> configure{};  ///< Changes the node's settings.
  std::vector<office> more_offices{};          ///< Tenants beside the default one.
};

/// A whole Parkway above the wire, on virtual time: real shards, real actors, scripted phones, a
/// network as bad as the story wants. The seed chooses which mailbox, timer or datagram comes next:
/// same seed, same ladder.
///
///   sim::simulation story{{.seed = 7}};
///   auto& alice = story.registered("alice", "106");
///   auto& james = story.registered("james", "103");
///   alice.call("103");
///   story.run_for(2s);
///   james.line().answer();
class simulation {
 public:
  explicit simulation(story_terms terms = {});
  ~simulation();
  simulation(const simulation&) = delete;
  simulation& operator=(const simulation&) = delete;

  /// Plugs a phone in; it is not registered.
  phone& add_phone(const std::string& name, const std::string& number, phone_habits habits = {});
  /// Plugs a phone in and waits until it is registered.
  phone& registered(const std::string& name, const std::string& number, phone_habits habits = {});
  /// The phone of that name.
  phone& operator[](const std::string& name) { return *phones_.at(name); }

  /// Lets time pass, from due moment to due moment.
  void run_for(timeline::duration span);
  /// Lets time pass until it is so. False: not within the limit.
  bool run_until(const std::function<bool()>& so,
                 timeline::duration limit = std::chrono::seconds(30));

  const std::map<std::string, std::unique_ptr<phone>>& phones() const { return phones_; }
  timeline& time() { return time_; }
  virtual_network& net() { return net_; }
  pbx_port& port() { return *port_; }
  fake_media& media() { return media_; }
  const node_context& context() const { return *context_; }
  const std::vector<park_event>& park_events() const { return park_events_; }
  const std::vector<call_event>& call_events() const { return call_events_; }
  std::size_t legs() const;
  std::uint64_t seed() const { return terms_.seed; }
  /// Publishes a changed tenant, as a reload does.
  void change_tenant(const std::function<void(tenant&)>& how);

  /// What the person at that phone hears in its newest call that is not over: "music", the name of
  /// a phone, or "nothing". Two codecs that do not fit are "noise".
  std::string hears(const std::string& name);
  std::string hears(const phone& who, const phone_call& in) const;

  std::string ladder(const ladder_view& view = {}) const { return draw_ladder(net_, view); }
  /// Hangs up all phones, waits until every timer has run out, and says what is not as it must be
  /// at the end of every story; nothing: all is well.
  std::vector<std::string> end();
  /// The same rules, now, for those that hold at any moment.
  std::vector<std::string> broken_rules() const;

  /// The simulation that lives now, or null: for whoever prints failures.
  static simulation* current;

 private:
  struct config : caf::actor_system_config {
    config();
  };

  void build_house();
  void settle();
  std::optional<timeline::time_point> next_due() const;
  std::size_t due_shards() const;
  void run_shard(std::size_t which);
  void run_job(std::size_t which);
  std::size_t notifiers() const;
  bool speaks(const endpoint& rtp, std::string& who) const;

  story_terms terms_;
  timeline time_;
  virtual_network net_{time_};
  std::unique_ptr<pbx_port> port_;
  fake_media media_;
  config config_;
  caf::actor_system system_{config_};
  caf::scheduler::test_coordinator& jobs_;
  std::shared_ptr<node_context> context_ = std::make_shared<node_context>();
  std::vector<std::unique_ptr<sip::shard>> shards_;
  std::vector<caf::actor> staff_;  ///< Actors that live as long as the house.
  std::size_t staff_count_ = 0;
  std::map<std::string, std::unique_ptr<phone>> phones_;
  std::map<ip_address, const phone*> phone_at_;
  std::vector<park_event> park_events_;
  std::vector<call_event> call_events_;
  std::vector<std::string> observed_;  ///< Rules broken on the way.
};

}  // namespace parkway::sim
