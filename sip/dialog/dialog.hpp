#pragma once

#include "kernel/values/result.hpp"
#include "sip/message/message.hpp"
#include "sip/message/writer.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parkway::sip {

/// Where the next request of a dialog goes (RFC 3261 §12.2.1.1). Views into the dialog, but for a
/// strict router, whose rearranged route is held here.
struct dialog_route {
  std::string_view request_uri;
  std::span<const std::string> routes;
  std::vector<std::string> rearranged;
};

/// Peer-to-peer state of one dialog (RFC 3261 §12): identifiers, sequence numbers, where requests
/// go. Pure bookkeeping; whether it is early or confirmed is for the leg to know.
struct dialog {
  /// More Record-Route entries than any network has hops in front of a phone.
  static constexpr std::size_t route_count_max = 16;

  std::string call_id;
  std::string local;   ///< Our From or To value, with tag.
  std::string remote;  ///< The phone's, with tag once it is known.
  std::string local_tag;
  std::string remote_tag;           ///< Empty: nobody answered yet.
  std::string target;               ///< The phone's Contact URI.
  std::vector<std::string> routes;  ///< The route set, next hop first.
  std::uint32_t local_sequence = 0;
  std::uint32_t remote_sequence = 0;  ///< 0: no request seen yet.

  /// The dialog that our answers to this request make (RFC 3261 §12.1.1). Fails with malformed
  /// (no readable Contact) or too_big (route set).
  static result<dialog> from_request(const message& request, std::string tag);
  /// Completes a dialog we asked for from a response with a To tag (RFC 3261 §12.1.2). Without a
  /// Contact the target stays. False: the route set is too long, nothing has changed.
  bool complete(const message& response);
  /// A target refresh request or its 2xx moves the remote target (RFC 3261 §12.2.1.2, §12.2.2).
  void refresh_target(const message& m);
  /// Takes a request's sequence number; false: it is too old and answered 500 (§12.2.2).
  bool accept_sequence(std::uint32_t cseq);
  /// Whether this message, sent by the phone, is of this dialog.
  bool matches(std::string_view id, std::string_view ours, std::string_view theirs) const {
    return local_tag == ours && remote_tag == theirs && call_id == id;
  }
  dialog_route route() const;
};

}  // namespace parkway::sip
