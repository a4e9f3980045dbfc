#pragma once

#include "tests/sim/simulation.hpp"

#include <string>
#include <vector>

namespace parkway::sim {

/// A parked call as the bus has told of it last.
struct parked_now {
  park_id id;
  park_terms_ptr terms;
  park_state state = park_state::parking;
  timeline::time_point since;  ///< When it was parked.

  bool retrievable() const {
    return !terms->place.empty() && (state == park_state::parked || state == park_state::recalling);
  }
};

/// The parked calls that have no end yet, the longest-parked first.
std::vector<parked_now> parked_calls(const simulation& story);

/// What must hold of parked calls whenever nothing is under way, from outside: by what phones show,
/// what people hear, and what the bus has told. Empty: all is well.
///
///   lamps     every screen and key shows what is parked there, and nothing else
///   owners    every caller in a call is with one person or at one place; whoever hung up is at
///   none silence   a caller hears music or a person strangers nobody hears somebody whom neither
///   of their screens names; two callers never meet
///
/// `callers`: names of phones that only ever call and are called, and never park or retrieve.
std::vector<std::string> broken_park_rules(const simulation& story,
                                           const std::vector<std::string>& callers);

/// Only the lamps.
std::vector<std::string> lying_lamps(const simulation& story);

}  // namespace parkway::sim
