#include "sip/message/prescan.hpp"

#include "sip/message/text.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

namespace parkway::sip {

namespace {

using bounds = scan_bounds;

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

/// Leading empty lines are allowed before a start line (RFC 3261 §7.5).
std::string_view without_leading_lines(std::string_view bytes) {
  while (bytes.starts_with("\r\n"))
    bytes.remove_prefix(2);
  return bytes;
}

constexpr std::size_t least_message = 5;

}  // namespace

scan scan::refused(scan_verdict verdict, std::string_view header, const char* why) {
  scan out;
  out.verdict = verdict;
  out.header = header.substr(0, bounds::header_block_max);
  out.why = why;
  return out;
}

std::optional<std::size_t> scan::announced_length() const {
  if (content_length.empty()) return std::nullopt;
  return number_in(content_length, UINT32_MAX);
}

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

scan scan_header(std::string_view block) {
  if (block.size() > bounds::header_block_max)
    return scan::refused(scan_verdict::too_big, block, "header block too big");
  if (std::memchr(block.data(), 0, block.size()))
    return scan::refused(scan_verdict::malformed, block, "NUL in a header");
  const auto lines = block.substr(0, block.size() - 2);  // Without the empty line.
  tally sum;
  for (std::size_t begin = 0; begin < lines.size();) {
    const auto end = line_end(lines, begin, sum);
    if (!end) return scan::refused(scan_verdict::malformed, block, "line without CRLF");
    const auto line = lines.substr(begin, *end - begin);
    if (line.size() > bounds::line_max) sum.exceeded = "line too long";
    // A shorter line cannot have more.
    if (line.size() > bounds::separators_max && separators(line) > bounds::separators_max)
      sum.exceeded = "too many parameters in a line";
    if (begin > 0) count_header(sum, line);
    if (sum.exceeded) return scan::refused(scan_verdict::too_big, block, sum.exceeded);
    begin = *end + 2;
  }
  const auto feeds = static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
  if (feeds != 1 + sum.headers + sum.folds)
    return scan::refused(scan_verdict::malformed, block, "line without CRLF");
  if (sum.content_lengths > 1)
    return scan::refused(scan_verdict::malformed, block, "several Content-Lengths");
  scan out;
  out.verdict = scan_verdict::message;
  out.header = block;
  out.content_length = sum.content_length;
  if (sum.content_lengths == 1 && !number_in(sum.content_length, UINT32_MAX)) {
    const bool digits =
      !sum.content_length.empty()
      && sum.content_length.find_first_not_of("0123456789") == std::string_view::npos;
    return digits ? scan::refused(scan_verdict::body_too_big, block, "Content-Length too big")
                  : scan::refused(scan_verdict::malformed, block, "Content-Length is no number");
  }
  return out;
}

scan prescan(std::string_view bytes) {
  if (bytes.size() < least_message || bytes.find_first_not_of("\r\n") == std::string_view::npos)
    return scan::refused(scan_verdict::keep_alive, {}, "keep-alive");
  if (bytes.size() > bounds::message_max)
    return scan::refused(scan_verdict::too_big, bytes, "message too big");
  bytes = without_leading_lines(bytes);
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos)
    return bytes.size() > bounds::header_block_max
             ? scan::refused(scan_verdict::too_big, bytes, "header block too big")
             : scan::refused(scan_verdict::malformed, bytes, "no end of headers");
  auto out = scan_header(bytes.substr(0, end + 4));
  if (out.verdict != scan_verdict::message) return out;
  out.body = bytes.substr(end + 4);
  if (const auto length = out.announced_length()) {
    if (*length > bounds::message_max)
      return scan::refused(scan_verdict::body_too_big, out.header, "Content-Length too big");
    if (*length > out.body.size())
      return scan::refused(scan_verdict::malformed, out.header, "body shorter than Content-Length");
    out.body = out.body.substr(0, *length);
  }
  return out;
}

}  // namespace parkway::sip
