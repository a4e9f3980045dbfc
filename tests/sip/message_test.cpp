#include "sip/message/message.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace parkway;
using namespace parkway::sip;

namespace {

message read(std::string_view wire) {
  init_osip();
  auto out = message::parse(wire);
  INFO(wire);
  REQUIRE(out);
  return *std::move(out);
}

const std::string invite =
  "INVITE sip:*68104@pbx.test;user=phone SIP/2.0\r\n"
  "Via: SIP/2.0/UDP [2001:db8::9]:5070;branch=z9hG4bKa;rport;received=192.0.2.9, SIP/2.0/TCP b\r\n"
  "v: SIP / 2.0 / TCP c;branch=z9hG4bKc\r\n"
  "f: \"James\" <sip:103@pbx.test>;tag=from1\r\n"
  "To:\r\n\t<sip:*68104@pbx.test>\r\n"
  "i: call@1\r\n"
  "CSeq: 7 INVITE\r\n"
  "Max-Forwards: 69\r\n"
  "m: <sip:103@192.0.2.1:5070>;q=0.5;expires=60, \"x, y\" <sip:103@192.0.2.2>\r\n"
  "Record-Route: <sip:p1;lr>\r\n"
  "Record-Route: <sip:p2;lr>, <sip:p3;lr>\r\n"
  "k: timer, replaces\r\n"
  "Supported: 100REL\r\n"
  "x: 1800;refresher=uac\r\n"
  "r: <sip:104@pbx.test>\r\n"
  "b: <sip:103@pbx.test>\r\n"
  "o: dialog\r\n"
  "c: application/SDP ; charset=utf-8\r\n"
  "X-Odd  : kept\r\n"
  "Content-Length: 4\r\n"
  "\r\n"
  "v=0\n trailing";

}  // namespace

TEST_CASE("a request is read with its compact and folded headers", "[message]") {
  const auto m = read(invite);
  CHECK(m.is_request());
  CHECK(m.method() == method::invite);
  CHECK(m.method_text() == "INVITE");
  CHECK(m.version() == "SIP/2.0");
  CHECK(m.request_uri_text() == "sip:*68104@pbx.test;user=phone");
  CHECK(m.request_uri()->user == "*68104");
  CHECK(m.status() == 0);
  CHECK(m.call_id() == "call@1");
  CHECK(m.cseq() == 7);
  CHECK(m.cseq_method() == method::invite);
  CHECK(m.from_tag() == "from1");
  CHECK(m.to_tag() == "");
  CHECK(m.from()->display == "James");
  CHECK(m.from()->address.user == "103");
  CHECK(m.to()->address.user == "*68104");
  CHECK(m.to_text() == "<sip:*68104@pbx.test>");
  CHECK(m.number("Max-Forwards") == 69u);
  CHECK(m.number("Session-Expires") == 1800u);
  CHECK_FALSE(m.number("Expires"));
  CHECK(m.header("refer-to") == "<sip:104@pbx.test>");
  CHECK(m.header("Referred-By") == "<sip:103@pbx.test>");
  CHECK(m.header("Event") == "dialog");
  CHECK(m.header("x-odd") == "kept");
  CHECK_FALSE(m.header("Nothing"));
  CHECK(m.body() == "v=0\n");
  CHECK(m.content_type() == "application/SDP ; charset=utf-8");
  CHECK(m.content_is("application/sdp"));
  CHECK_FALSE(m.content_is("application/sdpx"));
}

TEST_CASE("Vias are given apart and as written", "[message]") {
  const auto m = read(invite);
  CHECK(m.via_count() == 3);
  const auto& top = m.top_via();
  CHECK(top.text == "SIP/2.0/UDP [2001:db8::9]:5070;branch=z9hG4bKa;rport;received=192.0.2.9");
  CHECK(top.transport == "UDP");
  CHECK(top.host == "2001:db8::9");
  CHECK(top.port == 5070);
  CHECK(top.branch == "z9hG4bKa");
  CHECK(top.received == "192.0.2.9");
  CHECK(top.rport_asked);
  CHECK(top.rport == 0);
  CHECK(m.vias()
        == std::vector<std::string_view>{top.text, "SIP/2.0/TCP b",
                                         "SIP / 2.0 / TCP c;branch=z9hG4bKc"});
}

TEST_CASE("lists go over all occurrences of a header", "[message]") {
  const auto m = read(invite);
  CHECK(m.record_routes()
        == std::vector<std::string_view>{"<sip:p1;lr>", "<sip:p2;lr>", "<sip:p3;lr>"});
  CHECK(m.routes().empty());
  CHECK(m.list("Supported") == std::vector<std::string_view>{"timer", "replaces", "100REL"});
  CHECK(m.lists("supported", "100rel"));
  CHECK(m.lists("supported", "REPLACES"));
  CHECK_FALSE(m.lists("supported", "path"));
  const auto contacts = m.contacts();
  REQUIRE(contacts);
  REQUIRE(contacts->size() == 2);
  CHECK(contacts->front().address.port == 5070);
  CHECK(*contacts->front().parameter_value("expires") == "60");
  CHECK(contacts->back().display == "x, y");
  CHECK_FALSE(m.contact_is_star());
}

TEST_CASE("a response is read", "[message]") {
  const auto m = read(
    "SIP/2.0 486 Busy = = Here\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx;rport=5080\r\n"
    "From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>;tag=2\r\nCall-ID: x\r\nCSeq: 4294967295 BYE\r\n"
    "Contact: *\r\n\r\n");
  CHECK_FALSE(m.is_request());
  CHECK(m.status() == 486);
  CHECK(m.reason() == "Busy = = Here");
  CHECK(m.method() == method::bye);
  CHECK(m.cseq() == 4294967295u);
  CHECK(m.request_uri_text().empty());
  CHECK_FALSE(m.request_uri());
  CHECK(m.to_tag() == "2");
  CHECK(m.top_via().rport == 5080);
  CHECK(m.contact_is_star());
}

TEST_CASE("views outlive a move of the message", "[message]") {
  auto first = read(invite);
  const auto call_id = first.call_id(), branch = first.top_via().branch, body = first.body();
  const message second = std::move(first);
  CHECK(second.call_id().data() == call_id.data());
  CHECK(call_id == "call@1");
  CHECK(branch == "z9hG4bKa");
  CHECK(body == "v=0\n");
}

TEST_CASE("the parser never sees a body, nor headers it is not needed for", "[message]") {
  // Each part of such a body leaked in libosip2's multipart parser.
  const std::string body = "--b\r\nContent-Type: a/b\r\nContent-Type: a/b\r\n\r\nx\r\n--b--\r\n";
  const auto m = read(
    "MESSAGE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\n"
    "From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: x\r\nCSeq: 1 MESSAGE\r\n"
    "Content-Type: multipart/mixed;boundary=b\r\nContent-Length: "
    + std::to_string(body.size()) + "\r\n\r\n" + body);
  CHECK(m.body() == body);
  CHECK(m.content_is("multipart/mixed"));
  CHECK(m.number("Content-Length") == body.size());
}

TEST_CASE("what is no message is refused, and says why in a code", "[message]") {
  init_osip();
  const std::string rest =
    "Via: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\n"
    "Call-ID: x\r\nCSeq: 1 OPTIONS\r\n";
  const auto why = [&](const std::string& wire) {
    const auto m = message::parse(wire);
    INFO(wire);
    REQUIRE(!m);
    return m.error().code;
  };
  for (const std::string start :
       {"OPTIONS  sip:a@b SIP/2.0", "OPTIONS sip:a@b  SIP/2.0", "OPTIONS sip:a@b SIP/2.0 ",
        "OPTIONS", "OPTIONS sip:a@b", " OPTIONS sip:a@b SIP/2.0", "OPTIONS <sip:a@b> SIP/2.0"})
    CHECK(why(start + "\r\n" + rest + "\r\n") == fault_code::malformed);
  CHECK(why("OPTIONS sip:a@b\r\n  SIP/2.0\r\n" + rest + "\r\n") == fault_code::malformed);
  CHECK(why("OPTIONS sip:a@b SIP/2.0\r\n" + rest + "no colon\r\n\r\n") == fault_code::malformed);
  CHECK(why("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0\r\n" + rest + "\r\n")
        == fault_code::unsupported);
  CHECK(why("OPTIONS sip:a@b SIP/2.0\r\nX: " + std::string(3000, 'x') + "\r\n" + rest + "\r\n")
        == fault_code::too_big);
  CHECK(why("\r\n\r\n") == fault_code::malformed);
}

TEST_CASE("messages are parsed on several threads at once", "[message]") {
  init_osip();
  std::vector<std::thread> threads;
  std::array<int, 4> good{};
  for (auto& count : good)
    threads.emplace_back([&count] {
      for (int i = 0; i < 200; ++i)
        count += message::parse(invite) ? 1 : 0;
    });
  for (auto& t : threads)
    t.join();
  CHECK(good == std::array<int, 4>{200, 200, 200, 200});
}

TEST_CASE("every method has its name", "[message]") {
  for (auto m = method::invite; m != method::other; m = static_cast<method>(int(m) + 1)) {
    CHECK_FALSE(method_name(m).empty());
    CHECK(method_named(method_name(m)) == m);
  }
  CHECK(method_name(method::other).empty());
  CHECK(method_named("invite") == method::other);
}
