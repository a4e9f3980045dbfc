#pragma once

#include "tests/sip/shard_bench.hpp"

#include <string>

namespace parkway::sip::bench {

/// A phone's REGISTER; `credentials` may be empty.
inline std::string register_text(test_bench& at, const std::string& credentials, std::uint32_t cseq,
                                 const std::string& user = "103",
                                 const std::string& host = "pbx.test") {
  return "REGISTER sip:" + host + " SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.5:5060;branch=" + at.branch()
         + ";rport\r\nMax-Forwards: 70\r\nFrom: <sip:" + user + "@" + host + ">;tag=r\r\nTo: <sip:"
         + user + "@" + host + ">\r\nCall-ID: reg-1\r\nCSeq: " + std::to_string(cseq)
         + " REGISTER\r\nContact: <sip:103@10.0.0.5:5060>\r\nExpires: 600\r\n" + credentials
         + "Content-Length: 0\r\n\r\n";
}

/// Registers up to what the extension hears.
inline register_phone registers(test_bench& at) {
  at.arrives(register_text(at, {}, 1));
  at.next_response(401);
  const auto credentials =
    test_bench::authorize(at.last.text, "103", "REGISTER", "sip:pbx.test", "pw103");
  at.arrives(register_text(at, credentials, 2));
  REQUIRE(at.registered.size() == 1);
  auto asked = std::any_cast<register_phone>(at.registered.front());
  at.registered.clear();
  return asked;
}

inline std::string simple(test_bench& at, const std::string& method, const std::string& uri,
                          const std::string& lines = {}, const std::string& to_tag = {}) {
  return method + " " + uri + " SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.103:5060;branch=" + at.branch()
         + "\r\nMax-Forwards: 70\r\nFrom: <sip:103@pbx.test>;tag=x\r\nTo: <sip:104@pbx.test>"
         + to_tag + "\r\nCall-ID: simple\r\nCSeq: 1 " + method + "\r\n" + lines
         + "Content-Length: 0\r\n\r\n";
}

}  // namespace parkway::sip::bench
