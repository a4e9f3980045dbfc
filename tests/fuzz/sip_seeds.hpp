#pragma once

#include <string>
#include <vector>

namespace parkway::fuzz {

/// A call, a registration, a transfer and an answer, as phones send them.
inline std::vector<std::string> sip_seeds() {
  const std::string body =
    "v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n";
  const std::string common =
    "Max-Forwards: 70\r\nFrom: \"James\" <sip:103@pbx.test>;tag=19\r\nCall-ID: a84b@192.0.2.10\r\n";
  const std::string via = "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK77;rport\r\n";
  return {
    "INVITE sip:*68104@pbx.test SIP/2.0\r\n" + via + common
      + "To: <sip:*68104@pbx.test>\r\nCSeq: 1 INVITE\r\nContact: <sip:103@192.0.2.10>;q=0.5\r\n"
        "Supported: replaces, timer\r\nSession-Expires: 1800;refresher=uac\r\n"
        "Content-Type: application/sdp\r\nContent-Length: "
      + std::to_string(body.size()) + "\r\n\r\n" + body,
    "REGISTER sip:pbx.test SIP/2.0\r\n" + via + common
      + "To: <sip:103@pbx.test>\r\nCSeq: 2 REGISTER\r\nExpires: 3600\r\nPath: <sip:edge;lr>\r\n"
        "Contact: <sip:103@[2001:db8::1]:5070;line=x>;+sip.instance=\"<urn:uuid:1>\";expires=60\r\n"
        "Authorization: Digest username=\"103\", realm=\"pbx.test\", nonce=\"00\", uri=\"sip:pbx\","
        " response=\"00\", algorithm=MD5\r\nl: 0\r\n\r\n",
    "REFER sip:104@192.0.2.1 SIP/2.0\r\n"
    "v: SIP / 2.0 / TCP a;\r\n branch=z9hG4bKx, SIP/2.0/UDP b\r\n"
      + common
      + "t: <sip:104@pbx.test>;tag=2\r\nCSeq: 3 REFER\r\nRequire: replaces\r\n"
        "r: <sip:*68104@pbx.test?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2>\r\n\r\n",
    "SIP/2.0 200 OK\r\n" + via + common
      + "To: sip:104@pbx.test;tag=5\r\nCSeq: 1 INVITE\r\nRecord-Route: <sip:p1;lr>, <sip:p2;lr>\r\n"
        "m: <sip:104@192.0.2.9>\r\nContent-Length: 0\r\n\r\n",
  };
}

inline std::vector<std::string> sip_words() {
  return {"\r\n",
          "\r\n ",
          "\r\n\r\n",
          ";",
          ",",
          "\"",
          "<",
          ">",
          "\\",
          "%00",
          "%",
          "[",
          "]",
          "::1",
          "z9hG4bK",
          "SIP/2.0",
          "Via: ",
          "l: 99999999999",
          "Contact: *",
          "Content-Length: -1\r\n",
          ";tag=",
          ";rport",
          ";received=",
          "sips:",
          "tel:+1",
          "?Replaces=",
          "Digest ",
          "4294967296",
          "\xC3\xBC",
          "\xFF",
          std::string("\0", 1)};
}

}  // namespace parkway::fuzz
