#include "sip/event/xml.hpp"

#include "kernel/values/utf8.hpp"
#include "sip/message/uri.hpp"

#include <algorithm>

namespace parkway::sip {

std::string_view shown_name(const party& who) {
  if (who.withheld) return "Anonymous";
  return who.name.empty() ? std::string_view{who.extension.text} : std::string_view{who.name};
}

std::string shown_uri(const party& who, std::string_view domain) {
  if (who.withheld) return "sip:anonymous@anonymous.invalid";
  return "sip:" + escape_user(who.extension.text) + "@" + std::string{domain};
}

void add_attribute(std::string& out, std::string_view name, std::string_view value) {
  out.append(" ").append(name).append("=\"").append(escape_xml(value)).append("\"");
}

void add_identity(std::string& out, const party& who, std::string_view domain) {
  out.append("<identity");
  add_attribute(out, "display", shown_name(who));
  out.append(">").append(escape_xml(shown_uri(who, domain)));
  out.append(who.withheld ? "" : ";user=phone").append("</identity>");
}

namespace {

/// Appends the character that `text` begins with: how many bytes that was. XML has no way to write
/// U+FFFE, U+FFFF, nor what is no UTF-8: a URI is told back as the phone wrote it.
std::size_t add_beyond_ascii(std::string& out, std::string_view text) {
  const auto size = utf8_length(text);
  const auto whole = text.substr(0, size);
  if (size == 0 || whole == "\xEF\xBF\xBE" || whole == "\xEF\xBF\xBF")
    out += "\xEF\xBF\xBD";
  else
    out += whole;
  return std::max<std::size_t>(size, 1);
}

}  // namespace

std::string escape_xml(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 8);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) >= 0x80) {
      i += add_beyond_ascii(out, text.substr(i)) - 1;
      continue;
    }
    const char c = text[i];
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        // XML has no way to write most control characters.
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

}  // namespace parkway::sip
