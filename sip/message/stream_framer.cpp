#include "sip/message/stream_framer.hpp"

#include <optional>
#include <utility>

namespace parkway::sip {

namespace {

using bounds = scan_bounds;

}  // namespace

void stream_framer::feed(std::string_view bytes) {
  if (broken_) return;
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  message_ = {};
  buffer_.append(bytes);
}

stream_framer::step stream_framer::next() {
  if (broken_) return step::broken;
  message_ = {};
  const auto pending = std::string_view(buffer_).substr(begin_);
  if (whole_ == 0 && pending.starts_with("\r\n")) {
    if (pending.starts_with("\r\n\r\n")) {
      begin_ += 4;
      return step::ping;
    }
    if (pending.size() == 2 || pending == "\r\n\r") return step::need_more;
    begin_ += 2;
    return step::pong;
  }
  return frame(pending);
}

stream_framer::step stream_framer::frame(std::string_view pending) {
  if (whole_ == 0) {
    const auto end = pending.find("\r\n\r\n", scanned_);
    if (end == std::string_view::npos) {
      if (pending.size() > bounds::header_block_max)
        return give_up(scan::refused(scan_verdict::too_big, pending, "header block too big"));
      scanned_ = pending.size() < 3 ? 0 : pending.size() - 3;
      return step::need_more;
    }
    const auto header = scan_header(pending.substr(0, end + 4));
    if (header.verdict != scan_verdict::message) return give_up(header);
    const auto length = header.announced_length();
    if (!length)
      return give_up(scan::refused(scan_verdict::malformed, header.header, "no Content-Length"));
    if (header.header.size() + *length > bounds::message_max)
      return give_up(
        scan::refused(scan_verdict::body_too_big, header.header, "Content-Length too big"));
    whole_ = header.header.size() + *length;
  }
  if (pending.size() < whole_) return step::need_more;
  message_ = pending.substr(0, whole_);
  begin_ += whole_;
  whole_ = scanned_ = 0;
  return step::message;
}

stream_framer::step stream_framer::give_up(scan why) {
  broken_ = true;
  // The header block moves to a place of its own: what follows it is of no use.
  std::string kept(why.header);
  buffer_ = std::move(kept);
  begin_ = 0;
  refused_ = why;
  refused_.header = buffer_;
  refused_.content_length = refused_.body = {};
  return step::broken;
}

}  // namespace parkway::sip
