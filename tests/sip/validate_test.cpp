#include "sip/message/validate.hpp"

#include <catch2/catch.hpp>

using namespace parkway;
using namespace parkway::sip;

namespace {

/// A sound INVITE, of which each test spoils one line.
struct parts {
  std::string start = "INVITE sip:104@pbx.test SIP/2.0";
  std::string via = "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx";
  std::string from = "From: <sip:103@pbx.test>;tag=1";
  std::string to = "To: <sip:104@pbx.test>";
  std::string call_id = "Call-ID: x";
  std::string cseq = "CSeq: 1 INVITE";
  std::string hops = "Max-Forwards: 70";
  std::string other = "X: y";

  std::string wire() const {
    std::string out;
    for (const auto* line : {&start, &via, &from, &to, &call_id, &cseq, &hops, &other})
      if (!line->empty()) out += *line + "\r\n";
    return out + "\r\n";
  }
};

std::optional<rejection> verdict(const parts& p) {
  init_osip();
  const auto m = message::parse(p.wire());
  INFO(p.wire());
  REQUIRE(m);
  return validate(*m);
}

/// 0: sound.
int status(const parts& p) {
  const auto out = verdict(p);
  return out ? (out->status ? out->status : -1) : 0;
}

constexpr int sound = 0, dropped = -1;

parts response() {
  parts p;
  p.start = "SIP/2.0 200 OK";
  p.hops.clear();
  return p;
}

}  // namespace

TEST_CASE("a tag has a value: beside an empty one ours would not be found", "[validate]") {
  CHECK(status({.to = "To: <sip:104@pbx.test>;tag;tag==2"}) == 400);
  CHECK(status({.to = "To: <sip:104@pbx.test>;tag="}) == 400);
  CHECK(status({.from = "From: <sip:103@pbx.test>;tag"}) == 400);
}

TEST_CASE("a quote in From or To ends: an open one would swallow the tag of an answer",
          "[validate]") {
  CHECK(status({.from = R"(From: <isbn:2983792873>;tag=1;x="y)"}) == 400);
  CHECK(status({.to = R"(To: <isbn:2983792873>;x="y)"}) == 400);
  CHECK(status({.to = R"(To: <isbn:2983792873>;x="y\")"}) == 400);
  CHECK(status({.to = R"(To: <isbn:2983792873>;x="y\" z")"}) == sound);
}

TEST_CASE("a sound message passes", "[validate]") {
  CHECK(status({}) == sound);
  CHECK(status(response()) == sound);
  CHECK(status({.hops = ""}) == sound);
  CHECK(status({.call_id = R"(Call-ID: a-.!%*_+`'~()<>:\"/[]?{}@b<">)"}) == sound);
  CHECK(status({.start = "INVITE tel:+15550100 SIP/2.0"}) == sound);
  CHECK(status({.from = "From: <isbn:2983792873>;tag=1"}) == sound);
  CHECK(status({.via = "Via: SIP/2.0/TCP [2001:db8::9]:5060;branch=z9hG4bKx"}) == sound);
}

TEST_CASE("a missing or repeated mandatory header is 400, without a Via nothing", "[validate]") {
  CHECK(status({.from = ""}) == 400);
  CHECK(status({.to = ""}) == 400);
  CHECK(status({.call_id = ""}) == 400);
  CHECK(status({.cseq = ""}) == 400);
  CHECK(status({.via = ""}) == dropped);
  CHECK(status({.hops = "Max-Forwards: 70\r\nMax-Forwards: 70"}) == 400);
  CHECK(status({.other = "Content-Type: a/b\r\nc: a/b"}) == 400);
}

TEST_CASE("CSeq fits its method and its range", "[validate]") {
  CHECK(status({.cseq = "CSeq: 2147483647 INVITE"}) == sound);
  CHECK(status({.cseq = "CSeq: 2147483648 INVITE"}) == 400);
  CHECK(status({.cseq = "CSeq: 36893488147419103232 INVITE"}) == 400);
  CHECK(status({.cseq = "CSeq: -1 INVITE"}) == 400);
  CHECK(status({.cseq = "CSeq: 1 BYE"}) == 400);
  CHECK(status({.cseq = "CSeq: 1 invite"}) == 400);
  CHECK(status({.start = "NEWMETHOD sip:a@b SIP/2.0"}) == 400);
  CHECK(status({.start = "NEWMETHOD sip:a@b SIP/2.0", .cseq = "CSeq: 1 NEWMETHOD"}) == sound);
}

TEST_CASE("another version is 505", "[validate]") {
  CHECK(status({.start = "INVITE sip:a@b SIP/7.0"}) == 505);
  CHECK(status({.start = "INVITE sip:a@b sip/2.0"}) == sound);
}

TEST_CASE("a Request-URI is one we serve", "[validate]") {
  CHECK(status({.start = "INVITE http://pbx.test/ SIP/2.0"}) == 416);
  CHECK(status({.start = "INVITE nobodyKnowsThisScheme:opaque SIP/2.0"}) == 416);
  CHECK(status({.start = "INVITE sip:null-%00-null@pbx.test SIP/2.0"}) == 400);
  CHECK(status({.start = "INVITE sip:a@pbx.test?Route=%3Csip:b%3E SIP/2.0"}) == 400);
  CHECK(status({.start = "INVITE sip:2001:db8::10 SIP/2.0"}) == 400);
  CHECK(status({.to = "To: <sip:null-%00-null@pbx.test>"}) == 400);
}

TEST_CASE("a Via tells transactions apart", "[validate]") {
  CHECK(status({.via = "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK"}) == 400);
  CHECK(status({.via = "Via: SIP/2.0/UDP 192.0.2.1;branch=\"z9hG4bKx;rport"}) == 400);
  CHECK(status({.via = "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx;x=\"a\\\";b"}) == 400);
  CHECK(status({.via = "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx;x=\"a\\\";b\""}) == sound);
  CHECK(status({.via = "Via: SIP/2.0/UDP [2001:db8:::1];branch=z9hG4bKx"}) == 400);
}

TEST_CASE("a client of RFC 2543 is served", "[validate]") {
  CHECK(status({.via = "Via: SIP/2.0/UDP 192.0.2.1;branch=1"}) == sound);
  CHECK(status({.via = "Via: SIP/2.0/UDP 192.0.2.1"}) == sound);
  CHECK(status({.from = "From: <sip:103@pbx.test>"}) == sound);
}

TEST_CASE("Max-Forwards 0 stops what opens something, and nothing else", "[validate]") {
  CHECK(status({.hops = "Max-Forwards: 0"}) == 483);
  CHECK(status({.to = "To: <sip:104@pbx.test>;tag=2", .hops = "Max-Forwards: 0"}) == sound);
  CHECK(
    status(
      {.start = "OPTIONS sip:a@b SIP/2.0", .cseq = "CSeq: 1 OPTIONS", .hops = "Max-Forwards: 0"})
    == sound);
  CHECK(status({.hops = "Max-Forwards: 256"}) == 400);
  CHECK(status({.hops = "Max-Forwards: many"}) == 400);
}

TEST_CASE("an unknown extension is 420 and named", "[validate]") {
  CHECK(status({.other = "Require: 100rel, replaces"}) == sound);
  const auto out = verdict({.other = "Require: timer, nothingSupportsThis\r\nRequire: norThis"});
  REQUIRE(out);
  CHECK(out->status == 420);
  CHECK(out->headers == "Unsupported: nothingSupportsThis, norThis\r\n");
  CHECK(status({.start = "CANCEL sip:a@b SIP/2.0", .cseq = "CSeq: 1 CANCEL", .other = "Require: x"})
        == sound);
}

TEST_CASE("responses and ACKs are dropped where they are wrong, never answered", "[validate]") {
  for (const std::string start :
       {"SIP/2.0 4294967301 better not", "SIP/2.0 99 x", "SIP/2.0 700 x", "SIP/2.0 2000 x"}) {
    auto p = response();
    p.start = start;
    const auto m = message::parse(p.wire());
    if (m) CHECK(status(p) == dropped);
  }
  auto p = response();
  p.cseq = "CSeq: 4294967296 INVITE";
  CHECK(status(p) == dropped);
  p = response();
  p.via += "\r\nVia: SIP/2.0/UDP other;branch=z9hG4bKy";
  CHECK(status(p) == dropped);
  p = response();
  p.to = "";
  CHECK(status(p) == dropped);
  CHECK(status({.start = "ACK sip:a@b SIP/2.0", .cseq = "CSeq: 1 INVITE"}) == dropped);
}
