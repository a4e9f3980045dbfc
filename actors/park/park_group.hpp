#pragma once

#include "actors/common/call_control.hpp"
#include "actors/common/deadline.hpp"
#include "actors/park/hunting.hpp"

#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

namespace parkway {

/// A call park group: hunts for a place, one hunt at a time, and knows which calls were
/// group-parked. It does not know whether a place is free: it asks all members at once what they
/// report, and reserves at one after the other.
///
///   idle --park_here--> asking --place_status of all--> reserving --place_ready--> idle
///                                                          | refused: the next place
///                                                          v none left: park_refused --> idle
struct park_group {
  static inline const char* name = "park_group";
  static constexpr std::size_t hunts_max = 256;  ///< Waiting for their turn; beyond: refused.

  /// A place that is still to be tried. One that was reported free is not to be doubled by a call
  /// that was parked there meanwhile, while another one is free.
  struct candidate {
    number place;
    bool only_if_free;
  };
  /// A call that was parked through this group.
  struct group_parked {
    park_id id;
    caf::actor parked_call;
    number place;
    std::vector<number> told;  ///< Members whose phones show it, beside the place's own.
  };

  caf::event_based_actor* const self;
  const call_control control;
  const tenant_name in;
  const group_name me;

  std::deque<park_here> hunts;                    ///< The first one is under way.
  std::vector<place_status> reports;              ///< In list order.
  std::unordered_map<number, std::size_t> seats;  ///< Where each member stands in them.
  std::size_t silent = 0;                         ///< Members that have not reported yet.
  std::deque<candidate> places;                   ///< Still to be tried.
  candidate tried;                                ///< The one that is being tried.
  park_terms_ptr trying;                          ///< Sent to the place that is being tried.
  std::vector<group_parked> parked;               ///< Longest-parked first.
  deadline reports_by{1};
  deadline answer_by{2};

  park_group(caf::event_based_actor* actor, context_ptr context, tenant_name tenant, group_name n);
  caf::behavior make_behavior();

 private:
  void begin_hunt();
  void reported(const place_status& s);
  void choose();
  void try_next();
  void refused(const refusal& why);
  void reserved(const place_ready& p);
  void hunt_over();
  void show(const show_parked& s);
  void unshow(const unshow_parked& u);
  void explain(const park_id& id, const park_terms_ptr& terms);
  void hand_out(const retrieve& r);
  void ask(const group_parked& p, const retrieve& r);
};

/// Spawns the actor of a park group.
caf::actor spawn_park_group(const context_ptr& context, const tenant_name& in, const group_name& n);

}  // namespace parkway
