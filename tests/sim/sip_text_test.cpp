#include "tests/sim/sip_text.hpp"

#include "tests/sim/phone_sdp.hpp"

#include <catch2/catch.hpp>

using namespace parkway::sim;

namespace {

const std::string invite_head =
  "INVITE sip:%2A68104@pbx.test SIP/2.0\r\n"
  "v: SIP/2.0/UDP 192.0.2.101:5060;rport;branch=z9hG4bK-1, SIP/2.0/UDP h;branch=z9hG4bK-0\r\n"
  "Max-Forwards: 70\r\n"
  "f: \"James \\\"J\\\" Bond, 007\" <sip:103@pbx.test;x=1>;tag=abc\r\n"
  "t: <sip:%2A68104@pbx.test>\r\n"
  "i: 1@h\r\nCSeq: 7 INVITE\r\nm: <sip:103@192.0.2.101:5060>\r\n";

std::optional<sip_text> read(const std::string& bytes) {
  std::string wrong;
  return read_sip(bytes, wrong);
}

std::string complaint(const std::string& bytes) {
  std::string wrong;
  CHECK_FALSE(read_sip(bytes, wrong));
  return wrong;
}

}  // namespace

TEST_CASE("a phone reads compact headers, quoted commas and escapes", "[sim]") {
  auto m = read(invite_head + "l: 0\r\n\r\n");
  REQUIRE(m);
  CHECK(m->is("INVITE"));
  CHECK(user_of(m->uri) == "*68104");
  CHECK(m->branch() == "z9hG4bK-1");
  CHECK(m->values("Via").size() == 2);
  CHECK(m->values("From").size() == 1);
  CHECK(display_of(m->header("From")) == "James \"J\" Bond, 007");
  CHECK(uri_of(m->header("From")) == "sip:103@pbx.test;x=1");
  CHECK(m->from_tag() == "abc");
  CHECK(m->cseq_number() == 7);
}

TEST_CASE("what a phone writes, a phone reads", "[sim]") {
  auto m = read(invite_head + "c: text/plain\r\nl: 4\r\n\r\nbody");
  REQUIRE(m);
  auto again = read(m->text());
  REQUIRE(again);
  CHECK(again->text() == m->text());
  CHECK(again->body == "body");
}

TEST_CASE("a phone names what is wrong with a message", "[sim]") {
  CHECK(complaint(invite_head + "l: 3\r\n\r\nbody") == "Content-Length is not the length");
  CHECK(complaint(invite_head + "l: 4\r\n\r\nbody") == "body without Content-Type");
  CHECK(complaint(invite_head + "\r\n") == "no Content-Length");
  CHECK(complaint("INVITE sip:x SIP/2.0\r\nl: 0\r\n\r\n") == "no Via");
  CHECK(complaint("HELLO\r\nl: 0\r\n\r\n") == "bad first line");
  CHECK(complaint("SIP/2.0 2000 OK\r\nl: 0\r\n\r\n") == "bad first line");
  CHECK(complaint(invite_head) == "no empty line");
}

TEST_CASE("a response copies what it must and gets a tag once", "[sim]") {
  auto m = read(invite_head + "l: 0\r\n\r\n");
  REQUIRE(m);
  auto ok = respond_to(*m, 200, "OK", "t9").add("Contact", "<sip:h>");
  auto seen = read(ok.text());
  REQUIRE(seen);
  CHECK(seen->status == 200);
  CHECK(seen->to_tag() == "t9");
  CHECK(seen->values("Via") == m->values("Via"));
  CHECK(seen->cseq_method() == "INVITE");
}

TEST_CASE("digest credentials are those of RFC 7616 §3.9.1 in form and in value", "[sim]") {
  auto answer = digest_answer(
    "Digest realm=\"pbx.test\", nonce=\"n,1\", qop=\"auth\", "
    "algorithm=MD5, opaque=\"o\"",
    "REGISTER", "sip:pbx.test", "103", "secret", 2);
  CHECK(answer.find("nc=00000002") != answer.npos);
  CHECK(answer.find("nonce=\"n,1\"") != answer.npos);
  CHECK(answer.find("algorithm=MD5") != answer.npos);
  CHECK(answer.find("opaque=\"o\"") != answer.npos);
  auto sha = digest_answer(
    "Digest realm=\"pbx.test\", nonce=\"n\", qop=\"auth\", "
    "algorithm=SHA-256",
    "REGISTER", "sip:pbx.test", "103", "secret", 1);
  auto begin = sha.find("response=\"") + 10;
  CHECK(sha.find('"', begin) - begin == 64);
}

TEST_CASE("a phone answers an offer with the codecs both know and the mirrored direction",
          "[sim]") {
  phone_sdp sdp{.address = "192.0.2.1",
                .port = 4000,
                .direction = "sendonly",
                .codecs = {{9, "G722/8000"}, {8, "PCMA/8000"}, {97, "telephone-event/8000"}},
                .session = 3,
                .version = 9};
  auto seen = read_sdp(sdp.text());
  REQUIRE(seen);
  CHECK(*seen == sdp);
  CHECK(common_codecs(seen->codecs, {{0, "PCMU/8000"}, {8, "PCMA/8000"}})
        == std::vector<sdp_codec>{{8, "PCMA/8000"}});
  CHECK(answered_direction("sendonly", "sendrecv") == "recvonly");
  CHECK(answered_direction("sendrecv", "sendonly") == "sendonly");
  CHECK(answered_direction("sendonly", "sendonly") == "inactive");
  CHECK(answered_direction("inactive", "sendrecv") == "inactive");
}
