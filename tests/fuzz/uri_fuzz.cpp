/// URIs, name-addrs, lists and Replaces: printed and read again they are the same.

#include "sip/message/uri.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace parkway;
using namespace parkway::sip;
using fuzz::promise;

std::vector<std::string> fuzz::seeds() {
  return {"sip:alice:pw@example.com:5060;transport=tcp;lr?subject=a%20b&x=y",
          "sips:*88%23@[2001:db8::1]:5061;orbit=104",
          "tel:+1-201-555-0123;phone-context=example.com",
          "\"J \\\"R\\\"\" <sip:103@pbx.test;lr>;tag=1;+sip.instance=\"<urn:uuid:1>\"",
          "James Bond <sip:103@pbx.test?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2>",
          "a@b;to-tag=1;from-tag=2;early-only"};
}

std::vector<std::string> fuzz::words() {
  return {
    "sip:", "@", ":", ";",  "?", "&",  "=", "%00", "%41",      "%",    "\"", "<",
    ">",    "[", "]", "::", ",", "\\", "#", "*",   "\xC3\xBC", "\xFF", " ",  std::string("\0", 1)};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto u = uri::parse(text)) {
    const auto printed = u->text();
    promise(printed.find_first_of(" \r\n<>\"") == std::string::npos);
    const auto again = uri::parse(printed);
    if (again) {
      promise(*again == *u);
      promise(again->key() == u->key());
    } else {
      promise(again.error().code == fault_code::too_big);  // Escapes make it longer.
    }
  }
  if (const auto n = name_addr::parse(text)) {
    const auto again = name_addr::parse(quoted(n->display) + "<" + n->address_text + ">");
    promise(bool(again) && again->address == n->address);
  }
  for (const auto entry : split_list(text))
    promise(!entry.empty() && entry.size() <= size);
  if (const auto r = parse_replaces(text)) promise(!r->call_id.empty());
  return 0;
}
