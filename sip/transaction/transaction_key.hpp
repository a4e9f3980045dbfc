#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace parkway::sip {

/// What a request is matched by (RFC 3261 §17.2.3). Views need to live for the call only.
struct request_key {
  std::string_view method;         ///< As in the request line.
  std::string_view branch;         ///< Of the top Via; empty: none.
  std::string_view sent_by_host;   ///< Of the top Via, as written.
  std::uint16_t sent_by_port = 0;  ///< 0: not given.
  /// Only looked at where the branch has no magic cookie (RFC 2543 peers).
  std::string_view request_uri;
  std::string_view call_id;
  std::string_view from_tag;
  std::uint32_t cseq = 0;
};

/// The branch begins with z9hG4bK: it is unique, and all that is needed (§8.1.1.7).
bool has_magic_cookie(std::string_view branch);

/// Writes the key of a server transaction into `into`. ACK has the key of its INVITE; `method`
/// stands in for the request's own, so that a CANCEL finds its INVITE. Of a peer that knows no
/// magic cookie: Request-URI, From tag, Call-ID, CSeq number and top Via; its To tag, which an ACK
/// has and the INVITE had not, is left out.
void write_server_key(const request_key& request, std::string_view method, std::string& into);

/// Writes the key of a client transaction (§17.1.3): our own branch, and CSeq's method.
void write_client_key(std::string_view branch, std::string_view method, std::string& into);

/// The branch in such a key.
std::string_view branch_of_client_key(std::string_view key);

/// The ACK for a non-2xx response to `invite`, our own request as it was sent (§17.1.1.3): same
/// Request-URI, top Via, From, Call-ID, CSeq number and Routes; `to` is the response's To value.
std::string write_ack(std::string_view invite, std::string_view to);

/// The CANCEL of `invite`, our own request as it was sent (§9.1). `extra`: further header lines.
std::string write_cancel(std::string_view invite, std::string_view extra);

}  // namespace parkway::sip
