#pragma once

#include "tests/sim/network.hpp"
#include "tests/sim/sip_text.hpp"

#include <set>
#include <string>

namespace parkway::sim {

/// What of the traffic a ladder shows.
struct ladder_view {
  std::set<std::string> only{};  ///< Names; messages between others are left out. Empty: all.
  bool times = false;            ///< Seconds since the story began, in front.
  bool registers = false;        ///< REGISTER and its answers.
  bool trying = false;           ///< 100 Trying.
  bool acks = false;             ///< ACK.
  bool lamps = false;            ///< NOTIFYs that nobody subscribed to (park-info), and answers.
  bool challenges = false;       ///< 401, and the request it answers.
  bool repetitions = false;      ///< Retransmissions.
  timeline::time_point from{};   ///< Leaves out what was sent before.
};

/// One line of a ladder without its arrow: "INVITE *68104", "200 (INVITE)", "NOTIFY 200 OK".
std::string short_text(const sip_text& m);

/// The traffic as text, one message a line in the order of sending, after an empty line:
///
///   alice -> pbx    INVITE 103
///   pbx   -> james  INVITE 103
std::string draw_ladder(const virtual_network& net, const ladder_view& view = {});

}  // namespace parkway::sim
