#pragma once

#include "sip/message/prescan.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace parkway::sip {

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
