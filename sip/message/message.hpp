#pragma once

#include "kernel/values/result.hpp"
#include "sip/message/prescan.hpp"
#include "sip/message/uri.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace parkway::sip {

/// The methods Parkway knows; any other token is `other`.
enum class method : std::uint8_t {
  invite,
  ack,
  bye,
  cancel,
  options,
  register_,
  prack,
  update,
  info,
  refer,
  subscribe,
  notify,
  message,
  publish,
  other
};

/// "INVITE"; empty for `other`.
std::string_view method_name(method m);
/// The method of that name. Methods are case-sensitive (RFC 3261 §7.1).
method method_named(std::string_view name);

/// The topmost Via (RFC 3261 §20.42, RFC 3581). Views live as long as the message.
struct via_view {
  std::string_view text;       ///< The whole entry as written.
  std::string_view transport;  ///< "UDP", "TCP" …, as written.
  std::string_view host;       ///< Sent-by; IPv6 without brackets.
  std::uint16_t port = 0;      ///< Sent-by; 0: not given.
  std::string_view branch;  ///< Empty: none; without magic cookie: of an RFC 2543 client (§17.2.3).
  std::string_view received;  ///< Empty: none.
  bool rport_asked = false;   ///< The parameter is there, with or without a value.
  std::uint16_t rport = 0;    ///< Its value; 0: none.
};

/// One SIP message, parsed by libosip2, of which nothing shows here. Move-only and confined to the
/// shard. All views live as long as the message, also when it is moved. What is not there is empty
/// or null: validate() says whether that is allowed.
class message {
 public:
  /// Parses what the pre-scan accepted; libosip2 sees the headers whose structure
  /// it gives us, with Content-Length 0, and never a body.
  /// Fails with malformed (400), or unsupported for an unknown URI scheme (416).
  static result<message> parse(const scan& accepted);
  /// Pre-scans and parses. Fails with malformed or too_big.
  static result<message> parse(std::string_view bytes);

  message(message&&) noexcept;
  message& operator=(message&&) noexcept;
  ~message();

  bool is_request() const;
  /// Of a request: its own; of a response: CSeq's.
  sip::method method() const;
  std::string_view method_text() const;
  /// "SIP/2.0", as written.
  std::string_view version() const;
  /// The Request-URI as written; empty for responses.
  std::string_view request_uri_text() const;
  /// The Request-URI taken apart, or the fault uri::parse gave.
  const result<uri>& request_uri() const;
  /// 0 for requests.
  std::uint16_t status() const;
  std::string_view reason() const;

  std::string_view call_id() const;
  std::uint32_t cseq() const;  ///< 0 also where it is no number: see header("CSeq").
  sip::method cseq_method() const;
  std::string_view cseq_method_text() const;
  std::string_view from_text() const;  ///< The header value as written, for copying.
  std::string_view to_text() const;
  std::string_view from_tag() const;
  std::string_view to_tag() const;
  /// Whether From or To has a tag without a value (";tag"): none at all, and none could be added.
  bool has_bare_tag() const;
  /// The header taken apart, or the fault name_addr::parse gave. Parsed on first use.
  const result<name_addr>& from() const;
  const result<name_addr>& to() const;

  const via_view& top_via() const;
  std::size_t via_count() const;
  /// Via entries as written, topmost first, for copying.
  std::vector<std::string_view> vias() const;
  /// Entries as written, topmost first.
  std::vector<std::string_view> record_routes() const { return list("Record-Route"); }
  std::vector<std::string_view> routes() const { return list("Route"); }
  /// Contact is "*" (RFC 3261 §10.2.2).
  bool contact_is_star() const;
  /// Contact entries as written; "*" is one.
  std::vector<std::string_view> contact_texts() const { return list("Contact"); }
  /// Contact entries taken apart. Fails with malformed when one is not readable.
  result<std::vector<name_addr>> contacts() const;

  /// First value of a header, by its long name in any case; compact forms count. Nothing: absent.
  std::optional<std::string_view> header(std::string_view name) const;
  /// How often a header occurs.
  std::size_t count(std::string_view name) const;
  /// All values of a header, one an occurrence.
  std::vector<std::string_view> headers(std::string_view name) const;
  /// All entries of a comma-separated header, over all its occurrences.
  std::vector<std::string_view> list(std::string_view name) const;
  /// A comma-separated header of tokens (Supported, Require, Allow) has this one.
  bool lists(std::string_view name, std::string_view token) const;
  /// A header that is one number, such as Max-Forwards or Expires; parameters behind it are
  /// ignored. Nothing: absent or no number of 32 bits.
  std::optional<std::uint32_t> number(std::string_view name) const;

  std::string_view body() const;
  std::string_view content_type() const;  ///< As written, with parameters.
  /// Content-Type without parameters is this ("application/sdp"), in any case.
  bool content_is(std::string_view type) const;
  /// The header block, folded lines joined; for logs.
  std::string_view head() const;

 private:
  struct parsed;
  explicit message(std::unique_ptr<parsed> it);
  std::unique_ptr<parsed> it_;
};

/// Prepares libosip2: silences what it prints, routes its trace to `trace` (null: nowhere). To be
/// called before the first parse; further calls do nothing. From any thread.
using osip_trace = void (*)(const char* text);
void init_osip(osip_trace trace = nullptr);

}  // namespace parkway::sip
