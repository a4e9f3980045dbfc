#pragma once

#include "kernel/values/session.hpp"
#include "sip/message/message.hpp"
#include "sip/sdp/sdp.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace parkway::sip {

/// The body of a message as a session.
struct carried_session {
  session_ptr session;            ///< Null: there is none, or it cannot be read.
  std::uint16_t refuse_with = 0;  ///< 0: fine; else 400 or 415.
  std::uint64_t fingerprint = 0;  ///< Of the text but for o=: equal means nothing has changed.
};

/// Reads the session a message carries (RFC 3261 §13.2.1).
carried_session read_session(const message& m);

/// What one side of a leg was last sent, and the o= line that goes with it (RFC 3264 §8).
class sent_session {
 public:
  /// Prints `session` for the phone. The version grows when it differs from what was printed last.
  std::string print(const session_ptr& session, std::uint64_t id, std::string_view address);

 private:
  session_ptr last_;
  std::uint64_t version_ = 0;
};

}  // namespace parkway::sip
