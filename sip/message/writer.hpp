#pragma once

#include "kernel/values/endpoint.hpp"
#include "sip/message/message.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace parkway::sip {

/// What every request begins with (RFC 3261 §8.1.1). Views need to live for the call only.
struct request_head {
  std::string_view method;
  std::string_view request_uri;
  std::string_view transport = "UDP";  ///< Of the Via: "UDP", "TCP", "TLS", "WS", "WSS".
  std::string_view sent_by_host;       ///< IPv6 without brackets.
  std::uint16_t sent_by_port = 5060;
  std::string_view branch;  ///< With its magic cookie.
  std::string_view from;    ///< Header value with tag.
  std::string_view to;
  std::string_view call_id;
  std::uint32_t cseq = 0;
  std::span<const std::string> routes;  ///< Route entries, topmost first.
  std::uint8_t max_forwards = 70;
};

/// Writes one message into one string: first its head, then the headers the caller adds, last the
/// body.
class writer {
 public:
  /// Begins a request.
  static writer request(const request_head& head);
  /// Begins a response: Vias (the top one with received and rport of `source`, RFC 3581 §4), From,
  /// To, Call-ID, CSeq. `to_tag` is added where To has none; empty: none is added (100). An empty
  /// reason: the usual one.
  static writer response(const message& request, std::uint16_t status, std::string_view to_tag,
                         const endpoint& source, std::string_view reason = {});

  /// Adds one header.
  writer& header(std::string_view name, std::string_view value);
  writer& header(std::string_view name, std::uint64_t value);
  /// Copies Record-Route, for responses that make a dialog (RFC 3261 §12.1.1).
  writer& record_routes(const message& request);
  /// Adds whole header lines, each with its CRLF.
  writer& lines(std::string_view text);
  /// Ends the message: Content-Type (where there is a body), Content-Length, body. The writer is
  /// empty afterwards.
  std::string finish(std::string_view content_type = {}, std::string_view body = {});

 private:
  std::string text_;
};

/// Answers a message that could not be parsed, from what can be made out of its header block (400,
/// 413, 513). Empty: it is a response or an ACK, or lacks what an answer needs.
std::string answer_unparsed(std::string_view header_block, std::uint16_t status,
                            const endpoint& source);

}  // namespace parkway::sip
