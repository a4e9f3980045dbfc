#pragma once

#include "kernel/values/party.hpp"

#include <string>
#include <string_view>

/// Pieces of XML that the documents of watchers share.

namespace parkway::sip {

inline constexpr std::string_view xml_declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
/// BroadWorks' name space of call park elements.
inline constexpr std::string_view park_namespace = "http://schema.broadsoft.com/callpark";

/// `text` for an XML attribute or element.
std::string escape_xml(std::string_view text);

/// Appends ` name="value"`, escaped.
void add_attribute(std::string& out, std::string_view name, std::string_view value);

/// How somebody is shown: the name, else the number; "Anonymous" where withheld (RFC 3323).
std::string_view shown_name(const party& who);

/// The SIP URI somebody is shown with in `domain`.
std::string shown_uri(const party& who, std::string_view domain);

/// Appends an identity element as BroadWorks writes it.
void add_identity(std::string& out, const party& who, std::string_view domain);

}  // namespace parkway::sip
