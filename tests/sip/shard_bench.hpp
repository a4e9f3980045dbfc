#pragma once

/// A shard on the bench: a wire that only remembers, owners that only write down what they hear, a
/// clock that moves when told. Phones are texts.

#include "kernel/config/ha1.hpp"
#include "kernel/runtime/actor.hpp"
#include "kernel/runtime/registry.hpp"
#include "sip/auth/digest.hpp"
#include "sip/message/ids.hpp"
#include "sip/message/message.hpp"
#include "sip/sdp/sdp.hpp"
#include "sip/shard/shard.hpp"
#include "sip/shard/shard_actor.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <catch2/catch.hpp>
#include <openssl/evp.h>

#include <any>
#include <chrono>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace parkway::sip::bench {

using namespace std::chrono_literals;
using time_point = std::chrono::steady_clock::time_point;

/// Remembers what a shard sends.
struct fake_wire final : wire {
  struct sent {
    flow to;
    std::string text;
  };
  std::deque<sent> out;
  std::vector<flow> trusted;
  std::optional<flow> reopened;  ///< The connection made in place of any other.
  endpoint called_back;
  bool broken = false;  ///< Refuses everything.

  bool send(const flow& to, std::string_view message) override {
    if (broken) return false;
    out.push_back({to, std::string{message}});
    return true;
  }
  shown_address shown_to(const flow&) override { return {"192.0.2.10", 5060}; }
  void close(const flow&) override {}
  void trust(const flow& proved) override { trusted.push_back(proved); }
  std::optional<flow> reopen(const flow& known, const endpoint& contact) override {
    if (!reopened) return known;
    called_back = contact;
    return reopened;
  }
};

using notebook = std::deque<std::any>;

/// Writes down every event of a leg, and every call.
struct listener {
  static inline const char* name = "listener";
  caf::event_based_actor* const self;
  notebook* const heard;

  listener(caf::event_based_actor* actor, notebook* book) : self(actor), heard(book) {}

  template <class Event>
  auto note() {
    return [this](const Event& e) { heard->push_back(e); };
  }
  caf::behavior make_behavior() {
    return {note<incoming_call>(),    note<leg_ringing>(),           note<leg_answered>(),
            note<leg_refused>(),      note<leg_confirmed>(),         note<leg_ended>(),
            note<leg_offered>(),      note<offer_answered>(),        note<offer_refused>(),
            note<leg_info>(),         note<transfer_requested>(),    note<transfer_reported>(),
            note<register_phone>(),   note<authentication_failed>(), note<stray_message>(),
            note<outbound_message>(), note<proved_connection>(),     note<watch_asked>(),
            note<stopped>()};
  }
};

inline std::string md5(const std::string& text) {
  unsigned char bytes[16];
  EVP_Digest(text.data(), text.size(), bytes, nullptr, EVP_md5(), nullptr);
  std::string hex;
  for (const auto b : bytes) {
    hex += "0123456789abcdef"[b >> 4];
    hex += "0123456789abcdef"[b & 15];
  }
  return hex;
}

inline std::string between(const std::string& text, const std::string& from, char to) {
  const auto begin = text.find(from);
  REQUIRE(begin != std::string::npos);
  return text.substr(begin + from.size(), text.find(to, begin + from.size()) - begin - from.size());
}

inline std::string sdp(const std::string& direction = "sendrecv", int port = 4000,
                       int version = 1) {
  return "v=0\r\no=- 7 " + std::to_string(version) + " IN IP4 192.0.2.103\r\ns=-\r\n"
         "c=IN IP4 192.0.2.103\r\nt=0 0\r\nm=audio " + std::to_string(port)
         + " RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=" + direction + "\r\n";
}

inline session_ptr our_session(std::uint16_t port = 20000) {
  auto session = std::make_shared<session_description>();
  auto& stream = session->streams.emplace_back();
  stream.port = port;
  stream.codecs.push_back({0, "PCMU", 8000, 1, {}});
  return session;
}

/// One tenant "demo" with domain pbx.test and extensions 101 … 105, password "pw" + number.
inline std::shared_ptr<const tenant_list> demo_tenants() {
  auto demo = std::make_shared<tenant>();
  demo->name = tenant_name{"demo"};
  demo->domain = "pbx.test";
  demo->is_default = true;
  for (const std::string n : {"101", "102", "103", "104", "105"})
    demo->extensions[number{n}] = {number{n}, "Name " + n, ha1_maker{}(n, "pbx.test", "pw" + n)};
  auto list = std::make_shared<tenant_list>();
  list->add(demo);
  return list;
}

/// The whole bench.
struct test_bench {
  struct config : caf::actor_system_config {
    config() {
      set("scheduler.policy", caf::atom("testing"));
      set("logger.inline-output", true);
    }
  };

  config cfg;
  caf::actor_system system{cfg};
  caf::scheduler::test_coordinator& jobs =
    dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  time_point now;
  fake_wire wire;
  notebook heard;       ///< What the owner and the switchboard hear.
  notebook registered;  ///< What extensions hear.
  caf::actor owner, extension, face;
  std::shared_ptr<node_context> lent = std::make_shared<node_context>();
  std::unique_ptr<sip::shard> shard;
  int branches = 0;

  explicit test_bench(settings node = {}, std::uint16_t index = 0, std::uint16_t count = 1) {
    jobs.clock().current_time += 1h;
    now = jobs.clock().now();
    node.exempt.push_back({*ip_address::parse("192.0.2.0"), 24});
    lent->system = &system;
    lent->node = std::make_shared<const settings>(std::move(node));
    lent->tenants = std::make_shared<tenant_book>();
    lent->tenants->replace(demo_tenants());
    lent->actors = std::make_shared<registry>();
    owner = spawn_actor<listener>(system, &heard);
    extension = spawn_actor<listener>(system, &registered);
    lent->actors->spawn_with(registry_kind::extension,
                             [this](const tenant_name&, const std::string&) { return extension; });
    shard_options options;
    options.index = index;
    options.count = count;
    options.random_seed = 42;
    options.nonce_key.fill(7);
    shard = std::make_unique<sip::shard>(options, wire, lent, owner, now);
    face = spawn_actor<shard_actor>(system, shard.get());
    lent->shards.assign(count, owner);
    lent->shards[index] = face;
    run();
  }
  ~test_bench() {
    lent->actors->clear();
    for (auto* a : {&owner, &extension, &face})
      caf::anon_send_exit(*a, caf::exit_reason::kill);
    run();
    jobs.clock().cancel_all();
  }
  test_bench(const test_bench&) = delete;
  test_bench& operator=(const test_bench&) = delete;

  void run() {
    while (jobs.try_run_once()) {
    }
  }
  /// Moves the clock, stopping at each timer of the shard.
  void wait(std::chrono::steady_clock::duration span) {
    const auto end = now + span;
    for (auto next = shard->next_timer(); next && *next <= end; next = shard->next_timer()) {
      now = std::max(now, *next);
      shard->on_time(now);
      run();
    }
    now = end;
  }
  template <class Command>
  void tell(const Command& c) {
    shard->command(c, now);
    run();
  }
  void arrives(const std::string& text, const flow& from) {
    shard->on_message(from, text, now);
    run();
  }
  void arrives(const std::string& text) { arrives(text, phone()); }

  /// Makes tags and branches as another shard of the process would.
  static id_source words_of(std::uint16_t index) {
    digest_guard::secret_key key;
    key.fill(7);
    return {index, 99, derived_seed(key, "words")};
  }
  /// Somebody whose network is not exempt.
  static flow stranger(std::uint16_t port = 5060) {
    flow via;
    via.remote = {*ip_address::parse("198.51.100.7"), port};
    return via;
  }
  static flow phone(int last_byte = 103, std::uint16_t port = 5060) {
    flow via;
    via.remote = {*ip_address::parse("192.0.2." + std::to_string(last_byte)), port};
    return via;
  }

  // --- what went out ---
  /// The next message on the wire.
  message next() {
    REQUIRE_FALSE(wire.out.empty());
    last = wire.out.front();
    wire.out.pop_front();
    INFO(last.text);
    auto parsed = message::parse(last.text);
    REQUIRE(parsed);
    return *std::move(parsed);
  }
  /// The next message, which is a response of this status.
  message next_response(int status) {
    auto m = next();
    INFO(last.text);
    REQUIRE_FALSE(m.is_request());
    REQUIRE(m.status() == status);
    return m;
  }
  /// The next message, which is this request.
  message next_request(method what) {
    auto m = next();
    INFO(last.text);
    REQUIRE(m.is_request());
    REQUIRE(method_name(m.method()) == method_name(what));
    return m;
  }
  bool silent() {
    if (!wire.out.empty()) UNSCOPED_INFO(wire.out.front().text);
    return wire.out.empty();
  }

  // --- what was heard ---
  template <class Event>
  Event hears() {
    REQUIRE_FALSE(heard.empty());
    auto* event = std::any_cast<Event>(&heard.front());
    INFO("heard " << heard.front().type().name());
    REQUIRE(event);
    auto taken = std::move(*event);
    heard.pop_front();
    return taken;
  }
  bool hears_nothing() const { return heard.empty(); }

  std::string branch() { return "z9hG4bKphone" + std::to_string(++branches); }

  /// The Authorization line that answers a challenge; each counts one further.
  static std::string authorize(const std::string& challenge, const std::string& user,
                               const std::string& method, const std::string& uri,
                               const std::string& password) {
    static int counted = 0;
    char count[9];
    std::snprintf(count, sizeof count, "%08x", ++counted);
    const auto nonce = between(challenge, "nonce=\"", '"');
    const auto realm = between(challenge, "realm=\"", '"');
    const auto response = md5(md5(user + ":" + realm + ":" + password) + ":" + nonce + ":" + count
                              + ":c:auth:" + md5(method + ":" + uri));
    return "Authorization: Digest username=\"" + user + "\", realm=\"" + realm + "\", nonce=\""
           + nonce + "\", uri=\"" + uri + "\", response=\"" + response
           + "\", algorithm=MD5, cnonce=\"c\", nc=" + count + ", qop=auth\r\n";
  }

  fake_wire::sent last;  ///< What next() returned, as it went out.
};

/// One side of a dialog as a phone keeps it.
struct phone_side {
  test_bench& at;
  flow via = test_bench::phone();
  std::string user = "103";
  std::string contact = "<sip:103@192.0.2.103:5060>";
  std::string call_id = "call-1";
  std::string own = "<sip:103@pbx.test>;tag=phone";  ///< Our From or To, with tag.
  std::string peer = "<sip:104@pbx.test>";           ///< Parkway's, with tag once known.
  std::string target = "sip:104@pbx.test";
  std::uint32_t sequence = 0;

  std::string request(const std::string& method, const std::string& lines = {},
                      const std::string& body = {}, std::string branch = {},
                      std::uint32_t cseq = 0) {
    if (branch.empty()) branch = at.branch();
    last_branch = branch;
    if (cseq == 0) cseq = ++sequence;
    std::string text = method + " " + target
                       + " SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.103:5060;branch=" + branch
                       + ";rport\r\nMax-Forwards: 70\r\nFrom: " + own + "\r\nTo: " + peer
                       + "\r\nCall-ID: " + call_id + "\r\nCSeq: " + std::to_string(cseq) + " "
                       + method + "\r\nContact: " + contact + "\r\n" + lines;
    if (!body.empty()) text += "Content-Type: application/sdp\r\n";
    return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  void sends(const std::string& method, const std::string& lines = {},
             const std::string& body = {}) {
    at.arrives(request(method, lines, body), via);
  }
  /// Answers a request of Parkway's.
  std::string response(const message& to, int status, const std::string& lines = {},
                       const std::string& body = {}, std::string tag = "phone") {
    std::string text = "SIP/2.0 " + std::to_string(status) + " X\r\n";
    for (const auto v : to.vias())
      text += "Via: " + std::string{v} + "\r\n";
    text += "From: " + std::string{to.from_text()} + "\r\nTo: " + std::string{to.to_text()}
            + (to.to_tag().empty() && status != 100 ? ";tag=" + tag : "") + "\r\nCall-ID: "
            + std::string{to.call_id()} + "\r\nCSeq: " + std::string{*to.header("CSeq")}
            + "\r\nContact: " + contact + "\r\n" + lines;
    if (!body.empty()) text += "Content-Type: application/sdp\r\n";
    return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  void answers(const message& to, int status, const std::string& lines = {},
               const std::string& body = {}, const std::string& tag = "phone") {
    at.arrives(response(to, status, lines, body, tag), via);
  }
  /// The ACK of the INVITE with this CSeq.
  void acknowledges(std::uint32_t cseq, const std::string& body = {}) {
    at.arrives(request("ACK", {}, body, {}, cseq), via);
  }

  /// An INVITE up to its announcement, challenge and all.
  incoming_call calls(const std::string& lines = {}, const std::string& body = sdp()) {
    at.arrives(request("INVITE", lines, body), via);
    at.next_response(401);
    const auto challenge = at.last.text;
    acknowledges(sequence);
    const auto credentials = test_bench::authorize(challenge, user, "INVITE", target, "pw" + user);
    invite = request("INVITE", lines + credentials, body);
    invite_branch = last_branch;
    invite_sequence = sequence;
    at.arrives(invite, via);
    at.next_response(100);
    return at.hears<incoming_call>();
  }
  /// A call that is answered and acknowledged; gives its leg.
  leg_id talks(const std::string& lines = {}) {
    const auto call = calls(lines);
    at.tell(answer_call{call.leg, our_session(), {}});
    learns(at.next_response(200));
    acknowledges(invite_sequence);
    at.hears<leg_confirmed>();
    return call.leg;
  }
  /// Takes tag and target from Parkway's answer to our INVITE.
  void learns(const message& response) {
    peer = response.to_text();
    target = response.contacts()->front().address_text;
  }
  /// A call from Alice, 101, with a session offered.
  static place_call from_alice() {
    place_call c;
    c.from = {"Alice", number{"101"}, false};
    c.offer = our_session();
    return c;
  }
  /// Parkway calls us: gives its INVITE.
  message rings(place_call c = from_alice()) {
    c.leg = at.lent->fresh_leg(0);
    leg = c.leg;
    c.owner = at.owner;
    c.tenant = tenant_name{"demo"};
    c.extension = number{"103"};
    c.to.uri = "sip:103@192.0.2.103:5060";
    c.to.via = via;
    at.tell(c);
    return at.next_request(method::invite);
  }
  /// Answers Parkway's INVITE and takes the dialog from it.
  void picks_up(const message& ours, const std::string& lines = {},
                const std::string& body = sdp()) {
    answers(ours, 200, lines, body);
    call_id = ours.call_id();
    own = std::string{ours.to_text()} + ";tag=phone";
    peer = ours.from_text();
    target = ours.contacts()->front().address_text;
    sequence = 100;
  }
  /// A call from Parkway that is answered, acknowledged and adopted.
  leg_id is_called(const std::string& lines = {}) {
    const auto ours = rings();
    picks_up(ours, lines);
    at.next_request(method::ack);
    at.hears<leg_answered>();
    at.tell(adopt{leg, at.owner});
    return leg;
  }

  std::string last_branch{}, invite{}, invite_branch{};
  std::uint32_t invite_sequence = 0;
  leg_id leg{};
};

}  // namespace parkway::sip::bench
