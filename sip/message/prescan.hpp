#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace parkway::sip {

/// What a message may measure. Behind these bounds libosip2's worst case, which is quadratic in
/// the length of a line, stays near a millisecond.
struct scan_bounds {
  static constexpr std::size_t message_max = 64 * 1024;
  static constexpr std::size_t header_block_max = 16 * 1024;
  static constexpr std::size_t line_max = 2 * 1024;  ///< One header, folded lines joined.
  static constexpr std::size_t header_count_max = 128;
  static constexpr std::size_t separators_max = 64;  ///< ';' ',' '?' '&' in one header.
  static constexpr std::size_t via_count_max = 70;
};

/// What the pre-scan makes of some bytes. Closed: a switch over it has no default.
enum class scan_verdict : std::uint8_t {
  message,       ///< `header` and `body` may go to the parser.
  keep_alive,    ///< CRLFs only (RFC 5626 §4.4.1, §3.5.1), or less than any message.
  malformed,     ///< 400 where it can be answered.
  too_big,       ///< A bound on headers, or on the whole, is exceeded: 513.
  body_too_big,  ///< Content-Length beyond message_max: 413.
};

/// The outcome of a pre-scan. Views point into the scanned bytes.
struct scan {
  scan_verdict verdict = scan_verdict::malformed;
  std::string_view header;  ///< Start line to empty line, inclusive; of a refused message: as much
                            ///< of it as there is, at most header_block_max.
  std::string_view body;    ///< Exactly Content-Length bytes.
  std::string_view content_length;  ///< Its digits within `header`; empty: no such header.
  const char* why = "";             ///< For the log, where the verdict is not `message`.

  /// A refusal, with what is left of the header block to answer from.
  static scan refused(scan_verdict verdict, std::string_view header, const char* why);
  /// The SIP status that says this verdict to the sender (RFC 3261 §21.4); 0: nothing to answer.
  std::uint16_t status() const;
  /// The body's length by a sound header block; nothing: it does not say.
  std::optional<std::size_t> announced_length() const;
};

/// Splits one datagram, or one framed message of a stream, into header block and body, and checks
/// every bound before anything is allocated. Bytes behind Content-Length are cut off; a body
/// shorter than it is malformed (RFC 3261 §18.3). O(n).
scan prescan(std::string_view bytes);

/// Checks a header block: start line to empty line, inclusive. The verdict is `message` where all
/// is well; the body is not set.
scan scan_header(std::string_view block);

}  // namespace parkway::sip
