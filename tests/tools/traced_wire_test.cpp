#include "tools/traced_wire.hpp"

#include <catch2/catch.hpp>

using parkway::without_secrets;

TEST_CASE("what proves a password is not shown, however it is written", "[traced_wire]") {
  CHECK(without_secrets(
          "REGISTER sip:a SIP/2.0\r\nAuthorization: Digest response=\"1\"\r\nTo: b\r\n\r\n")
        == "REGISTER sip:a SIP/2.0\r\nAuthorization: ***\r\nTo: b\r\n\r\n");
  CHECK(without_secrets("A\r\nPROXY-authorization :x,\r\n response=\"1\"\r\n\tmore\r\nTo: b\r\n")
        == "A\r\nPROXY-authorization: ***\r\nTo: b\r\n");
  CHECK(without_secrets("authorization:x") == "authorization: ***\r\n");
  CHECK(without_secrets("WWW-Authenticate: Digest nonce=\"n\"\r\n")
        == "WWW-Authenticate: Digest nonce=\"n\"\r\n");
}

TEST_CASE("a long message is shown in part, an empty one as it is", "[traced_wire]") {
  CHECK(without_secrets("").empty());
  CHECK(without_secrets("\n\n") == "\n\n");
  CHECK(without_secrets(std::string(9000, 'a')) == std::string(8192, 'a') + "…");
}
