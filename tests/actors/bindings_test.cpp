#include "actors/extension/bindings.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace parkway;
using namespace std::chrono_literals;

namespace {

const bindings::time_point noon{12h};

register_phone request(const std::string& call_id, std::uint32_t sequence) {
  register_phone r;
  r.call_id = call_id;
  r.sequence = sequence;
  return r;
}

contact_change contact(const std::string& key, std::chrono::seconds expires, float q = 1.0F) {
  contact_change c;
  c.contact.key = c.contact.uri = key;
  c.contact.preference = q;
  c.expires = expires;
  return c;
}

std::string keys(const bindings& all) {
  std::string text;
  for (const auto& b : all.all())
    text += (text.empty() ? "" : " ") + b.key;
  return text;
}

}  // namespace

TEST_CASE("a REGISTER adds its contacts, and they go when their time is over", "[bindings]") {
  bindings b;
  auto r = request("a", 1);
  r.changes = {contact("desk", 60s), contact("door", 90s)};
  REQUIRE_FALSE(b.apply(r, noon));
  CHECK(keys(b) == "desk door");
  CHECK(b.next_expiry() == noon + 60s);
  CHECK_FALSE(b.expire(noon + 59s));
  CHECK(b.expire(noon + 60s));
  CHECK(keys(b) == "door");
  CHECK(b.expire(noon + 90s));
  CHECK_FALSE(b.next_expiry());
}

TEST_CASE(
  "a phone that registers by another flow has moved, as has its instance with a new contact",
  "[bindings]") {
  bindings b;
  auto r = request("a", 1);
  r.changes = {contact("desk", 60s), contact("door", 60s)};
  r.changes[0].contact.via.connection = 1;
  r.changes[1].contact.via.connection = 1;
  r.changes[1].contact.phone.contact = "<urn:uuid:1>";
  CHECK(b.moved(r).empty());
  REQUIRE_FALSE(b.apply(r, noon));
  r.sequence = 2;
  CHECK(b.moved(r).empty());
  r.changes[0].contact.via.connection = 2;
  r.changes[1].contact.key = "door, opened again";
  r.changes[1].contact.via.connection = 3;
  const auto moves = b.moved(r);
  REQUIRE(moves.size() == 2);
  CHECK(moves[0].first.connection == 1);
  CHECK(moves[0].second.connection == 2);
  CHECK(moves[1].second.connection == 3);
  r.changes[0].expires = r.changes[1].expires = 0s;
  CHECK(b.moved(r).empty());
}

TEST_CASE("a refresh moves the expiry and makes no second contact", "[bindings]") {
  bindings b;
  auto r = request("a", 1);
  r.changes = {contact("desk", 60s)};
  REQUIRE_FALSE(b.apply(r, noon));
  r.sequence = 2;
  REQUIRE_FALSE(b.apply(r, noon + 50s));
  CHECK(keys(b) == "desk");
  CHECK(b.next_expiry() == noon + 110s);
}

TEST_CASE("contacts stand by preference, and by age among equals", "[bindings]") {
  bindings b;
  auto r = request("a", 1);
  r.changes = {contact("old", 60s, 0.5F), contact("best", 60s, 1.0F), contact("young", 60s, 0.5F)};
  REQUIRE_FALSE(b.apply(r, noon));
  CHECK(keys(b) == "best old young");
}

TEST_CASE("an older or equal CSeq of the same Call-ID changes nothing at all", "[bindings]") {
  bindings b;
  auto r = request("a", 5);
  r.changes = {contact("desk", 60s)};
  REQUIRE_FALSE(b.apply(r, noon));
  const auto sequence = GENERATE(4u, 5u);
  auto late = request("a", sequence);
  late.changes = {contact("new", 60s), contact("desk", 0s)};
  CHECK(b.apply(late, noon));
  CHECK(keys(b) == "desk");
}

TEST_CASE("after a reboot the phone's new Call-ID may count from one", "[bindings]") {
  bindings b;
  auto r = request("before", 900);
  r.changes = {contact("desk", 60s)};
  REQUIRE_FALSE(b.apply(r, noon));
  r = request("after", 1);
  r.changes = {contact("desk", 120s)};
  CHECK_FALSE(b.apply(r, noon));
  CHECK(b.next_expiry() == noon + 120s);
  CHECK(b.all().front().call_id == "after");
}

TEST_CASE("Expires 0 removes one contact, * removes all", "[bindings]") {
  bindings b;
  auto r = request("a", 1);
  r.changes = {contact("desk", 60s), contact("door", 60s)};
  REQUIRE_FALSE(b.apply(r, noon));
  r = request("a", 2);
  r.changes = {contact("desk", 0s)};
  REQUIRE_FALSE(b.apply(r, noon));
  CHECK(keys(b) == "door");
  r = request("b", 1);
  r.remove_all = true;
  REQUIRE_FALSE(b.apply(r, noon));
  CHECK(keys(b) == "");
}

TEST_CASE("a * with an old CSeq removes nothing", "[bindings]") {
  bindings b;
  auto r = request("a", 2);
  r.changes = {contact("desk", 60s)};
  REQUIRE_FALSE(b.apply(r, noon));
  auto all = request("a", 1);
  all.remove_all = true;
  CHECK(b.apply(all, noon));
  CHECK(keys(b) == "desk");
}

TEST_CASE("a REGISTER without contacts asks, and changes nothing", "[bindings]") {
  bindings b;
  auto r = request("a", 1);
  r.changes = {contact("desk", 60s)};
  REQUIRE_FALSE(b.apply(r, noon));
  CHECK_FALSE(b.apply(request("a", 1), noon));
  CHECK(keys(b) == "desk");
}

TEST_CASE("what has expired is gone before a REGISTER is judged", "[bindings]") {
  bindings b;
  auto r = request("a", 9);
  r.changes = {contact("desk", 60s)};
  REQUIRE_FALSE(b.apply(r, noon));
  r.sequence = 1;
  CHECK_FALSE(b.apply(r, noon + 60s));
}

TEST_CASE("when there are too many phones the one that expires first makes room", "[bindings]") {
  bindings b;
  auto r = request("a", 1);
  for (std::size_t i = 0; i < bindings::bindings_max; ++i)
    r.changes.push_back(contact("phone" + std::to_string(i), i == 7 ? 60s : 3600s));
  REQUIRE_FALSE(b.apply(r, noon));
  r = request("b", 1);
  r.changes = {contact("newest", 3600s)};
  REQUIRE_FALSE(b.apply(r, noon));
  CHECK(b.all().size() == bindings::bindings_max);
  CHECK(keys(b).find("newest") != std::string::npos);
  CHECK(keys(b).find("phone7") == std::string::npos);
}
