#pragma once

#include "actors/common/call_control.hpp"
#include "actors/common/deadline.hpp"
#include "kernel/config/device_profiles.hpp"
#include "kernel/messages/watch.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace parkway {

/// What the phones and watchers of one extension were last told, and what they are to be told next.
/// One NOTIFY is outstanding for each; newer states wait for its answer and only the newest is
/// sent.
///
///   told --state changes--> outstanding --200--> told, or outstanding again when newer
///                              | 408, 503, silence: again after a pause, with the state of then
///                              | refused (405 415 420 481 489 501): silent until it registers anew
///                              |                                    or subscribes
struct notifier {
  static inline const char* name = "notifier";
  static constexpr std::size_t watchers_max =
    5000;  ///< One extension on every BLF of a large site.

  /// Somebody who is told: a subscription, or a registered phone without one.
  struct listener {
    lamp_ptr told;             ///< Last state sent; null: it is to be told whatever there is.
    bool outstanding = false;  ///< Its answer has not come.
    bool refused = false;
    std::optional<std::chrono::steady_clock::time_point> again_at;
  };
  struct watcher : listener {
    watch_place what;
  };
  struct phone : listener {
    binding where;
    park_channel channel = park_channel::automatic;
    bool shows = false;        ///< For all we know its screen shows a parked call.
    std::uint64_t ticket = 0;  ///< Of the NOTIFY that is out: answers to older ones count no more.
  };

  caf::event_based_actor* const self;
  const call_control control;
  const tenant_name in;
  const number me;

  lamp_state next;  ///< The newest state.
  lamp_ptr now;     ///< The copy of it that was told last; null: nobody was told anything.
  std::map<subscription_id, watcher> watchers;
  std::map<std::string, phone> phones;
  bool left_lit = false;  ///< A phone went away with a call on its screen: it may come back so.
  std::uint64_t tickets = 0;
  deadline again{1};

  notifier(caf::event_based_actor* actor, context_ptr context, tenant_name tenant, number n);
  caf::behavior make_behavior();

 private:
  void publish(bool parked_changed);
  const lamp_ptr& current();
  bool knows(const listener& who) const;
  void put(std::vector<parked_shown>& list, const parked_shown& what) const;
  int rank(const parked_shown& p) const;
  void watch(const watch_place& w);
  void watcher_is(const watcher_answered& a);
  void watcher_came_back(const watcher_back& b);
  void phone_is(const phone_answered& a);
  void phones_changed(const phones_are& p);
  phone moved(const std::string& key, const binding& to, bool came);
  void abandon(phone& p);
  static bool is_of(const watcher& w, const binding& b);
  void tell(watcher& w);
  void tell(phone& p);
  void tell_phones();
  void answered(listener& who, std::uint16_t status, std::chrono::seconds retry_after);
  void tell_again();
  bool watches_call_info(const binding& b) const;
  bool tells_unasked(const phone& p) const;
  caf::actor transport_of(const flow& via) const;
};

/// Spawns the notifier of an extension as its monitored child.
caf::actor spawn_notifier(caf::event_based_actor* extension, const context_ptr& context,
                          const tenant_name& in, const number& n);

}  // namespace parkway
