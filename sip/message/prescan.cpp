#include "sip/message/prescan.hpp"

#include "sip/message/text.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

namespace parkway::sip {

namespace {

using bounds = scan_bounds;

/// A refusal, with what is left to answer from.
scan refuse(scan_verdict verdict, std::string_view header, const char* why) {
  scan out;
  out.verdict = verdict;
  out.header = header.substr(0, bounds::header_block_max);
  out.why = why;
  return out;
}

/// How many separators a line has: what libosip2's quadratic loops are driven by.
std::size_t separators(std::string_view line) {
  return static_cast<std::size_t>(std::count_if(
    line.begin(), line.end(), [](char c) { return c == ';' || c == ',' || c == '?' || c == '&'; }));
}

/// What the lines of a header block add up to.
struct tally {
  std::size_t headers = 0;
  std::size_t vias = 0;
  std::size_t content_lengths = 0;
  std::string_view content_length;
  std::size_t folds = 0;           ///< CRLFs within logical lines.
  const char* exceeded = nullptr;  ///< Which bound.
};

/// Counts one logical line; the start line is none.
void count_header(tally& sum, std::string_view line) {
  if (++sum.headers > bounds::header_count_max) sum.exceeded = "too many headers";
  // Only these two are looked at; their first letters tell most others apart.
  const char first = lower(line.front());
  if (first != 'v' && first != 'c' && first != 'l') return;
  std::string_view value = line;
  const auto name = trimmed(cut_to(value, ':'));
  if (same_token(name, "via") || same_token(name, "v")) {
    sum.vias += 1 + static_cast<std::size_t>(std::count(value.begin(), value.end(), ','));
    if (sum.vias > bounds::via_count_max) sum.exceeded = "too many Vias";
  } else if (same_token(name, "content-length") || same_token(name, "l")) {
    ++sum.content_lengths;
    sum.content_length = trimmed(value);
  }
}

/// End of the logical line that begins at `begin`: its CRLF, where no folded line follows. Nothing
/// where a CR stands alone: libosip2 would see a line end that we do not.
std::optional<std::size_t> line_end(std::string_view block, std::size_t begin, tally& sum) {
  for (std::size_t at = begin;; at += 2, ++sum.folds) {
    at = block.find('\r', at);
    if (at == std::string_view::npos || block[at + 1] != '\n') return std::nullopt;
    if (at + 2 == block.size() || (block[at + 2] != ' ' && block[at + 2] != '\t')) return at;
  }
}

/// Checks a header block: start line to empty line, inclusive. The verdict is `message` where all
/// is well; the body is not set.
scan scan_header(std::string_view block) {
  if (block.size() > bounds::header_block_max)
    return refuse(scan_verdict::too_big, block, "header block too big");
  if (std::memchr(block.data(), 0, block.size()))
    return refuse(scan_verdict::malformed, block, "NUL in a header");
  const auto lines = block.substr(0, block.size() - 2);  // Without the empty line.
  tally sum;
  for (std::size_t begin = 0; begin < lines.size();) {
    const auto end = line_end(lines, begin, sum);
    if (!end) return refuse(scan_verdict::malformed, block, "line without CRLF");
    const auto line = lines.substr(begin, *end - begin);
    if (line.size() > bounds::line_max) sum.exceeded = "line too long";
    // A shorter line cannot have more.
    if (line.size() > bounds::separators_max && separators(line) > bounds::separators_max)
      sum.exceeded = "too many parameters in a line";
    if (begin > 0) count_header(sum, line);
    if (sum.exceeded) return refuse(scan_verdict::too_big, block, sum.exceeded);
    begin = *end + 2;
  }
  const auto feeds = static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
  if (feeds != 1 + sum.headers + sum.folds)
    return refuse(scan_verdict::malformed, block, "line without CRLF");
  if (sum.content_lengths > 1)
    return refuse(scan_verdict::malformed, block, "several Content-Lengths");
  scan out;
  out.verdict = scan_verdict::message;
  out.header = block;
  out.content_length = sum.content_length;
  if (sum.content_lengths == 1 && !number_in(sum.content_length, UINT32_MAX)) {
    const bool digits =
      !sum.content_length.empty()
      && sum.content_length.find_first_not_of("0123456789") == std::string_view::npos;
    return digits ? refuse(scan_verdict::body_too_big, block, "Content-Length too big")
                  : refuse(scan_verdict::malformed, block, "Content-Length is no number");
  }
  return out;
}

/// The length a sound header block announces; nothing: it does not.
std::optional<std::size_t> announced(const scan& header) {
  if (header.content_length.empty()) return std::nullopt;
  return number_in(header.content_length, UINT32_MAX);
}

/// Leading empty lines are allowed before a start line (RFC 3261 §7.5).
std::string_view without_leading_lines(std::string_view bytes) {
  while (bytes.starts_with("\r\n"))
    bytes.remove_prefix(2);
  return bytes;
}

constexpr std::size_t least_message = 5;

}  // namespace

std::uint16_t scan::status() const {
  switch (verdict) {
    case scan_verdict::message:
    case scan_verdict::keep_alive:
      return 0;
    case scan_verdict::malformed:
      return 400;
    case scan_verdict::too_big:
      return 513;
    case scan_verdict::body_too_big:
      return 413;
  }
  return 0;
}

scan prescan(std::string_view bytes) {
  if (bytes.size() < least_message || bytes.find_first_not_of("\r\n") == std::string_view::npos)
    return refuse(scan_verdict::keep_alive, {}, "keep-alive");
  if (bytes.size() > bounds::message_max)
    return refuse(scan_verdict::too_big, bytes, "message too big");
  bytes = without_leading_lines(bytes);
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos)
    return bytes.size() > bounds::header_block_max
             ? refuse(scan_verdict::too_big, bytes, "header block too big")
             : refuse(scan_verdict::malformed, bytes, "no end of headers");
  auto out = scan_header(bytes.substr(0, end + 4));
  if (out.verdict != scan_verdict::message) return out;
  out.body = bytes.substr(end + 4);
  if (const auto length = announced(out)) {
    if (*length > bounds::message_max)
      return refuse(scan_verdict::body_too_big, out.header, "Content-Length too big");
    if (*length > out.body.size())
      return refuse(scan_verdict::malformed, out.header, "body shorter than Content-Length");
    out.body = out.body.substr(0, *length);
  }
  return out;
}

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
        return give_up(refuse(scan_verdict::too_big, pending, "header block too big"));
      scanned_ = pending.size() < 3 ? 0 : pending.size() - 3;
      return step::need_more;
    }
    const auto header = scan_header(pending.substr(0, end + 4));
    if (header.verdict != scan_verdict::message) return give_up(header);
    const auto length = announced(header);
    if (!length)
      return give_up(refuse(scan_verdict::malformed, header.header, "no Content-Length"));
    if (header.header.size() + *length > bounds::message_max)
      return give_up(refuse(scan_verdict::body_too_big, header.header, "Content-Length too big"));
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
