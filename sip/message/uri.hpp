#pragma once

#include "kernel/messages/leg.hpp"
#include "kernel/values/result.hpp"
#include "sip/message/text.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parkway::sip {

/// The schemes Parkway knows (RFC 3261 §19.1, RFC 3966).
enum class uri_scheme : std::uint8_t { sip, sips, tel, other };

/// One ;name=value of a URI or a header. Names are lower case; values are unescaped or unquoted.
struct parameter {
  std::string name;
  std::string value;
  bool operator==(const parameter&) const = default;
};

/// The value of a parameter, or null. `name` in lower case.
const std::string* find_parameter(const std::vector<parameter>& list, std::string_view name);

/// A SIP, SIPS or tel URI, taken apart and unescaped.
struct uri {
  uri_scheme scheme = uri_scheme::sip;
  std::string user;  ///< Unescaped: "*68104", "*88#"; of tel: the number without visual separators.
  std::string password;
  std::string host;        ///< Lower case; IPv6 literals without brackets. Empty for tel.
  std::uint16_t port = 0;  ///< 0: not given.
  std::vector<parameter> parameters;
  std::vector<parameter> headers;  ///< ?name=value, unescaped; names in lower case.

  /// Reads one URI, without angle brackets. Fails with malformed, too_big (2 KiB) or unsupported
  /// (another scheme). A literal '#' in the user part is tolerated, as phones dial it; %00 is not.
  static result<uri> parse(std::string_view text);
  /// The URI as it goes on the wire, escaped.
  std::string text() const;
  /// Canonical form for comparing contacts (RFC 3261 §19.1.4, practical subset): scheme, user,
  /// host, port and the parameters transport, user, ttl, method and maddr count; others do not.
  std::string key() const;
  /// "host:port" as written, IPv6 in brackets, the port only where given.
  std::string host_port() const;
  /// "user@host:port": what tells the contacts of one address from each other.
  std::string user_host_port() const;
  /// The value of a URI parameter, or null. `name` in lower case.
  const std::string* parameter_value(std::string_view name) const {
    return find_parameter(parameters, name);
  }
  /// The value of an embedded header, or null. `name` in lower case.
  const std::string* header_value(std::string_view name) const {
    return find_parameter(headers, name);
  }
  bool operator==(const uri&) const = default;
};

/// A name-addr or addr-spec with its header parameters: From, To, Contact, Refer-To and others
/// (RFC 3261 §25.1).
struct name_addr {
  std::string display;  ///< Unquoted and unescaped, UTF-8 (bytes that are not become U+FFFD).
  uri address;
  std::string address_text;           ///< The URI as written.
  std::vector<parameter> parameters;  ///< Header parameters: tag, expires, q, +sip.instance …

  /// Reads one entry of a header. Fails as uri::parse does.
  static result<name_addr> parse(std::string_view text);
  /// The value of a header parameter, or null. `name` in lower case.
  const std::string* parameter_value(std::string_view name) const {
    return find_parameter(parameters, name);
  }
};

/// A display name as a quoted-string, escaped; empty for an empty name (with no trailing space).
std::string quoted(std::string_view display);

/// `text` with what may not stand in a user part escaped (RFC 3261 §25.1 user): '#' becomes "%23".
std::string escape_user(std::string_view text);

/// Reads a Replaces header, or the unescaped value of one embedded in Refer-To (RFC 3891 §6.1).
result<dialog_name> parse_replaces(std::string_view value);

/// Cuts a header value at commas outside of quotes and angle brackets; entries are trimmed, empty
/// ones left out.
std::vector<std::string_view> split_list(std::string_view value);

}  // namespace parkway::sip
