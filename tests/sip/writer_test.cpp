#include "sip/message/writer.hpp"

#include <catch2/catch.hpp>

using namespace parkway;
using namespace parkway::sip;

namespace {

const endpoint here{*ip_address::parse("192.0.2.1"), 5060};
const endpoint nat{*ip_address::parse("203.0.113.7"), 1024};

message invite(const std::string& vias, const std::string& to = "<sip:104@pbx.test>") {
  init_osip();
  auto m = message::parse("INVITE sip:104@pbx.test SIP/2.0\r\n" + vias
                          + "Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\n"
                            "Record-Route: <sip:p3;lr>\r\n"
                            "From: \"A\" <sip:103@pbx.test>;tag=f\r\nt: "
                          + to + "\r\nCall-ID: c\r\nCSeq:  7   INVITE\r\n\r\n");
  REQUIRE(m);
  return *std::move(m);
}

/// The first Via line of a response to a request with that Via, from that source.
std::string via_back(const std::string& via, const endpoint& source) {
  const auto out = writer::response(invite("Via: " + via + "\r\n"), 200, "t", source).finish();
  const auto at = out.find("Via: ") + 5;
  return out.substr(at, out.find("\r\n", at) - at);
}

}  // namespace

TEST_CASE("a response copies what makes it one", "[writer]") {
  const auto request = invite(
    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx;rport, SIP/2.0/TCP b;branch=z9hG4bKy\r\n"
    "v: SIP/2.0/UDP c;branch=z9hG4bKz\r\n");
  CHECK(writer::response(request, 200, "mine", here)
          .record_routes(request)
          .header("Contact", "<sip:192.0.2.9>")
          .header("Expires", 60)
          .lines("X: y\r\n")
          .finish("application/sdp", "v=0\r\n")
        == "SIP/2.0 200 OK\r\n"
           "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx;received=192.0.2.1;rport=5060\r\n"
           "Via: SIP/2.0/TCP b;branch=z9hG4bKy\r\n"
           "Via: SIP/2.0/UDP c;branch=z9hG4bKz\r\n"
           "From: \"A\" <sip:103@pbx.test>;tag=f\r\n"
           "To: <sip:104@pbx.test>;tag=mine\r\n"
           "Call-ID: c\r\n"
           "CSeq: 7   INVITE\r\n"
           "Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\n"
           "Record-Route: <sip:p3;lr>\r\n"
           "Contact: <sip:192.0.2.9>\r\n"
           "Expires: 60\r\n"
           "X: y\r\n"
           "Content-Type: application/sdp\r\n"
           "Content-Length: 5\r\n"
           "\r\n"
           "v=0\r\n");
}

TEST_CASE("the top Via says where the packet really came from", "[writer]") {
  CHECK(via_back("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx", here)
        == "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx");
  CHECK(via_back("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx", nat)
        == "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx;received=203.0.113.7");
  CHECK(via_back("SIP / 2.0 / UDP  phone.test:5070 ; branch=z9hG4bKx ; rport", nat)
        == "SIP / 2.0 / UDP  phone.test:5070;branch=z9hG4bKx;received=203.0.113.7;rport=1024");
  // What the sender claims about itself does not survive.
  CHECK(via_back("SIP/2.0/UDP 192.0.2.1;received=6.6.6.6;rport=66;branch=z9hG4bKx", nat)
        == "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx;received=203.0.113.7;rport=1024");
  const endpoint v6{*ip_address::parse("2001:db8::9"), 5070};
  CHECK(via_back("SIP/2.0/TCP [2001:db8::9]:5070;branch=z9hG4bKx", v6)
        == "SIP/2.0/TCP [2001:db8::9]:5070;branch=z9hG4bKx");
}

TEST_CASE("a To that has its tag keeps it, and 100 gets none", "[writer]") {
  const std::string via = "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n";
  const auto tagged = writer::response(invite(via, "<sip:104@pbx.test>;tag=t"), 200, "x", here);
  CHECK(writer(tagged).finish().find("To: <sip:104@pbx.test>;tag=t\r\n") != std::string::npos);
  CHECK(writer::response(invite(via), 100, "", here).finish().find("To: <sip:104@pbx.test>\r\n")
        != std::string::npos);
  CHECK(writer::response(invite(via), 486, "x", here, "Nobody Home")
          .finish()
          .starts_with("SIP/2.0 486 Nobody Home\r\n"));
}

TEST_CASE("a request is written from its parts, and reads back", "[writer]") {
  const std::vector<std::string> routes{"<sip:p1;lr>", "<sip:p2;lr>"};
  request_head head;
  head.method = "INVITE";
  head.request_uri = "sip:104@[2001:db8::5]";
  head.transport = "TCP";
  head.sent_by_host = "2001:db8::9";
  head.sent_by_port = 5070;
  head.branch = "z9hG4bKx";
  head.from = "\"A\" <sip:103@pbx.test>;tag=f";
  head.to = "<sip:104@pbx.test>";
  head.call_id = "c";
  head.cseq = 4294967295;
  head.routes = routes;
  const auto wire = writer::request(head).finish();
  CHECK(wire
        == "INVITE sip:104@[2001:db8::5] SIP/2.0\r\n"
           "Via: SIP/2.0/TCP [2001:db8::9]:5070;branch=z9hG4bKx;rport\r\n"
           "Max-Forwards: 70\r\n"
           "Route: <sip:p1;lr>\r\n"
           "Route: <sip:p2;lr>\r\n"
           "From: \"A\" <sip:103@pbx.test>;tag=f\r\n"
           "To: <sip:104@pbx.test>\r\n"
           "Call-ID: c\r\n"
           "CSeq: 4294967295 INVITE\r\n"
           "Content-Length: 0\r\n"
           "\r\n");
  const auto back = message::parse(wire);
  REQUIRE(back);
  CHECK(back->routes().size() == 2);
  CHECK(back->top_via().host == "2001:db8::9");
}

TEST_CASE("a request nobody could parse is answered from its remains", "[writer]") {
  const std::string rest =
    "v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx;rport, SIP/2.0/UDP b\r\nVia: SIP/2.0/UDP c\r\n"
    "f: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: x\r\nCSeq: 1 BYE\r\n";
  const auto out = answer_unparsed(
    "BYE  sip:a SIP/2.0\r\n" + rest + "Content-Length: -1\r\ngarbage\r\n\r\n", 400, nat);
  CHECK(
    out.starts_with("SIP/2.0 400 Bad Request\r\n"
                    "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx;received=203.0.113.7;rport=1024\r\n"
                    "Via: SIP/2.0/UDP b\r\n"
                    "Via: SIP/2.0/UDP c\r\n"
                    "From: <sip:a@b>;tag=1\r\n"
                    "To: <sip:b@b>;tag="));
  CHECK(out.ends_with("Call-ID: x\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n"));
  const auto back = message::parse(out);
  REQUIRE(back);
  CHECK(back->status() == 400);
  CHECK_FALSE(back->to_tag().empty());

  CHECK(answer_unparsed("SIP/2.0 200 OK\r\n" + rest + "\r\n", 400, nat).empty());
  CHECK(answer_unparsed("ACK sip:a SIP/2.0\r\n" + rest + "\r\n", 400, nat).empty());
  CHECK(answer_unparsed("BYE sip:a SIP/2.0\r\n" + rest.substr(rest.find("f: ")) + "\r\n", 400, nat)
          .empty());
  CHECK(answer_unparsed("", 400, nat).empty());
  CHECK(answer_unparsed("garbage", 400, nat).empty());
  CHECK(answer_unparsed("BYE sip:a SIP/2.0\r\n" + rest + "\r\n", 0, nat).empty());
}
