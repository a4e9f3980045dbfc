#include "sip/event/xml.hpp"

#include "sip/message/uri.hpp"

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

std::string escape_xml(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 8);
  for (std::size_t i = 0; i < text.size(); ++i) {
    // XML 1.0 has no way to write U+FFFE and U+FFFF.
    if (const auto three = text.substr(i, 3); three == "\xEF\xBF\xBE" || three == "\xEF\xBF\xBF") {
      out += "\xEF\xBF\xBD";
      i += 2;
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
        // Nor most control characters.
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

}  // namespace parkway::sip
