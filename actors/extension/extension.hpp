#pragma once

#include "actors/common/call_control.hpp"
#include "actors/common/deadline.hpp"
#include "actors/extension/bindings.hpp"

#include <optional>
#include <vector>

namespace parkway {

/// An extension of the directory: where its phones are, what they do, and which calls are parked at
/// it. It alone says whether a place at it is free, and in which order its parked calls wait.
struct extension {
  static inline const char* name = "extension";

  /// A leg of one of its phones.
  struct phone_leg {
    leg_active what;
    std::uint64_t changed;   ///< Grows with every change: the latest is the largest.
    bool initiated = false;  ///< The phone has called.
  };
  /// A call parked here, or on its way.
  struct parked_here {
    park_id id;
    caf::actor parked_call;
    park_terms_ptr terms;
    park_state state = park_state::parking;
  };

  caf::event_based_actor* const self;
  const call_control control;
  const tenant_name in;
  const number me;

  bindings phones;
  std::vector<phone_leg> legs;
  std::vector<parked_here> parked;  ///< Longest-parked first, then those on their way.
  std::uint64_t changes = 0;
  std::optional<std::chrono::steady_clock::time_point> idle_since;
  /// It never ends, so it need not hop every minute: 50 000 phones would wake 800 times a second.
  deadline expiry{1, std::chrono::hours{1}};
  caf::actor lamps;  ///< The notifier: from the first watcher or parked call on.

  extension(caf::event_based_actor* actor, context_ptr context, tenant_name tenant, number n);
  caf::behavior make_behavior();

 private:
  void register_phones(const register_phone& r);
  void forget_phones(const drop_phones& d);
  void phones_changed(std::size_t before);
  void tell_lamps_of_phones(std::vector<std::string> anew);
  void tell_lamps_of_calls();
  const caf::actor& the_lamps();
  contacts reachable();
  void leg_changed(const leg_active& a);
  call_to_park pick_call(const find_call_to_park& f) const;
  void park(const park_here& p);
  void hand_out(const retrieve& r);
  leg_found whose_leg(const find_leg& f) const;
  void leg_is_over(const leg_idle& i);
  void parked_call_died(const parked_here& p);
  void parked_call_changed(const place_changed& c);
  place_status status();
  std::uint32_t parked_count() const;
};

/// Spawns the actor of an extension.
caf::actor spawn_extension(const context_ptr& context, const tenant_name& in, const number& n);

}  // namespace parkway
