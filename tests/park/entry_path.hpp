#pragma once

#include "tests/sim/talk.hpp"

namespace parkway::sim {

/// The ways in which a phone asks for a park (contract of call park, its table of shapes).
enum class entry_path : std::uint8_t {
  refer,              ///< REFER to the code in the call.
  second_call,        ///< INVITE of the code while the call is held.
  attended_transfer,  ///< REFER with Replaces of the second call, once that is up.
  outside,            ///< REFER outside the dialog, to the orbit, with Replaces of the call.
};

/// Every entry path, one after the other.
inline entry_path every_entry_path() {
  auto path = GENERATE(entry_path::refer, entry_path::second_call, entry_path::attended_transfer,
                       entry_path::outside);
  CAPTURE(int(path));
  return path;
}

/// The parker's first call is parked by that path. `code` is what a phone dials: *68104, *68, *58.
/// Waits until the phone has its answer; true: it was parked.
inline bool park_by(simulation& story, entry_path path, phone& parker, const std::string& code) {
  using namespace std::chrono_literals;
  auto& call = parker.line(0);
  switch (path) {
    case entry_path::refer:
      call.refer(code);
      story.run_for(2s);
      return !call.seen().reports.empty() && call.seen().reports.back() == 200;
    case entry_path::outside: {
      auto place = code.size() > 3 ? code.substr(3) : parker.habits().number;
      if (code.substr(0, 3) == "*58")
        parker.refer_outside("sip:*58@pbx.test", "<sip:*58@pbx.test?Replaces="
                                                   + escaped_header(call.replaces_header()) + ">");
      else
        parker.park_outside(place, call);
      story.run_for(6s);
      return call.ended();
    }
    case entry_path::second_call:
    case entry_path::attended_transfer:
      break;
  }
  call.hold();
  story.run_for(1s);
  auto& code_call = parker.call(code);
  story.run_until([&] { return code_call.talking() || code_call.ended(); });
  bool parked = code_call.talking();
  if (path == entry_path::attended_transfer && parked) call.refer(code, &code_call);
  story.run_for(6s);
  return parked;
}

}  // namespace parkway::sim
