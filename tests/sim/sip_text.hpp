#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parkway::sim {

/// A SIP message as a phone of the simulation reads and writes it. Written apart from sip/ and from
/// libosip2, so that a mistake there is not repeated here.
struct sip_text {
  std::string method;  ///< Empty: a response.
  std::string uri;     ///< Request-URI.
  int status = 0;      ///< 0: a request.
  std::string reason;
  std::vector<std::pair<std::string, std::string>> headers;  ///< Long names, in order.
  std::string body;

  bool is_request() const { return status == 0; }
  bool is(std::string_view m) const { return method == m; }
  /// Value of the first header of that name, in any case; empty: none.
  std::string_view header(std::string_view name) const;
  bool has(std::string_view name) const;
  /// All values of a header, commas split (outside quotes and <>).
  std::vector<std::string> values(std::string_view name) const;
  /// True if one of the values is `token`: an option tag of Supported, a method of Allow.
  bool lists(std::string_view name, std::string_view token) const;
  /// Adds a header at the end; returns the message, so that calls chain.
  sip_text& add(std::string_view name, std::string_view value);
  /// Replaces the first header of that name, or adds it.
  sip_text& set(std::string_view name, std::string_view value);
  void remove(std::string_view name);
  sip_text& with_body(std::string_view content_type, std::string content);

  std::uint32_t cseq_number() const;
  std::string_view cseq_method() const;
  std::string call_id() const { return std::string(header("Call-ID")); }
  std::string from_tag() const;
  std::string to_tag() const;
  /// Branch of the topmost Via.
  std::string branch() const;

  /// On the wire; Content-Length is written here.
  std::string text() const;
};

/// Reads one whole message. Strict about what a PBX must write: line ends, a Content-Length that is
/// the length, and the headers RFC 3261 §8.1.1 asks for. `wrong` says what is missing.
std::optional<sip_text> read_sip(std::string_view bytes, std::string& wrong);

/// A response to a request (RFC 3261 §8.2.6.2); the tag is added to To unless there is one.
sip_text respond_to(const sip_text& request, int status, std::string_view reason,
                    std::string_view to_tag);

/// "sip:103@pbx.test" out of `"James" <sip:103@pbx.test>;tag=a`.
std::string uri_of(std::string_view name_addr);
/// "James" out of the same; quotes and escapes undone. Empty: none.
std::string display_of(std::string_view name_addr);
/// User part of a URI, percent escapes undone.
std::string user_of(std::string_view uri);
/// Host part of a URI.
std::string host_of(std::string_view uri);
/// A header's value as it stands in a URI ("?Replaces=").
std::string escaped_header(std::string_view value);
/// Value of a parameter (";tag=") behind the address; empty: none.
std::string parameter_of(std::string_view value, std::string_view name);
/// True if a parameter is there, with or without value.
bool has_parameter(std::string_view value, std::string_view name);
/// Reason phrase of the statuses phones send.
std::string_view phrase_of(int status);
bool same_word(std::string_view a, std::string_view b);

/// Credentials for a challenge (RFC 7616, qop=auth; MD5 and SHA-256). `count` is the nonce count.
std::string digest_answer(std::string_view challenge, std::string_view method, std::string_view uri,
                          std::string_view user, std::string_view password, std::uint32_t count);

}  // namespace parkway::sim
