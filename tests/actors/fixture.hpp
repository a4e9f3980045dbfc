#pragma once

#include "actors/common/offer_answer.hpp"
#include "actors/extension/extension.hpp"
#include "actors/park/parked_call.hpp"
#include "kernel/runtime/context.hpp"
#include "tests/actors/fakes.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace parkway::testing {

using namespace std::chrono_literals;

/// A tenant as the tests know it: extensions 101 to 106 by name, park group Sales of 101 to 103,
/// ring group 600 of 105 and 106. What a test needs otherwise it changes before it opens the house.
tenant office_tenant();

/// The actors of one node between a pretended wire and a pretended media engine. Time is virtual:
/// it stands still unless a test lets it pass.
class house {
 public:
  struct choices {
    tenant office = office_tenant();
    media_mode media = media_mode::relay;
    std::uint32_t seed = 0;  ///< 0: messages in the order they were sent; else any order.
    bool without_media = false;
  };

  house() : house(choices{}) {}
  explicit house(choices c);
  ~house();

  // --- phones ------------------------------------------------------------------------------------

  /// Registers a phone of an extension; `which` tells several of them apart.
  void registers(const std::string& extension, int which = 1, std::chrono::seconds expires = 3600s);
  void unregisters(const std::string& extension);
  /// A phone calls; the leg is ours.
  leg_id dials(const std::string& extension, const std::string& dialled,
               session_ptr offer = sound({"PCMA", "PCMU"}), int which = 1);
  leg_id dials_at_once(const std::string& extension, const std::string& dialled, session_ptr offer,
                       int which = 1, leg_id replaced = {});
  /// The same, with Replaces of one of our legs.
  leg_id dials_for(const std::string& extension, leg_id replaced,
                   session_ptr offer = sound({"PCMA", "PCMU"}));
  /// The leg that rings at a phone of that extension; an empty one when none does.
  leg_id rings_at(const std::string& extension, int which = 1) const;
  void answers(leg_id leg, session_ptr with = sound({"PCMA", "PCMU"}));
  void confirms(leg_id leg, session_ptr with = nullptr);
  void refuses(leg_id leg, fault_code code, std::uint16_t status);
  void hangs_up(leg_id leg);
  void refers(leg_id leg, const std::string& dialled, transfer_id id = 1, leg_id replaced = {});
  /// A REFER from outside of the call, about a leg of that extension.
  leg_id refers_from_outside(const std::string& extension, const std::string& dialled,
                             const std::string& orbit, leg_id replaced);
  leg_id refers_from_outside_at_once(const std::string& extension, const std::string& dialled,
                                     const std::string& orbit, leg_id replaced);
  /// The phone has acknowledged the last report of a transfer.
  void acknowledges_report(leg_id leg);
  /// A call between two extensions whose phones are registered: caller's and callee's leg.
  std::pair<leg_id, leg_id> talking(const std::string& caller, const std::string& called);

  /// Says something from the wire to whoever owns the leg.
  template <class Event>
  void says(Event event) {
    wire_->says(std::move(event));
    run();
  }
  /// The same, without letting anybody react yet.
  template <class Event>
  void says_at_once(Event event) {
    wire_->says(std::move(event));
  }

  // --- time --------------------------------------------------------------------------------------

  /// Lets everybody react; the time stands still.
  void run();
  /// Lets so many messages be read, no more: the next events cross what is still under way.
  void run_some(std::size_t messages);
  /// Lets virtual time pass, from one due moment to the next.
  void after(std::chrono::milliseconds span);
  std::chrono::steady_clock::time_point now() const { return scheduler_.clock().now(); }

  // --- what there is -----------------------------------------------------------------------------

  fake_leg& leg(leg_id id) { return wire_->leg(id); }
  /// The media port that a phone was told last; null when it is closed, or none of ours.
  const fake_media::port* port_of(leg_id id);
  /// "music", "silence", "nobody", or the number of the extension that a phone hears.
  std::string hears(leg_id id);
  fake_wire& wire() { return *wire_; }
  fake_media& media() { return *media_; }
  fake_journal& journal() { return *journal_; }
  const context_ptr& lent() const { return context_; }
  tenant_ptr tenants() const { return context_->tenants->find(tenant_name{"demo"}); }
  void change_tenant(tenant changed);
  caf::actor_system& system() { return system_; }
  caf::actor extension_actor(const std::string& n);
  /// From now on somebody else is found where an extension's actor was; before its first use.
  void stand_in(const std::string& extension, caf::actor who);
  /// What an extension's actor knows; valid until the house runs again.
  extension& extension_state(const std::string& n);
  /// What the actor of a parked call knows.
  static parked_call& parked_call_state(const caf::actor& of);
  /// True when an actor has not ended.
  static bool is_alive(const caf::actor& who);
  /// The calls parked at an extension, as it knows them.
  std::vector<park_state> parked_at(const std::string& n);
  /// Events of the bus since the house was opened.
  std::vector<park_event> park_events() const { return bus_->park_events; }
  const std::vector<std::string>& park_notes() const { return bus_->park_notes; }

  /// Spawns an actor under test by its state.
  template <class State, class... Args>
  caf::actor spawn(Args... args) {
    auto spawned = spawn_actor<State>(system_, std::move(args)...);
    run();
    return spawned;
  }
  /// Sends from somebody; lets everybody react.
  template <class Message>
  void tell(const caf::actor& from, const caf::actor& to, Message message) {
    caf::send_as(from, to, std::move(message));
    run();
  }

  /// Nobody is left: no leg, no media port, no actor but the directory's, no entry of a leg.
  /// The list of what is left over, empty when all is well.
  std::string left_over();

 private:
  struct quiet_config : caf::actor_system_config {
    quiet_config() {
      set("scheduler.policy", caf::atom("testing"));
      set("logger.inline-output", true);
    }
  };
  bool step();

  quiet_config config_;
  caf::actor_system system_{config_};
  caf::scheduler::test_coordinator& scheduler_ =
    dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
  std::unique_ptr<std::mt19937> shuffle_;
  std::shared_ptr<fake_wire> wire_;
  std::shared_ptr<fake_media> media_;
  std::shared_ptr<fake_journal> journal_;
  std::shared_ptr<fake_bus> bus_;
  std::shared_ptr<node_context> context_filled_;
  context_ptr context_;
  std::map<std::string, caf::actor> stand_ins_;
  std::uint32_t registrations_ = 0;
  std::size_t at_home_ = 0;  ///< Actors that live as long as the house.
};

/// A phone of an extension, as sip/ describes it.
device phone_of(const std::string& extension, int which = 1);

}  // namespace parkway::testing
