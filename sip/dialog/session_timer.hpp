#pragma once

#include "sip/message/message.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace parkway::sip {

/// Who sends the refreshes, seen from the request that carries the header (RFC 4028 §4).
enum class refresher : std::uint8_t { unspecified, uac, uas };

/// What one message says about session timers.
struct session_terms {
  std::optional<std::chrono::seconds> expires;  ///< Session-Expires; none: no such header.
  refresher who = refresher::unspecified;       ///< Its refresher parameter.
  std::optional<std::chrono::seconds> minimum;  ///< Min-SE.
  bool supported = false;                       ///< "timer" in Supported or Require.
};

/// What a message says about session timers (RFC 4028).
session_terms read_session_terms(const message& m);

/// What is agreed for a dialog: how long the session lives without a refresh, and whose task that
/// is. An interval of 0: the phone knows no session timers.
///
///             agreed (a 2xx)
///   none ------------------------> running --refresh_at--> refresh sent --2xx--> running
///     ^                               |                         |
///     |  2xx without Session-Expires  |  expire_at (not ours)   |  408, 481, no answer
///     '-------------------------------'------------> BYE <------'
class session_timer {
 public:
  static constexpr std::chrono::seconds proposed{1800};    ///< Contract §4.
  static constexpr std::chrono::seconds smallest{90};      ///< RFC 4028 §4: no less.
  static constexpr std::chrono::seconds probe_every{300};  ///< OPTIONS, where there is no timer.

  /// A request whose Session-Expires is below our minimum, from a phone that understands 422
  /// (RFC 4028 §9).
  static bool too_brief(const session_terms& asked);
  /// As the UAS of a 2xx: decides and remembers (RFC 4028 §9, table 2).
  void answer(const session_terms& asked);
  /// As the UAC of a 2xx: remembers what it says (RFC 4028 §7.2).
  void learn(const session_terms& answered);

  bool running() const { return interval_.count() != 0; }
  std::chrono::seconds interval() const { return interval_; }
  bool we_refresh() const { return we_refresh_; }
  /// From now to our refresh, or to the BYE because the phone's does not come (RFC 4028 §10).
  std::chrono::seconds due_after() const;

  /// Header lines of our 2xx to the request answered last, with CRLF; empty: no timer.
  std::string answer_lines() const;
  /// Header lines of a re-INVITE or UPDATE of ours, with CRLF; empty: no timer.
  std::string request_lines() const;
  /// Header lines of the first INVITE; `minimum` as a 422 demanded, or our own.
  static std::string initial_lines(std::chrono::seconds minimum = smallest);

 private:
  std::chrono::seconds interval_{0};
  bool we_refresh_ = false;
  bool phone_knows_ = false;  ///< It supports "timer": then Require may name it.
};

}  // namespace parkway::sip
