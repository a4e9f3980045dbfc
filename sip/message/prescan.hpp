#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
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

  /// The SIP status that says this verdict to the sender (RFC 3261 §21.4); 0: nothing to answer.
  std::uint16_t status() const;
};

/// Splits one datagram, or one framed message of a stream, into header block and body, and checks
/// every bound before anything is allocated. Bytes behind Content-Length are cut off; a body
/// shorter than it is malformed (RFC 3261 §18.3). O(n).
scan prescan(std::string_view bytes);

/// Cuts the byte stream of one connection into messages (RFC 3261 §18.3), by the same bounds.
/// Content-Length is mandatory here. Confined to the connection's thread.
class stream_framer {
 public:
  /// What next() found.
  enum class step : std::uint8_t {
    need_more,  ///< Nothing whole yet.
    message,    ///< bytes() is one whole message, bounds checked.
    ping,       ///< CRLF CRLF: answer a single CRLF (RFC 5626 §4.4.1).
    pong,       ///< A single CRLF: the answer to ours.
    broken,     ///< Where the next message begins is not known any more: answer what can be
                ///< answered with refused(), then close. Stays so.
  };

  /// Appends what was read. Ignored once broken.
  void feed(std::string_view bytes);
  /// The next thing in the stream; call until need_more or broken.
  step next();
  /// The message next() found; valid until the next call of feed() or next().
  std::string_view bytes() const { return message_; }
  /// Why the stream broke, with the header block so far; valid while the framer lives.
  const scan& refused() const { return refused_; }
  /// Bytes held for a message that is not whole yet: never more than message_max and one feed().
  std::size_t held() const { return buffer_.size() - begin_; }

 private:
  step frame(std::string_view pending);
  step give_up(scan why);

  std::string buffer_;
  std::size_t begin_ = 0;    ///< Where what is not consumed begins.
  std::size_t scanned_ = 0;  ///< Of that, how much is known to hold no end of headers.
  std::size_t whole_ = 0;    ///< Size of the message whose headers are known; 0: not known.
  std::string_view message_;
  scan refused_;
  bool broken_ = false;
};

}  // namespace parkway::sip
