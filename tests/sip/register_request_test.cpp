#include "sip/shard/register_request.hpp"

#include <catch2/catch.hpp>

using namespace parkway;
using namespace parkway::sip;
using namespace std::chrono_literals;

namespace {

const flow from_phone{.remote = {*ip_address::parse("203.0.113.7"), 1024}};

std::variant<registration_wish, rejection> outcome(const std::string& lines) {
  init_osip();
  const auto m = message::parse(
    "REGISTER sip:pbx.test SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\n"
    "From: <sip:103@pbx.test>;tag=1\r\nTo: <sip:103@pbx.test>\r\nCall-ID: call\r\n"
    "CSeq: 17 REGISTER\r\n"
    + lines + "\r\n");
  INFO(lines);
  REQUIRE(m);
  return read_register(*m, from_phone);
}

registration_wish wish(const std::string& lines) {
  auto out = outcome(lines);
  INFO(lines);
  REQUIRE(std::holds_alternative<registration_wish>(out));
  return std::get<registration_wish>(std::move(out));
}

rejection refused(const std::string& lines) {
  auto out = outcome(lines);
  INFO(lines);
  REQUIRE(std::holds_alternative<rejection>(out));
  return std::get<rejection>(std::move(out));
}

std::chrono::seconds expires(const std::string& lines) {
  return wish(lines).changes.at(0).expires;
}

}  // namespace

TEST_CASE("a contact becomes a change with all the extension needs", "[registrar]") {
  const auto w = wish(
    "Contact: \"x\" <sip:103@192.168.1.5:5070;line=a>;q=0.25;expires=120;"
    "+sip.instance=\"<urn:uuid:0000-AB>\"\r\n"
    "Contact: <sip:103@[2001:DB8::5]>\r\nExpires: 600\r\nUser-Agent: Htek UC926\r\n"
    "Path: <sip:edge1;lr>, <sip:edge2;lr>\r\n");
  CHECK_FALSE(w.remove_all);
  REQUIRE(w.changes.size() == 2);
  const auto& [first, first_expires] = w.changes[0];
  CHECK(first_expires == 120s);
  CHECK(first.uri == "sip:103@192.168.1.5:5070;line=a");
  CHECK(first.key == "sip:103@192.168.1.5:5070 by <sip:edge1;lr>");
  CHECK(first.preference == Approx(0.25));
  CHECK(first.path == std::vector<std::string>{"<sip:edge1;lr>", "<sip:edge2;lr>"});
  CHECK(first.via == from_phone);
  CHECK(first.phone.instance == "<urn:uuid:0000-ab>");
  CHECK(first.phone.contact == "103@192.168.1.5:5070");
  CHECK(first.phone.source == from_phone.remote);
  CHECK(first.call_id == "call");
  CHECK(first.sequence == 17);
  CHECK(first.user_agent == "Htek UC926");
  const auto& [second, second_expires] = w.changes[1];
  CHECK(second_expires == 600s);
  CHECK(second.phone.contact == "103@[2001:db8::5]");
  CHECK(second.preference == 1.0F);
}

TEST_CASE("a REGISTER without contacts only asks", "[registrar]") {
  const auto w = wish("Expires: 5\r\n");
  CHECK_FALSE(w.remove_all);
  CHECK(w.changes.empty());
}

TEST_CASE("expiry has bounds", "[registrar]") {
  const std::string contact = "Contact: <sip:1@h>";
  CHECK(expires(contact + "\r\n") == 3600s);
  CHECK(expires(contact + "\r\nExpires: 60\r\n") == 60s);
  CHECK(expires(contact + "\r\nExpires: 7201\r\n") == 7200s);
  CHECK(expires(contact + ";expires=280297596632815\r\n") == 7200s);
  CHECK(expires(contact + ";expires=99999999999999999999999\r\n") == 7200s);
  CHECK(expires(contact + ";expires=0\r\nExpires: 300\r\n") == 0s);
  CHECK(expires(contact + "\r\nExpires: soon\r\n") == 3600s);
  CHECK(expires(contact + ";expires=-1\r\n") == 3600s);
  for (const std::string lines : {";expires=59\r\n", "\r\nExpires: 1\r\n"}) {
    const auto why = refused(contact + lines);
    CHECK(why.status == 423);
    CHECK(why.headers == "Min-Expires: 60\r\n");
  }
}

TEST_CASE("a star removes all, alone and with Expires: 0", "[registrar]") {
  const auto w = wish("Contact: *\r\nExpires: 0\r\n");
  CHECK(w.remove_all);
  CHECK(w.changes.empty());
  CHECK(refused("Contact: *\r\n").status == 400);
  CHECK(refused("Contact: *\r\nExpires: 3600\r\n").status == 400);
  CHECK(refused("Contact: *\r\nContact: <sip:1@h>\r\nExpires: 0\r\n").status == 400);
}

TEST_CASE("what cannot be registered is refused", "[registrar]") {
  std::string many;
  for (int i = 0; i < 10; ++i)
    many += "Contact: <sip:" + std::to_string(i) + "@h>\r\n";
  CHECK(wish(many).changes.size() == 10);
  CHECK(refused(many + "Contact: <sip:10@h>\r\n").status == 403);
  CHECK(refused("Contact: <tel:+15550100>\r\n").status == 416);
  CHECK(refused("Contact: <mailto:a@h>\r\n").status == 400);
  CHECK(refused("Contact: sip:1@h?Route=%3Csip:x%3E\r\n").status == 400);
  CHECK(wish("Contact: <sip:1@h?Route=%3Csip:x%3E>\r\n").changes.size() == 1);
  CHECK(refused("Contact: <sip:1@h>\r\nPath: <nonsense\r\n").status == 400);
}

TEST_CASE("q is a number from 0 to 1, or no preference", "[registrar]") {
  const auto q = [](const std::string& text) {
    return wish("Contact: <sip:1@h>;q=" + text + "\r\n").changes.at(0).contact.preference;
  };
  CHECK(q("0") == 0.0F);
  CHECK(q("0.5") == Approx(0.5));
  CHECK(q("0.05") == Approx(0.05));
  CHECK(q("0.005") == Approx(0.005));
  CHECK(q("1.000") == 1.0F);
  CHECK(q("1.5") == 1.0F);
  CHECK(q("2") == 1.0F);
  CHECK(q("0.1234") == 1.0F);
  CHECK(q("high") == 1.0F);
}

TEST_CASE("the answer lists what is left of each binding", "[registrar]") {
  const std::chrono::steady_clock::time_point now{1h};
  std::vector<binding> bindings(3);
  bindings[0].uri = "sip:103@192.168.1.5:5070;line=a";
  bindings[0].expires_at = now + 119500ms;
  bindings[1].uri = "sip:103@h";
  bindings[1].preference = 0.05F;
  bindings[1].phone.instance = "<urn:uuid:1>";
  bindings[1].reg_id = 2;
  bindings[1].expires_at = now + 60s;
  bindings[2].uri = "sip:gone@h";
  bindings[2].expires_at = now;
  CHECK(contact_lines(bindings, now)
        == "Contact: <sip:103@192.168.1.5:5070;line=a>;expires=120\r\n"
           "Contact: <sip:103@h>;expires=60;q=0.050;+sip.instance=\"<urn:uuid:1>\";reg-id=2\r\n");
}

TEST_CASE("two phones behind NATs never share a binding", "[registrar]") {
  // The source is 203.0.113.7, the contact a private address that another office uses, too.
  CHECK(wish("Contact: <sip:103@192.168.1.10:5060>\r\n").changes[0].contact.key
        == "sip:103@192.168.1.10:5060 at 203.0.113.7");
  CHECK(wish("Contact: <sip:103@203.0.113.7:5060>\r\n").changes[0].contact.key
        == "sip:103@203.0.113.7:5060");
}

TEST_CASE("an instance is one phone, whatever its port", "[registrar]") {
  const auto key = [](const std::string& contact) {
    return wish("Contact: " + contact + "\r\n").changes[0].contact.key;
  };
  const auto first = key("<sip:103@203.0.113.7:5060>;+sip.instance=\"<urn:uuid:A>\";reg-id=1");
  CHECK(first == key("<sip:103@203.0.113.7:9>;+sip.instance=\"<urn:uuid:a>\";reg-id=1"));
  CHECK(first != key("<sip:103@203.0.113.7:5060>;+sip.instance=\"<urn:uuid:a>\";reg-id=2"));
  CHECK(first != key("<sip:103@203.0.113.7:5060>;+sip.instance=\"<urn:uuid:b>\";reg-id=1"));
  // Without reg-id it tells a phone that has one contact; two at once are told by their URIs.
  CHECK(key("<sip:103@203.0.113.7:1>;+sip.instance=\"<urn:uuid:a>\"")
        == key("<sip:103@203.0.113.7:2>;+sip.instance=\"<urn:uuid:a>\""));
  const auto both = wish(
    "Contact: <sip:103@203.0.113.7:1>;+sip.instance=\"<urn:uuid:a>\", "
    "<sip:103@203.0.113.7:2>;+sip.instance=\"<urn:uuid:a>\"\r\n");
  CHECK(both.changes[0].contact.key != both.changes[1].contact.key);
}
