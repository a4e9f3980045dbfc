#include "sip/message/status.hpp"
#include "tests/sip/plain_requests.hpp"

#include <caf/scoped_actor.hpp>

using namespace parkway;
using namespace parkway::sip;
using namespace parkway::sip::bench;

TEST_CASE("a phone that registers is challenged, and then told its contacts", "[shard][register]") {
  test_bench at;
  const auto asked = registers(at);
  CHECK(asked.call_id == "reg-1");
  CHECK(asked.sequence == 2);
  REQUIRE(asked.changes.size() == 1);
  CHECK(asked.changes[0].expires == 600s);
  CHECK(asked.changes[0].contact.uri == "sip:103@10.0.0.5:5060");
  CHECK(asked.changes[0].contact.via.remote == test_bench::phone().remote);
  CHECK(at.silent());

  auto kept = asked.changes[0].contact;
  kept.expires_at = at.now + 600s;
  caf::anon_send(asked.shard, phone_registered{asked.request, {}, {kept}});
  at.run();
  const auto ok = at.next_response(200);
  CHECK(ok.contact_texts().size() == 1);
  CHECK(ok.top_via().received == "192.0.2.103");
  CHECK(ok.top_via().rport == 5060);
  CHECK(at.shard->counts().registrations_pending == 0);
}

TEST_CASE("both digest algorithms are offered, MD5 first, one header each", "[shard][register]") {
  test_bench at;
  at.arrives(register_text(at, {}, 1));
  const auto refused = at.next_response(401);
  const auto offers = refused.headers("WWW-Authenticate");
  REQUIRE(offers.size() == 2);
  CHECK(offers[0].find("MD5") != std::string_view::npos);
  CHECK(offers[1].find("SHA-256") != std::string_view::npos);
  CHECK(offers[0].find("realm=\"pbx.test\"") != std::string_view::npos);
}

TEST_CASE("a repeated REGISTER asks the extension once", "[shard][register]") {
  test_bench at;
  at.arrives(register_text(at, {}, 1));
  at.next_response(401);
  const auto text = register_text(
    at, test_bench::authorize(at.last.text, "103", "REGISTER", "sip:pbx.test", "pw103"), 2);
  at.arrives(text);
  at.arrives(text);
  CHECK(at.registered.size() == 1);
  const auto asked = std::any_cast<register_phone>(at.registered.front());
  at.tell(phone_registered{asked.request, {}, {}});
  at.next_response(200);
  at.arrives(text);
  at.next_response(200);
  CHECK(at.registered.size() == 1);
}

TEST_CASE("a wrong password and an unknown user look the same", "[shard][register]") {
  test_bench at;
  for (const std::string user : {"103", "999"}) {
    at.arrives(register_text(at, {}, 1, user));
    at.next_response(401);
    at.arrives(register_text(
      at, test_bench::authorize(at.last.text, user, "REGISTER", "sip:pbx.test", "guess"), 2, user));
    const auto again = at.next_response(401);
    CHECK(at.last.text.find("stale") == std::string::npos);
  }
  CHECK(at.registered.empty());
}

TEST_CASE("nobody registers for somebody else", "[shard][register]") {
  test_bench at;
  at.arrives(register_text(at, {}, 1, "104"));
  at.next_response(401);
  at.arrives(register_text(
    at, test_bench::authorize(at.last.text, "103", "REGISTER", "sip:pbx.test", "pw103"), 2, "104"));
  at.next_response(403);
  CHECK(at.registered.empty());
}

TEST_CASE("without a default tenant a strange domain is not found", "[shard][register]") {
  test_bench at;
  auto list = std::make_shared<tenant_list>(*demo_tenants());
  list->fallback = nullptr;
  at.lent->tenants->replace(list);
  at.arrives(register_text(at, {}, 1, "103", "elsewhere.test"));
  at.next_response(404);
}

TEST_CASE("an extension that does not answer in time costs the phone a 503", "[shard][register]") {
  test_bench at;
  const auto asked = registers(at);
  at.wait(6s);
  CHECK(at.next_response(503).header("Retry-After"));
  at.tell(phone_registered{asked.request, {}, {}});
  CHECK(at.silent());
}

TEST_CASE("OPTIONS is answered without credentials and leaves nothing behind", "[shard]") {
  test_bench at;
  at.arrives(simple(at, "OPTIONS", "sip:pbx.test"));
  const auto ok = at.next_response(200);
  CHECK(ok.lists("Allow", "REFER"));
  CHECK(ok.lists("Supported", "replaces"));
  CHECK(ok.header("Accept") == "application/sdp");
  CHECK(at.shard->counts().transactions == 0);
}

TEST_CASE("what nobody can serve is refused with the right status", "[shard]") {
  test_bench at;
  const auto answered = [&](const std::string& text) {
    at.arrives(text);
    return at.next().status();
  };
  CHECK(answered(simple(at, "MESSAGE", "sip:104@pbx.test")) == 405);
  CHECK(answered(simple(at, "DANCE", "sip:104@pbx.test")) == 501);
  CHECK(answered(simple(at, "BYE", "sip:104@pbx.test")) == 481);
  CHECK(answered(simple(at, "BYE", "sip:104@pbx.test", {}, ";tag=00001-12345678")) == 481);
  CHECK(answered(simple(at, "NOTIFY", "sip:104@pbx.test")) == 481);
  CHECK(answered(simple(at, "CANCEL", "sip:104@pbx.test")) == 481);
  CHECK(answered(simple(at, "OPTIONS", "http://pbx.test")) == 416);
  CHECK(answered(simple(at, "OPTIONS", "sip:pbx.test", "Require: magic\r\n")) == 420);
  auto future = simple(at, "OPTIONS", "sip:pbx.test");
  future.replace(future.find("SIP/2.0"), 7, "SIP/7.0");
  CHECK(answered(future) == 505);
  CHECK(answered(simple(at, "SUBSCRIBE", "sip:104@pbx.test")) == 401);
  CHECK(answered(simple(at, "REFER", "sip:104@pbx.test")) == 401);
  CHECK(answered(simple(at, "OPTIONS", "sip:pbx.test", "X: " + std::string(3000, 'x') + "\r\n"))
        == 513);
  CHECK(at.shard->counts().transactions == 0);
}

TEST_CASE("an ACK that belongs to nothing is never answered", "[shard]") {
  test_bench at;
  at.arrives(simple(at, "ACK", "sip:104@pbx.test", {}, ";tag=00001-12345678"));
  at.arrives("\r\n\r\n");
  CHECK(at.silent());
}

TEST_CASE("a SUBSCRIBE of a known phone hears which events there are", "[shard]") {
  test_bench at;
  at.arrives(simple(at, "SUBSCRIBE", "sip:104@pbx.test"));
  at.next_response(401);
  const auto credentials =
    test_bench::authorize(at.last.text, "103", "SUBSCRIBE", "sip:104@pbx.test", "pw103");
  at.arrives(simple(at, "SUBSCRIBE", "sip:104@pbx.test", credentials));
  CHECK(at.next_response(489).header("Allow-Events"));
}

TEST_CASE("a stream of another shard is written by that shard", "[shard]") {
  test_bench at{{}, 0, 2};
  auto stream = test_bench::phone();
  stream.kind = transport_kind::tcp;
  stream.shard = 1;
  stream.connection = 9;
  at.arrives(simple(at, "OPTIONS", "sip:pbx.test"), stream);
  CHECK(at.silent());
  CHECK(at.hears<outbound_message>().to == stream);
}

TEST_CASE("whoever has authenticated on a stream may stay on it, a stranger not",
          "[shard][stream]") {
  test_bench at{{}, 0, 2};
  auto stream = test_bench::phone();
  stream.kind = transport_kind::tcp;
  stream.connection = 9;
  at.arrives(simple(at, "OPTIONS", "sip:pbx.test"), stream);
  at.arrives(register_text(at, {}, 1), stream);
  at.next_response(200);
  at.next_response(401);
  const auto challenge = at.last.text;
  const auto guess = test_bench::authorize(challenge, "103", "REGISTER", "sip:pbx.test", "guess");
  at.arrives(register_text(at, guess, 2), stream);
  at.next_response(401);
  CHECK(at.wire.trusted.empty());
  const auto known = test_bench::authorize(challenge, "103", "REGISTER", "sip:pbx.test", "pw103");
  at.arrives(register_text(at, known, 3), stream);
  CHECK(at.wire.trusted == std::vector{stream});
}

TEST_CASE("a phone that goes on with its dialog over a new stream may stay on it",
          "[shard][stream]") {
  test_bench at{{}, 0, 2};
  phone_side james{at};
  james.talks();
  auto stream = test_bench::phone();
  stream.kind = transport_kind::tcp;
  stream.connection = 10;
  at.arrives(james.request("OPTIONS"), stream);
  at.next_response(200);
  CHECK(at.wire.trusted == std::vector{stream});

  stream.shard = 1;
  at.arrives(james.request("OPTIONS"), stream);
  CHECK(at.hears<proved_connection>().which == stream);
  CHECK(at.wire.trusted.size() == 1);

  stream.shard = 0;
  stream.connection = 11;
  auto guess = james.request("BYE");
  guess.replace(guess.find(";tag=phone"), 10, ";tag=guess");
  at.arrives(guess, stream);
  at.next_response(481);
  CHECK(at.wire.trusted.size() == 1);
}

TEST_CASE("a phone that has moved is reached where it is, also in a storm of such", "[shard]") {
  test_bench at;
  phone_side james{at};
  const auto leg = james.talks();
  const auto elsewhere = [](std::uint16_t port) { return test_bench::phone(103, port); };
  const auto moves = [&](const flow& from, const flow& to, const std::string& whose) {
    at.tell(phone_moved{tenant_name{"demo"}, number{whose}, from, to});
  };
  const auto reached_at = [&] {
    at.tell(send_info{leg, "text/plain", "x"});
    const auto info = at.next_request(method::info);
    const auto to = at.last.to;
    james.answers(info, 200);
    return to;
  };
  moves(james.via, elsewhere(6000), "104");
  CHECK(reached_at() == james.via);
  at.wait(100ms);
  moves(james.via, elsewhere(6001), "103");
  CHECK(reached_at() == elsewhere(6001));
  moves(elsewhere(6001), elsewhere(6002), "103");
  moves(elsewhere(6002), elsewhere(6003), "103");
  at.wait(51ms);
  CHECK(reached_at() == elsewhere(6003));
}

TEST_CASE("a phone that moves while its call rings is answered where it is", "[shard]") {
  test_bench at;
  phone_side james{at};
  const auto call = james.calls();
  const auto elsewhere = test_bench::phone(103, 6000);
  at.tell(phone_moved{tenant_name{"demo"}, number{"103"}, james.via, elsewhere});
  at.tell(answer_call{call.leg, our_session(), {}});
  at.next_response(200);
  CHECK(at.last.to == elsewhere);
  at.wait(500ms);
  at.next_response(200);
  CHECK(at.last.to == elsewhere);
}

TEST_CASE("a phone whose connection has ended is called at its contact", "[shard][stream]") {
  test_bench at;
  auto gone = test_bench::phone();
  gone.kind = transport_kind::tcp;
  gone.connection = 9;
  gone.remote.port = 40'000;
  auto anew = gone;
  anew.connection = 10;
  anew.remote.port = 5080;
  at.wire.reopened = anew;
  place_call c = phone_side::from_alice();
  c.leg = at.lent->fresh_leg(0);
  c.owner = at.owner;
  c.tenant = tenant_name{"demo"};
  c.extension = number{"103"};
  c.to.via = gone;
  const auto sent_to = [&] {
    at.tell(c);
    REQUIRE_FALSE(at.wire.out.empty());
    const auto to = at.wire.out.front().to;
    at.wire.out.clear();
    return to;
  };
  SECTION("which it takes") {
    c.to.uri = "sip:103@192.0.2.103:5080;transport=tcp";
    CHECK(sent_to() == anew);
    CHECK(at.wire.called_back == anew.remote);
  }
  SECTION("which it does not take: the caller need not wait") {
    c.to.uri = "sip:103@192.0.2.103:5080;transport=tcp";
    CHECK(sent_to() == anew);
    at.shard->on_closed(anew, at.now);
    at.run();
    CHECK(at.hears<leg_refused>().why.code == fault_code::not_reachable);
    CHECK(at.shard->counts().legs == 0);
    at.wait(33s);
    CHECK(at.silent());
  }
  SECTION("unless a NAT stands before it") {
    c.to.uri = "sip:103@10.0.0.3:5080;transport=tcp";
    CHECK(sent_to() == gone);
  }
}

TEST_CASE("an INVITE that comes a second time by another way is refused with 482",
          "[shard][invite]") {
  test_bench at;
  phone_side james{at};
  at.arrives(james.request("INVITE", {}, sdp()));
  at.next_response(401);
  const auto credentials =
    test_bench::authorize(at.last.text, "103", "INVITE", james.target, "pw103");
  const auto invite = james.request("INVITE", credentials, sdp());
  at.arrives(invite);
  at.next_response(100);
  const auto leg = at.hears<incoming_call>().leg;
  auto copy = invite;
  copy.replace(copy.find(james.last_branch), james.last_branch.size(), at.branch());
  at.arrives(copy);
  at.next_response(482);
  CHECK(at.hears_nothing());
  // It is over, and may be asked for again.
  at.tell(reject_call{leg, {fault_code::busy, 0, {}}});
  at.next_response(486);
  copy.replace(copy.find("branch=z9hG4bK"), 14, "branch=z9hG4bKx");
  at.arrives(copy);
  at.next_response(401);
  at.arrives(james.request(
    "INVITE", test_bench::authorize(at.last.text, "103", "INVITE", james.target, "pw103"), sdp()));
  at.next_response(100);
}

TEST_CASE("beyond the calls allowed at once a new one gets 503 and Retry-After",
          "[shard][invite]") {
  settings node;
  node.calls_max = 1;
  test_bench at{node};
  phone_side first{at};
  const auto leg = first.talks();
  phone_side second{.at = at, .call_id = "call-2"};
  at.arrives(second.request("INVITE", {}, sdp()));
  at.next_response(401);
  const auto challenge = at.last.text;
  const auto credentials = [&] {
    return test_bench::authorize(challenge, "103", "INVITE", second.target, "pw103");
  };
  at.arrives(second.request("INVITE", credentials(), sdp()));
  CHECK(at.next_response(503).header("Retry-After"));

  at.tell(hang_up{leg});
  at.next_request(method::bye);
  at.arrives(second.request("INVITE", credentials(), sdp()));
  at.next_response(100);
}

TEST_CASE("shutting down says goodbye to every leg", "[shard]") {
  test_bench at;
  phone_side talking{at};
  talking.talks();
  phone_side ringing{.at = at, .call_id = "call-2"};
  ringing.calls();
  phone_side called{.at = at};
  const auto invite = called.rings();
  called.answers(invite, 180);
  at.hears<leg_ringing>();

  caf::scoped_actor self{at.system, true};
  self->send(at.face, shut_down{});
  at.run();
  std::map<std::string, int> seen;
  while (!at.wire.out.empty()) {
    const auto m = at.next();
    ++seen[m.is_request() ? std::string{m.method_text()} : std::to_string(m.status())];
  }
  CHECK(seen == std::map<std::string, int>{{"BYE", 1}, {"503", 1}, {"CANCEL", 1}});
  // BYE, CANCEL, and the INVITE that it ends.
  CHECK(at.shard->unanswered() == 3);
  at.arrives(simple(at, "OPTIONS", "sip:pbx.test"));
  at.next_response(503);
  at.wait(500ms);
  std::optional<message> bye;
  while (!at.wire.out.empty())
    if (auto again = at.next(); again.method_text() == "BYE") bye = std::move(again);
  REQUIRE(bye);
  talking.answers(*bye, 200);
  CHECK(at.shard->unanswered() == 2);
  for (int i = 0; i < 3; ++i)
    CHECK(at.hears<leg_ended>().cause == end_cause::shut_down);
  bool done = false;
  self->receive([&](stopped) { done = true; }, caf::after(0s) >> [] {});
  CHECK(done);
}

TEST_CASE("a contact that is one of our listeners is refused with 403", "[shard][register]") {
  test_bench at;
  at.arrives(register_text(at, {}, 1));
  at.next_response(401);
  const auto challenge = at.last.text;
  const std::string_view phone = "sip:103@10.0.0.5:5060";
  for (const auto* const own : {"sip:103@192.0.2.10:5060", "sip:103@192.0.2.10"}) {
    auto copy = register_text(
      at, test_bench::authorize(challenge, "103", "REGISTER", "sip:pbx.test", "pw103"), 2);
    copy.replace(copy.find(phone), phone.size(), own);
    at.arrives(copy);
    at.next_response(403);
  }
  CHECK(at.registered.empty());
}

TEST_CASE("a call that comes back to us ends at once", "[shard][invite]") {
  test_bench at;
  const auto leg = at.lent->fresh_leg(0);
  place_call c;
  c.leg = leg;
  c.owner = at.owner;
  c.tenant = tenant_name{"demo"};
  c.extension = number{"103"};
  c.from.extension = number{"106"};
  c.to.uri = "sip:103@192.0.2.103:5060";
  c.to.via = test_bench::phone();
  c.offer = our_session();
  at.tell(c);
  at.next_request(method::invite);
  const auto mirrored = at.last.text;
  at.arrives(mirrored);
  at.next_response(482);
  at.next_request(method::ack);
  const auto refused = at.hears<leg_refused>();
  CHECK(refused.leg == leg);
  CHECK(status_of(refused.why) == 480);
  CHECK(at.shard->counts().legs == 0);
  CHECK(at.silent());
}

TEST_CASE("another tenant's domain takes its own credentials only", "[shard][tenants]") {
  test_bench at;
  auto list = std::make_shared<tenant_list>(*demo_tenants());
  auto other = std::make_shared<tenant>(*list->fallback);
  other->name = tenant_name{"other"};
  other->domain = "other.test";
  other->is_default = false;
  list->add(other);
  at.lent->tenants->replace(list);
  phone_side james{at};
  james.target = "sip:102@pbx.test";
  at.arrives(james.request("INVITE", {}, sdp()));
  at.next_response(401);
  const auto challenge = at.last.text;
  james.target = "sip:102@other.test";
  at.arrives(james.request(
    "INVITE", test_bench::authorize(challenge, "103", "INVITE", james.target, "pw103"), sdp()));
  at.next_response(401);
  CHECK(at.last.text.find("realm=\"other.test\"") != std::string::npos);
  CHECK(at.hears_nothing());
  // A name that is nobody's domain is answered for the tenant of the credentials.
  james.target = "sip:102@192.0.2.10";
  at.arrives(james.request(
    "INVITE", test_bench::authorize(challenge, "103", "INVITE", james.target, "pw103"), sdp()));
  at.next_response(100);
  CHECK(at.hears<incoming_call>().tenant == tenant_name{"demo"});
}
