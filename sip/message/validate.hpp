#pragma once

#include "sip/message/message.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parkway::sip {

/// Why a message goes no further.
struct rejection {
  std::uint16_t status = 0;  ///< What to answer; 0: drop without a word (responses, ACK).
  std::string why;           ///< For the log and a Warning.
  std::string headers;       ///< Lines the answer needs ("Unsupported: x\r\n"); may be empty.
};

/// Extensions a phone may Require of us (option tags), as in our Supported.
inline constexpr std::string_view supported_extensions =
  "100rel, replaces, timer, norefersub, path, tdialog";

/// Checks what libosip2 lets through and must not (RFC 3261 §8.1.1, §8.2.2, §16.3, §18). Nothing:
/// the message is sound. Max-Forwards is checked only where the request would be forwarded: 0 is
/// refused with 483 except for OPTIONS and in-dialog requests.
std::optional<rejection> validate(const message& m);

}  // namespace parkway::sip
