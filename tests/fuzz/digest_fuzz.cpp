/// Authorization headers: nothing that was not made by a phone with the password gets in.

#include "kernel/config/ha1.hpp"
#include "sip/auth/digest.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace parkway;
using namespace parkway::sip;
using fuzz::promise;

std::vector<std::string> fuzz::seeds() {
  return {
    "Digest username=\"103\", realm=\"pbx.test\", nonce=\"00\", uri=\"sip:pbx.test\","
    " response=\"6629fae49393a05397450978507c4ef1\", algorithm=MD5, qop=auth, nc=00000001,"
    " cnonce=\"0a4f113b\", opaque=\"x\"",
    "Digest username=\"1\\\"\",realm=\"pbx.test\",nonce=n,uri=\"sip:a,b\",algorithm=\"SHA-256\","
    "response=\"00\""};
}

std::vector<std::string> fuzz::words() {
  return {"\"",
          "\\",
          ",",
          "=",
          " ",
          "Digest ",
          "realm=\"pbx.test\"",
          "qop=auth",
          "nc=00000001",
          "algorithm=SHA-256",
          "algorithm=MD5-sess",
          "username=",
          std::string("\0", 1)};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const digest_guard guard({}, std::chrono::seconds(300));
  static const auto secret = ha1_maker{}("103", "pbx.test", "never guessed");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto given = parse_credentials(text);
  if (!given) return 0;
  for (const auto part : {given->username, given->realm, given->nonce, given->uri, given->response})
    promise(part.data() >= text.data() && part.data() + part.size() <= text.data() + size);
  promise(!is_right_answer(*given, "REGISTER", secret));
  promise(guard.check(*given, "REGISTER", "pbx.test", &secret, {}, {}) != digest_verdict::ok);
  promise(guard.check(*given, "REGISTER", given->realm, nullptr, {}, {}) != digest_verdict::ok);
  return 0;
}
