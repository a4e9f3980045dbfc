#pragma once

#include "actors/deadline.hpp"
#include "actors/lines.hpp"
#include "kernel/device_profiles.hpp"
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
struct notifier {
  static inline const char* name = "notifier";
  static constexpr std::size_t watchers_max =
    5000;  ///< One extension on every BLF of a large site.

  /// Somebody who is told: a subscription, or a registered phone without one.
  struct listener {
    lamp_ptr told;             ///< Last state sent.
    bool outstanding = false;  ///< Its answer has not come.
    bool refused = false;
    std::optional<std::chrono::steady_clock::time_point> again_at;
  };
  struct watcher : listener {
    watch_place what;
  };
  struct phone : listener {
    binding where;
    device_profile profile;
    bool shows = false;  ///< It was last told of a parked call.
  };

  caf::event_based_actor* const self;
  const lines line;
  const tenant_name in;
  const number me;

  lamp_ptr now;
  lamp_state next;  ///< `now`, as it is being changed.
  std::map<subscription_id, watcher> watchers;
  std::map<std::string, phone> phones;
  deadline again{1};

  notifier(caf::event_based_actor* actor, context_ptr house, tenant_name tenant, number n);
  caf::behavior make_behavior();

 private:
  void publish(bool parked_changed);
  void watch(const watch_place& w);
  void phones_changed(const phones_are& p);
  void tell(watcher& w);
  void tell(phone& p);
  void answered(listener& who, std::uint16_t status, std::chrono::seconds retry_after);
  void tell_again();
  bool watches_call_info(const device& d) const;
  bool tells_unasked(const phone& p) const;
  caf::actor transport_of(const flow& via) const;
};

/// Spawns the notifier of an extension as its monitored child.
caf::actor spawn_notifier(caf::event_based_actor* extension, const context_ptr& house,
                          const tenant_name& in, const number& n);

}  // namespace parkway
