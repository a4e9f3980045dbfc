#include "sip/message/reply_route.hpp"

#include <catch2/catch.hpp>

using namespace parkway;
using namespace parkway::sip;

namespace {

const flow source{.remote = {*ip_address::parse("203.0.113.7"), 34477}};

message request(const std::string& via, const std::string& contact) {
  init_osip();
  auto m = message::parse("INVITE sip:102@pbx.test SIP/2.0\r\nVia: SIP/2.0/UDP " + via
                          + ";branch=z9hG4bKx\r\nFrom: <sip:103@pbx.test>;tag=1\r\n"
                            "To: <sip:102@pbx.test>\r\nCall-ID: call\r\nCSeq: 1 INVITE\r\n"
                          + contact + "\r\n");
  REQUIRE(m);
  return *std::move(m);
}

}  // namespace

TEST_CASE("without rport the answer goes to the port in Via, requests to that in Contact",
          "[via]") {
  const auto m = request("203.0.113.7:39505", "Contact: <sip:103@203.0.113.7:5070>\r\n");
  CHECK(response_route(m, source).remote.text() == "203.0.113.7:39505");
  CHECK(way_back(m, source).remote.text() == "203.0.113.7:5070");
  const auto plain = request("203.0.113.7", "");
  CHECK(response_route(plain, source).remote.port == 5060);
  CHECK(way_back(plain, source).remote.port == 5060);
  const auto elsewhere = request("203.0.113.7:39505", "Contact: <sip:103@10.0.0.1:5070>\r\n");
  CHECK(way_back(elsewhere, source).remote.port == 39505);
}

TEST_CASE("a phone that asks for rport, or is behind NAT, is reached where it comes from",
          "[via]") {
  const auto contact = "Contact: <sip:103@203.0.113.7:5070>\r\n";
  for (const auto* const via :
       {"203.0.113.7:39505;rport", "192.168.1.5:5060", "phone.local:5060"}) {
    const auto m = request(via, contact);
    CHECK(response_route(m, source) == source);
    CHECK(way_back(m, source) == source);
  }
  auto stream = source;
  stream.kind = transport_kind::tcp;
  CHECK(response_route(request("203.0.113.7:39505", contact), stream) == stream);
}
