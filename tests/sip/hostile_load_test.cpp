#include "tests/sip/shard_bench.hpp"

#include <array>
#include <random>

/// Strangers at full speed against two shards, one of which is slow: what waits in its mailbox,
/// what is answered and what is kept stay bounded, and honest phones are served all the while.

using namespace parkway;
using namespace parkway::sip;
using namespace parkway::sip::bench;

namespace {

constexpr std::uint32_t rate = 50;

/// Shard 1, beside the bench's shard 0.
struct neighbour {
  test_bench& at;
  fake_wire wire;
  std::unique_ptr<sip::shard> shard;
  caf::actor face;

  explicit neighbour(test_bench& bench) : at(bench) {
    shard_options options;
    options.index = 1;
    options.count = 2;
    options.random_seed = 43;
    options.nonce_key.fill(7);
    shard = std::make_unique<sip::shard>(options, wire, at.lent, at.owner, at.now);
    face = spawn_actor<shard_actor>(at.system, shard.get());
    at.lent->shards[1] = face;
    at.run();
  }
  ~neighbour() {
    at.lent->shards[1] = at.owner;
    caf::anon_send_exit(face, caf::exit_reason::kill);
    at.run();
  }
  neighbour(const neighbour&) = delete;
  neighbour& operator=(const neighbour&) = delete;

  /// A call of 103 that is up on this shard; gives our tag and the branch of a request of ours.
  std::array<std::string, 2> has_a_call() {
    place_call c = phone_side::from_alice();
    c.leg = at.lent->fresh_leg(1);
    c.owner = at.owner;
    c.tenant = tenant_name{"demo"};
    c.extension = number{"103"};
    c.to.uri = "sip:103@192.0.2.103:5060";
    c.to.via = test_bench::phone();
    c.to.via.shard = 1;
    shard->command(c, at.now);
    at.run();
    const auto invite = message::parse(wire.out.front().text);
    REQUIRE(invite);
    leg = c.leg;
    phone.emplace(phone_side{at});
    const auto answer = phone->response(*invite, 200, {}, sdp());
    shard->on_message(test_bench::phone(), answer, at.now);
    at.run();
    at.heard.clear();
    wire.out.clear();
    return {std::string{invite->from_tag()}, std::string{invite->top_via().branch}};
  }

  leg_id leg{};
  std::optional<phone_side> phone;
};

/// What a stranger makes up, and what he has seen.
struct attacker {
  test_bench& at;
  std::string seen_tag, seen_branch;
  std::mt19937 dice{7};
  int sent = 0;

  std::string one_of(std::initializer_list<std::string> words) {
    return *(words.begin() + dice() % words.size());
  }
  std::string next() {
    const auto number = std::to_string(++sent);
    const auto branch =
      one_of({"z9hG4bKx" + number, "z9hG4bK00010123456789abcdef01234567", seen_branch});
    const auto tag = one_of({"", ";tag=00001-12345678", ";tag=00011-12345678" + number,
                             ";tag=00010-0123456789abcdef", ";tag=" + seen_tag, ";tag=" + seen_tag,
                             ";tag=" + seen_tag + "0"});
    const auto method = one_of({"INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS", "INFO",
                                "SUBSCRIBE", "REFER", "NOTIFY", "PRACK", "UPDATE", "X"});
    const auto start = dice() % 4 == 0 ? "SIP/2.0 " + one_of({"200 OK", "180 Ringing", "486 No"})
                                       : method + " sip:103@pbx.test SIP/2.0";
    return start + "\r\nVia: SIP/2.0/UDP 198.51.100.7;rport;branch=" + branch + "\r\nMax-Forwards: "
           + one_of({"70", "700"}) + "\r\nFrom: <sip:103@pbx.test>;tag=x\r\nTo: <sip:104@pbx.test>"
           + tag + "\r\nCall-ID: c" + number + "\r\nCSeq: 1 " + method
           + "\r\nContact: <sip:103@198.51.100.7>\r\nContent-Length: 0\r\n\r\n";
  }
};

}  // namespace

TEST_CASE("strangers at full speed fill neither a mailbox nor a table", "[shard][flood]") {
  settings node;
  node.requests_per_second = rate;
  test_bench at{node, 0, 2};
  neighbour slow{at};
  const auto [tag, branch] = slow.has_a_call();
  attacker stranger{at, tag, branch};
  const auto kept = slow.shard->counts().transactions;

  constexpr int rounds = 8;
  std::size_t answered = 0;
  for (int round = 0; round < rounds; ++round) {
    // The other shard does not get to its mailbox meanwhile.
    for (int i = 0; i < 12'000; ++i) {
      at.shard->on_message(test_bench::stranger(static_cast<std::uint16_t>(1024 + i % 100)),
                           stranger.next(), at.now);
      REQUIRE(at.shard->counts().under_way <= 1000);
    }
    const auto before = slow.shard->counts().messages;
    at.run();
    CHECK(slow.shard->counts().messages - before <= 1000);
    CHECK(at.shard->counts().under_way == 0);
    for (auto* wire : {&at.wire, &slow.wire}) {
      for (const auto& sent : wire->out)
        answered += sent.text.starts_with("SIP/2.0 ");
      wire->out.clear();
    }

    // An honest phone calls, and a call that is up goes on.
    phone_side honest{.at = at, .call_id = "honest-" + std::to_string(round)};
    const auto call = honest.calls();
    at.tell(reject_call{call.leg, {fault_code::busy, 0, {}}});
    at.next_response(486);
    honest.acknowledges(honest.invite_sequence);
    slow.shard->command(send_info{slow.leg, "text/plain", "still here"}, at.now);
    REQUIRE(slow.wire.out.size() == 1);
    CHECK(slow.wire.out.front().text.starts_with("INFO "));
    slow.wire.out.clear();
    at.heard.clear();
    at.wait(1s);
    slow.shard->on_time(at.now);
    at.wire.out.clear();
    slow.wire.out.clear();
  }
  // Each shard gives each source its rate, and as much at first.
  CHECK(answered <= 2 * rate * (rounds + 1));
  CHECK(at.shard->counts().crowded_out > 0);
  CHECK(slow.shard->counts().legs == 1);
  // Our INFOs, and a BYE for each stranger that answers an INVITE he has seen the branch of.
  CHECK(slow.shard->counts().transactions <= kept + rounds + rate * rounds);
  CHECK(at.shard->counts().transactions <= 2 * rounds);
}
