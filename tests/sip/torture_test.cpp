#include "sip/message/validate.hpp"
#include "sip/message/writer.hpp"
#include "sip/sdp/sdp.hpp"
#include "sip/shard/register_request.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <map>

using namespace parkway;
using namespace parkway::sip;

namespace {

/// Replaces each `open`…`</name>` by what `made` makes of what stands before and behind the first
/// '>' of it.
template <class Make>
std::string each(std::string text, const std::string& name, Make made) {
  for (std::size_t at = 0; (at = text.find("<" + name, at)) != std::string::npos;) {
    const auto begin = text.find('>', at) + 1;
    const auto end = text.find("</" + name + ">", begin);
    const auto head = text.substr(at, begin - at), inside = text.substr(begin, end - begin);
    const auto out = made(head, inside);
    text.replace(at, end + name.size() + 3 - at, out);
    at += out.size();
  }
  return text;
}

/// Undoes the notation of RFC 4475 §2.1.
std::string plain(std::string text) {
  text = each(text, "repeat", [](const std::string& head, const std::string& inside) {
    std::string out;
    for (int i = std::stoi(head.substr(head.find('=') + 1)); i > 0; --i)
      out += inside;
    return out;
  });
  text = each(text, "allOneLine", [](const std::string&, std::string inside) {
    std::erase(inside, '\n');
    return inside;
  });
  std::string lines;
  for (const char c : text)
    lines += c == '\n' ? "\r\n" : std::string(1, c);
  // The line end behind </allOneLine> was its last line's; one is left where two were.
  return each(lines, "hex", [](const std::string&, const std::string& inside) {
    std::string out;
    for (std::size_t i = 0; i + 1 < inside.size(); i += 2)
      out += static_cast<char>(std::stoi(inside.substr(i, 2), nullptr, 16));
    return out;
  });
}

std::string wire(const std::string& name) {
  std::ifstream in(std::string(PARKWAY_SOURCE_DIR) + "/tests/sip/torture/" + name + ".sip",
                   std::ios::binary);
  REQUIRE(in);
  return plain({std::istreambuf_iterator<char>(in), {}});
}

constexpr int sound = 0, dropped = -1;

/// What becomes of a datagram: sound, dropped, or the status it is answered with.
int outcome(const std::string& bytes) {
  init_osip();
  const auto scanned = prescan(bytes);
  const endpoint source{*ip_address::parse("192.0.2.1"), 5060};
  const auto answered = [&](int status) {
    const auto out = answer_unparsed(scanned.header, static_cast<std::uint16_t>(status), source);
    if (out.empty()) return dropped;
    // What was wrong may be copied back, but the answer is one whole message.
    CHECK(out.starts_with("SIP/2.0 " + std::to_string(status) + " "));
    CHECK(prescan(out).verdict == scan_verdict::message);
    CHECK(prescan(out).header.size() == out.size());
    return status;
  };
  if (scanned.verdict != scan_verdict::message) return answered(scanned.status());
  const auto m = message::parse(scanned);
  if (!m) return answered(m.error().code == fault_code::unsupported ? 416 : 400);
  if (const auto wrong = validate(*m)) return wrong->status ? wrong->status : dropped;
  return sound;
}

message parsed(const std::string& name) {
  auto m = message::parse(wire(name));
  REQUIRE(m);
  return *std::move(m);
}

}  // namespace

TEST_CASE("every torture message ends as it should", "[torture]") {
  const std::map<std::string, int> table{
    // RFC 4475 §3.1.1: valid.
    {"wsinv", sound},
    {"esc01", sound},
    {"esc02", sound},
    {"lwsdisp", sound},
    {"longreq", sound},
    {"dblreq", sound},
    {"semiuri", sound},
    {"transports", sound},
    {"mpart01", sound},
    {"unreason", sound},
    {"noreason", sound},
    // Valid, and refused all the same: C strings behind us would end at their NULs.
    {"intmeth", dropped},
    {"escnull", 400},
    // §3.1.2: invalid.
    {"badinv01", 400},
    {"clerr", 400},
    {"ncl", 400},
    {"scalar02", 400},
    {"scalarlg", dropped},
    {"quotbal", 400},
    {"ltgtruri", 400},
    {"lwsruri", 400},
    {"lwsstart", 400},
    {"trws", 400},
    {"escruri", 400},
    {"badaspec", 400},
    {"baddn", 400},
    {"badvers", 505},
    {"mismatch01", 400},
    {"mismatch02", 400},
    {"bigcode", dropped},
    // Invalid, and of no consequence: nobody reads Date; the registrar looks at the Contact.
    {"baddate", sound},
    {"regbadct", sound},
    // §3.2, §3.3, §3.4: for the layers above.
    {"badbranch", 400},
    {"insuf", 400},
    {"unkscm", 416},
    {"novelsc", 416},
    {"unksm2", sound},
    {"bext01", 420},
    {"invut", sound},
    {"regaut01", sound},
    {"multi01", 400},
    {"mcl01", 400},
    {"bcast", dropped},
    {"zeromf", sound},
    {"cparam01", sound},
    {"cparam02", sound},
    {"regescrt", sound},
    {"sdp01", sound},
    {"inv2543", sound},
    // RFC 5118 §4.
    {"ipv6-good", sound},
    {"ipv6-bad", 400},
    {"ipv6-port-in-brackets", sound},
    {"ipv6-port", sound},
    {"ipv6-received-bracketed", sound},
    {"ipv6-received-plain", sound},
    {"ipv6-in-sdp", sound},
    {"mult-ip-in-header", sound},
    {"mult-ip-in-sdp", sound},
    {"ipv4-mapped", sound},
    {"ipv4-mapped-sdp", sound},
    {"ipv6-bug-abnf-3-colons", 400},
  };
  CHECK(table.size() == 61);
  for (const auto& [name, expected] : table) {
    INFO(name);
    CHECK(outcome(wire(name)) == expected);
  }
}

TEST_CASE("valid torture is understood, not just let through", "[torture]") {
  const auto folded = parsed("wsinv");
  CHECK(folded.from()->display == "J Rosenberg \\\"");
  CHECK(folded.from_tag() == "98asjd8");
  CHECK(folded.to_tag() == "1918181833n");
  CHECK(folded.cseq() == 9);
  CHECK(folded.number("Max-Forwards") == 68u);
  CHECK(folded.via_count() == 3);
  CHECK(folded.top_via().host == "192.0.2.2");
  CHECK(folded.contacts()->front().display == "Quoted string \"\"");
  CHECK(*folded.contacts()->front().parameter_value("newparam") == "newvalue");
  CHECK(folded.header("NewFangledHeader")->find("continued newfangled value")
        != std::string_view::npos);

  const auto escaped = parsed("esc01");
  CHECK(escaped.request_uri()->user == "sips:user@example.com");
  CHECK(escaped.to()->address.user == "user");
  CHECK(escaped.from()->address.user == "I have spaces");
  CHECK(*escaped.contacts()->front().address.parameter_value("name") == "value%41");

  CHECK(parsed("esc02").method_text() == "RE%47IST%45R");
  CHECK(parsed("esc02").method() == method::other);
  CHECK(parsed("lwsdisp").from()->display == "caller");
  CHECK(parsed("longreq").via_count() == 34);
  CHECK(parsed("dblreq").method() == method::register_);
  CHECK(parsed("dblreq").body().empty());
  CHECK(parsed("semiuri").request_uri()->user == "user;par=u@example.net");
  CHECK(parsed("unreason").reason().starts_with("= 2**3 * 5**2 "));
  CHECK(parsed("noreason").reason().empty());
  CHECK(parsed("mpart01").body().size() > 200);
}

TEST_CASE("torture Contacts are for the registrar to judge", "[torture]") {
  const auto judged = [](const std::string& name) {
    const auto out = read_register(parsed(name), {});
    const auto* wrong = std::get_if<rejection>(&out);
    return wrong ? wrong->status : 0;
  };
  CHECK(judged("regbadct") == 400);
  CHECK(judged("unksm2") == 400);
  CHECK(judged("regescrt") == 0);
  // A parameter of the header is none of the URI.
  const auto key = [](const std::string& name) {
    return std::get<registration_wish>(read_register(parsed(name), {})).changes.at(0).contact.key;
  };
  CHECK(key("cparam01") == key("cparam02"));
}

TEST_CASE("torture descriptions are read", "[torture]") {
  for (const std::string name :
       {"wsinv", "esc01", "ipv6-in-sdp", "ipv4-mapped-sdp", "mult-ip-in-sdp"}) {
    const auto m = parsed(name);
    REQUIRE(m.content_is("application/sdp"));
    const auto s = parse_sdp(m.body());
    INFO(name);
    REQUIRE(s);
    CHECK(s->streams.size() == 2);
  }
  const auto both = parse_sdp(parsed("mult-ip-in-sdp").body());
  CHECK(both->streams[0].address->version == ip_version::v4);
  CHECK(both->streams[1].address->version == ip_version::v6);
}

TEST_CASE("IPv6 in Via and Contact is taken apart", "[torture]") {
  CHECK(parsed("ipv6-good").top_via().host == "2001:db8::9:1");
  CHECK(parsed("ipv6-port").request_uri()->port == 5070);
  CHECK(parsed("ipv6-port-in-brackets").request_uri()->port == 0);
  CHECK(parsed("mult-ip-in-header").top_via().port == 6050);
  CHECK(parsed("ipv6-good").contacts()->front().address.host == "2001:db8::1");
}
