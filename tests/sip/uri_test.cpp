#include "sip/message/uri.hpp"

#include <catch2/catch.hpp>

using namespace parkway;
using namespace parkway::sip;

namespace {

uri read(std::string_view text) {
  auto out = uri::parse(text);
  INFO(text);
  REQUIRE(out);
  return *std::move(out);
}

name_addr read_name(std::string_view text) {
  auto out = name_addr::parse(text);
  INFO(text);
  REQUIRE(out);
  return *std::move(out);
}

fault_code why_not(std::string_view text) {
  const auto out = uri::parse(text);
  INFO(text);
  REQUIRE(!out);
  return out.error().code;
}

}  // namespace

TEST_CASE("a SIP URI is taken apart and put together again", "[uri]") {
  const auto u =
    read("SIP:Alice:pw@Example.COM:5070;transport=TCP;lr?Subject=a%20b&Priority=urgent");
  CHECK(u.scheme == uri_scheme::sip);
  CHECK(u.user == "Alice");
  CHECK(u.password == "pw");
  CHECK(u.host == "example.com");
  CHECK(u.port == 5070);
  CHECK(*u.parameter_value("transport") == "TCP");
  CHECK(u.parameter_value("lr")->empty());
  CHECK(*u.header_value("subject") == "a b");
  CHECK(u.text() == "sip:Alice:pw@example.com:5070;transport=TCP;lr?subject=a%20b&priority=urgent");
  CHECK(read(u.text()) == u);
}

TEST_CASE("feature codes are read as dialled, escaped or not", "[uri]") {
  CHECK(read("sip:*68104@pbx.test").user == "*68104");
  CHECK(read("sip:%2A68104@pbx.test").user == "*68104");
  CHECK(read("sip:*88%23@pbx.test").user == "*88#");
  CHECK(read("sip:*88#@pbx.test").user == "*88#");
  CHECK(read("sip:*88#@pbx.test").text() == "sip:*88%23@pbx.test");
  CHECK(escape_user("*88#") == "*88%23");
  CHECK(*read("sip:park@pbx.test;orbit=104").parameter_value("orbit") == "104");
}

TEST_CASE("user parts keep what the grammar lets them have", "[uri]") {
  CHECK(read("sip:user;par=u%40example.net@example.com").user == "user;par=u@example.net");
  CHECK(read("sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too."
             "(doesn't-it)@example.com")
          .user
        == "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
  const auto odd = read("sip:user;par=u%40example.net@example.com");
  CHECK(read(odd.text()) == odd);
}

TEST_CASE("IPv6 literals lose and regain their brackets", "[uri]") {
  const auto u = read("sips:104@[2001:DB8::10]:5061");
  CHECK(u.scheme == uri_scheme::sips);
  CHECK(u.host == "2001:db8::10");
  CHECK(u.port == 5061);
  CHECK(u.text() == "sips:104@[2001:db8::10]:5061");
  CHECK(u.host_port() == "[2001:db8::10]:5061");
}

TEST_CASE("what is no URI is refused", "[uri]") {
  for (const auto* text : {"",
                           "sip",
                           "sip:",
                           "sip:@h",
                           "sip:a@",
                           "sip:a b@h",
                           "sip:a@h:0",
                           "sip:a@h:65536",
                           "sip:a@h:x",
                           "sip:a@h:",
                           "sip:2001:db8::10",
                           "sip:[2001:db8::10",
                           "sip:[192.0.2.1]",
                           "sip:[2001:db8:::192.0.2.1]",
                           "sip:[::1]x",
                           "sip:a%zz@h",
                           "sip:a%4@h",
                           "sip:a@h;=x",
                           "sip:a<b>@h",
                           "1x:y",
                           "tel:",
                           "tel:hello",
                           "sip:a@h;x=%00"})
    CHECK(why_not(text) == fault_code::malformed);
  CHECK(why_not("sip:null-%00-null@example.com") == fault_code::malformed);
  CHECK(why_not("http://pbx.test/") == fault_code::unsupported);
  CHECK(why_not("nobodyKnowsThisScheme:totallyopaquecontent") == fault_code::unsupported);
  CHECK(why_not("sip:" + std::string(2048, 'x')) == fault_code::too_big);
  std::string many = "sip:h";
  for (int i = 0; i < 65; ++i)
    many += ";p";
  CHECK(why_not(many) == fault_code::malformed);
}

TEST_CASE("a tel URI is a number without its separators", "[uri]") {
  const auto u = read("tel:+1-(201)-555.0123;phone-context=example.com");
  CHECK(u.scheme == uri_scheme::tel);
  CHECK(u.user == "+12015550123");
  CHECK(*u.parameter_value("phone-context") == "example.com");
  CHECK(u.text() == "tel:+12015550123;phone-context=example.com");
}

TEST_CASE("equal contacts have equal keys, others do not", "[uri]") {
  const auto key = [](std::string_view text) { return read(text).key(); };
  CHECK(key("sip:%61lice@atlanta.com;transport=TCP") == key("sip:alice@AtLanTa.CoM;Transport=tcp"));
  CHECK(key("sip:104@192.0.2.1:5060;line=abc") == key("sip:104@192.0.2.1:5060;line=xyz;ob"));
  CHECK(key("sip:a@h;ttl=1;transport=udp") == key("sip:a@h;transport=UDP;ttl=1"));
  CHECK(key("sip:a@h?Subject=x") == key("sip:a@h"));
  CHECK(key("sip:104@[2001:DB8:0::1]") == key("sip:104@[2001:db8::1]"));

  CHECK(key("sip:ALICE@h") != key("sip:alice@h"));
  CHECK(key("sip:bob@biloxi.com") != key("sip:bob@biloxi.com:5060"));
  CHECK(key("sip:bob@biloxi.com") != key("sip:bob@biloxi.com;transport=udp"));
  CHECK(key("sip:bob@biloxi.com") != key("sips:bob@biloxi.com"));
  CHECK(key("sip:104@192.0.2.1:5060") != key("sip:104@192.0.2.1:5070"));
}

TEST_CASE("a name-addr gives its display name decoded", "[uri]") {
  const auto full = read_name(R"("J \"Rock\" \\ James" <sip:103@pbx.test;lr>;tag=12;X="a;b")");
  CHECK(full.display == R"(J "Rock" \ James)");
  CHECK(full.address.user == "103");
  CHECK(full.address_text == "sip:103@pbx.test;lr");
  CHECK(*full.parameter_value("tag") == "12");
  CHECK(*full.parameter_value("x") == "a;b");

  CHECK(read_name("James Bond <sip:103@pbx.test>").display == "James Bond");
  CHECK(read_name("\"J\xC3\xBCrgen\" <sip:1@h>").display == "J\xC3\xBCrgen");
  CHECK(read_name("\"J\xFCrgen\" <sip:1@h>").display == "J\xEF\xBF\xBDrgen");
  CHECK(read_name("\"\xED\xA0\x80\" <sip:1@h>").display == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(read_name("\"\" <sip:1@h>").display.empty());

  // Without brackets, parameters are the header's.
  const auto bare = read_name("sip:103@pbx.test;tag=7");
  CHECK(*bare.parameter_value("tag") == "7");
  CHECK(bare.address.parameters.empty());
  CHECK(*read_name("<sip:1@h>;+sip.instance=\"<urn:uuid:00>\"").parameter_value("+sip.instance")
        == "<urn:uuid:00>");
  CHECK(read_name("<sip:1@h> ; tag = 5 ;; q=0.5").parameters.size() == 2);
}

TEST_CASE("an unreadable name-addr is refused", "[uri]") {
  for (const auto* text :
       {"", "\"open <sip:1@h>", "\"a\" sip:1@h", "<sip:1@h", "Bell, A <sip:1@h>", "<sip:1@h>x",
        "<sip:1@h>;x=\"y", "<sip:1@h>;x=y\"z;b", "<sip:1@h>;=y", "< sip:1@h>", "*"})
    CHECK_FALSE(name_addr::parse(text));
}

TEST_CASE("a display name is quoted so that nothing can be smuggled through it", "[uri]") {
  CHECK(quoted("James") == "\"James\"");
  CHECK(quoted("") == "");
  CHECK(quoted("a\"b\\c") == R"("a\"b\\c")");
  CHECK(quoted("x\r\nVia: y") == "\"xVia: y\"");
  CHECK(read_name(quoted("a\"b\\c") + " <sip:1@h>").display == "a\"b\\c");
}

TEST_CASE("Replaces is found in Refer-To and read", "[uri]") {
  const auto to = read_name(
    "<sip:103@pbx.test?Replaces=a%4010.0.0.1%3Bto-tag%3D7743%3Bfrom-tag%3D6472%3Bearly-only"
    "&Require=replaces>");
  const auto* value = to.address.header_value("replaces");
  REQUIRE(value);
  const auto dialog = parse_replaces(*value);
  REQUIRE(dialog);
  CHECK(*dialog == dialog_name{"a@10.0.0.1", "7743", "6472", true});

  // Some phones escape nothing.
  const auto raw = read_name("<sip:103@pbx.test?Replaces=a@10.0.0.1;to-tag=1;from-tag=2>");
  CHECK(*parse_replaces(*raw.address.header_value("replaces"))
        == dialog_name{"a@10.0.0.1", "1", "2", false});
  CHECK_FALSE(parse_replaces("a@h;to-tag=1"));
  CHECK_FALSE(parse_replaces(";to-tag=1;from-tag=2"));
  CHECK_FALSE(parse_replaces(""));
}

TEST_CASE("a list is cut at its own commas only", "[uri]") {
  using list = std::vector<std::string_view>;
  CHECK(split_list("a, b ,,c") == list{"a", "b", "c"});
  CHECK(split_list(R"("Bell, A" <sip:a@h;x=1,2>, <sip:b@h>)")
        == list{R"("Bell, A" <sip:a@h;x=1,2>)", "<sip:b@h>"});
  CHECK(split_list(R"("a\",b", c)") == list{R"("a\",b")", "c"});
  CHECK(split_list("").empty());
}
