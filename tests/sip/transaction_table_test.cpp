#include "sip/transaction/transaction_table.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace parkway;
using namespace parkway::sip;
using namespace std::chrono_literals;

namespace {

using time_point = transaction_table::time_point;
using outcome = transaction_table::outcome;

const time_point zero = time_point{} + 1000h;
const flow phone{0, transport_kind::udp, 0, 0, {*ip_address::parse("192.0.2.7"), 5062}};
const flow tcp_phone{0, transport_kind::tcp, 1, 42, {*ip_address::parse("192.0.2.8"), 40000}};

const std::string invite =
  "INVITE sip:104@192.0.2.7:5062 SIP/2.0\r\n"
  "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKours;rport\r\n"
  "Route: <sip:edge.example;lr>\r\nMax-Forwards: 70\r\n"
  "From: \"James\" <sip:103@pbx.test>;tag=a1\r\nTo: <sip:104@pbx.test>\r\nCall-ID: c1\r\n"
  "CSeq: 7 INVITE\r\nContact: <sip:192.0.2.10>\r\nRoute: <sip:core.example;lr>\r\n"
  "Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n";

/// A table with everything it sent and said written down, with the time since zero in ms.
struct desk final : transaction_user {
  transaction_table table;
  time_point now = zero;
  std::vector<std::string> log;
  bool broken = false;

  explicit desk(std::size_t live_max = 1000) : table({live_max, 99}, *this, zero) {}

  bool send(const flow&, std::string_view bytes) override {
    write("send " + std::string(bytes.substr(0, bytes.find("\r\n"))));
    return !broken;
  }
  void on_timeout(transaction_id id, std::uint64_t cookie) override {
    CHECK_FALSE(table.state(id));
    write("timeout " + std::to_string(cookie));
  }
  void on_transport_error(transaction_id, std::uint64_t cookie) override {
    write("error " + std::to_string(cookie));
  }
  void write(const std::string& what) {
    log.push_back(std::to_string((now - zero) / 1ms) + " " + what);
  }
  /// Runs the timers up to `until`, as a loop would.
  void run(time_point until) {
    while (const auto next = table.next_timer()) {
      if (*next > until) break;
      now = std::max(now, *next);
      table.on_time(now);
    }
    now = until;
  }
  std::vector<std::string> said() { return std::exchange(log, {}); }
};

request_key key(std::string_view method, std::string_view branch = "z9hG4bK1") {
  return {method, branch, "192.0.2.7", 5062, "sip:104@pbx.test", "call", "tag", 5};
}

using lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a request that is repeated is answered from the table alone", "[transactions]") {
  desk d;
  CHECK(d.table.receive(key("OPTIONS"), d.now).what == outcome::fresh);
  const auto id = d.table.open_server(key("OPTIONS"), phone, 17, d.now);
  REQUIRE(id);
  CHECK(d.table.receive(key("OPTIONS"), d.now).what == outcome::absorbed);
  CHECK(d.said().empty());  // Nothing to answer with yet.
  CHECK(d.table.respond(*id, 200, "200", d.now));
  CHECK_FALSE(d.table.respond(*id, 500, "500", d.now));
  d.run(zero + 31s);
  const auto again = d.table.receive(key("OPTIONS"), d.now);
  CHECK(again.what == outcome::absorbed);
  CHECK(again.id == *id);
  CHECK(again.cookie == 17);
  CHECK(d.said() == lines{"0 send 200", "31000 send 200"});
  d.run(zero + 32s);
  CHECK(d.table.receive(key("OPTIONS"), d.now).what == outcome::fresh);
  CHECK(d.table.live() == 0);
}

TEST_CASE("the same request cannot be opened twice", "[transactions]") {
  desk d;
  REQUIRE(d.table.open_server(key("INVITE"), phone, 1, d.now));
  CHECK_FALSE(d.table.open_server(key("INVITE"), phone, 2, d.now));
  CHECK(d.table.live() == 1);
}

TEST_CASE("an INVITE refused is repeated until its ACK comes", "[transactions]") {
  desk d;
  const auto id = d.table.open_server(key("INVITE"), phone, 1, d.now);
  d.table.respond(*id, 100, "100", d.now);
  d.table.respond(*id, 486, "486", d.now);
  d.run(zero + 4s);
  CHECK(d.said()
        == lines{"0 send 100", "0 send 486", "500 send 486", "1500 send 486", "3500 send 486"});
  CHECK(d.table.receive(key("ACK"), d.now).what == outcome::absorbed);
  CHECK(d.table.state(*id) == transaction_state::confirmed);
  CHECK(d.table.receive(key("INVITE"), d.now).what == outcome::absorbed);
  d.run(zero + 9s);
  CHECK(d.said().empty());
  CHECK_FALSE(d.table.state(*id));
}

TEST_CASE("an INVITE refused whose ACK never comes is reported", "[transactions]") {
  desk d;
  const auto id = d.table.open_server(key("INVITE"), phone, 5, d.now);
  d.table.respond(*id, 404, "404", d.now);
  d.run(zero + 40s);
  const auto said = d.said();
  CHECK(said.size() == 12);  // At 0, 0.5, 1.5, 3.5, 7.5 … 31.5 s; then the report.
  CHECK(said.back() == "32000 timeout 5");
}

TEST_CASE("a 2xx to INVITE leaves repetitions to the dialog and swallows the INVITE's",
          "[transactions]") {
  desk d;
  const auto id = d.table.open_server(key("INVITE"), phone, 5, d.now);
  CHECK(d.table.respond(*id, 200, "200", d.now));
  d.run(zero + 500ms);
  CHECK(d.table.receive(key("INVITE"), d.now).what == outcome::absorbed);
  CHECK(d.table.respond(*id, 200, "200", d.now));
  CHECK_FALSE(d.table.respond(*id, 486, "486", d.now));
  CHECK(d.said() == lines{"0 send 200", "500 send 200"});
  CHECK(d.table.receive(key("ACK", "z9hG4bKother"), d.now).what == outcome::fresh);
  CHECK(d.table.receive(key("ACK"), d.now).what == outcome::deliver);
  d.run(zero + 33s);
  CHECK(d.said().empty());
  CHECK(d.table.live() == 0);
}

TEST_CASE("a CANCEL has a transaction of its own and finds its INVITE", "[transactions]") {
  desk d;
  CHECK_FALSE(d.table.invite_of(key("CANCEL")));
  const auto id = d.table.open_server(key("INVITE"), phone, 5, d.now);
  CHECK(d.table.receive(key("CANCEL"), d.now).what == outcome::fresh);
  const auto found = d.table.invite_of(key("CANCEL"));
  REQUIRE(found);
  CHECK(found->id == *id);
  CHECK(found->cookie == 5);
  CHECK(d.table.open_server(key("CANCEL"), phone, 6, d.now));
  CHECK_FALSE(d.table.invite_of(key("CANCEL", "z9hG4bK2")));
}

TEST_CASE("requests are told apart by branch, sent-by and method (RFC 3261 17.2.3)",
          "[transactions]") {
  desk d;
  d.table.open_server(key("BYE"), phone, 1, d.now);
  auto other = key("BYE");
  CHECK(d.table.receive(other, d.now).what == outcome::absorbed);
  other.sent_by_host = "192.0.2.99";
  CHECK(d.table.receive(other, d.now).what == outcome::fresh);
  other = key("BYE");
  other.sent_by_port = 0;
  CHECK(d.table.receive(other, d.now).what == outcome::fresh);
  CHECK(d.table.receive(key("BYE", "z9hG4bK12"), d.now).what == outcome::fresh);
  CHECK(d.table.receive(key("INFO"), d.now).what == outcome::fresh);
  other = key("BYE");
  other.call_id = "another";  // Not looked at: the branch is unique.
  CHECK(d.table.receive(other, d.now).what == outcome::absorbed);
}

TEST_CASE("hosts in sent-by are compared without regard to case", "[transactions]") {
  desk d;
  auto k = key("BYE");
  k.sent_by_host = "Phone.Example";
  d.table.open_server(k, phone, 1, d.now);
  k.sent_by_host = "phone.eXample";
  CHECK(d.table.receive(k, d.now).what == outcome::absorbed);
}

TEST_CASE("a peer without magic cookie is matched as RFC 2543 had it", "[transactions]") {
  const std::string branch = GENERATE("", "1", "z9hG4bK");
  desk d;
  const auto id = d.table.open_server(key("INVITE", branch), phone, 1, d.now);
  d.table.respond(*id, 486, "486", d.now);
  auto other = key("INVITE", branch);
  CHECK(d.table.receive(other, d.now).what == outcome::absorbed);
  other.cseq = 6;
  CHECK(d.table.receive(other, d.now).what == outcome::fresh);
  other = key("INVITE", branch);
  other.from_tag = "x";
  CHECK(d.table.receive(other, d.now).what == outcome::fresh);
  other = key("INVITE", branch);
  other.call_id = "x";
  CHECK(d.table.receive(other, d.now).what == outcome::fresh);
  other = key("INVITE", branch);
  other.request_uri = "sip:x";
  CHECK(d.table.receive(other, d.now).what == outcome::fresh);
  CHECK(d.table.receive(key("ACK", branch), d.now).what == outcome::absorbed);
  CHECK(d.table.state(*id) == transaction_state::confirmed);
}

TEST_CASE("a request is repeated until answered; the answer is delivered once", "[transactions]") {
  desk d;
  const auto id = d.table.open_client("z9hG4bKn", "NOTIFY", phone, "NOTIFY", 3, d.now);
  REQUIRE(id);
  d.run(zero + 2s);
  CHECK(d.said() == lines{"0 send NOTIFY", "500 send NOTIFY", "1500 send NOTIFY"});
  const auto answer = d.table.receive("z9hG4bKn", "NOTIFY", 200, "<sip:x>;tag=b", d.now);
  CHECK(answer.what == outcome::deliver);
  CHECK(answer.id == *id);
  CHECK(answer.cookie == 3);
  CHECK(d.table.receive("z9hG4bKn", "NOTIFY", 200, "", d.now).what == outcome::absorbed);
  CHECK(d.table.receive("z9hG4bKn", "OPTIONS", 200, "", d.now).what == outcome::fresh);
  CHECK(d.table.receive("z9hG4bKm", "NOTIFY", 200, "", d.now).what == outcome::fresh);
  d.run(zero + 7s);
  CHECK(d.said().empty());
  CHECK(d.table.live() == 0);
}

TEST_CASE("a request nobody answers is reported after 64 T1", "[transactions]") {
  const auto [method, sent] =
    GENERATE(table<std::string, std::size_t>({{"INVITE", 7}, {"BYE", 11}}));
  desk d;
  d.table.open_client("z9hG4bKn", method, phone, method, 3, d.now);
  d.run(zero + 40s);
  const auto said = d.said();
  CHECK(said.size() == sent + 1);
  CHECK(said.back() == "32000 timeout 3");
}

TEST_CASE("a refusal is ACKed in the INVITE's own transaction, as often as it comes",
          "[transactions]") {
  struct : transaction_user {
    std::vector<std::string> sent;
    bool send(const flow&, std::string_view bytes) override {
      sent.emplace_back(bytes);
      return true;
    }
    void on_timeout(transaction_id, std::uint64_t) override {}
    void on_transport_error(transaction_id, std::uint64_t) override {}
  } user;
  transaction_table table{{}, user, zero};
  table.open_client("z9hG4bKours", "INVITE", phone, invite, 3, zero);
  CHECK(table.receive("z9hG4bKours", "INVITE", 486, "<sip:104@pbx.test>;tag=b2", zero).what
        == outcome::deliver);
  CHECK(table.receive("z9hG4bKours", "INVITE", 486, "<sip:104@pbx.test>;tag=b2", zero).what
        == outcome::absorbed);
  REQUIRE(user.sent.size() == 3);
  CHECK(user.sent[1]
        == "ACK sip:104@192.0.2.7:5062 SIP/2.0\r\n"
           "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKours;rport\r\n"
           "Route: <sip:edge.example;lr>\r\n"
           "From: \"James\" <sip:103@pbx.test>;tag=a1\r\nTo: <sip:104@pbx.test>;tag=b2\r\n"
           "Call-ID: c1\r\nCSeq: 7 ACK\r\nRoute: <sip:core.example;lr>\r\nMax-Forwards: 70\r\n"
           "Content-Length: 0\r\n\r\n");
  CHECK(user.sent[2] == user.sent[1]);
}

TEST_CASE("an INVITE is cancelled once a provisional response has come", "[transactions]") {
  desk d;
  const auto id = d.table.open_client("z9hG4bKours", "INVITE", phone, invite, 3, d.now);
  CHECK_FALSE(d.table.cancel(*id, "", 4, d.now));
  d.table.receive("z9hG4bKours", "INVITE", 180, "", d.now);
  CHECK(d.table.cancel(*id, "Reason: SIP;cause=200\r\n", 4, d.now));
  CHECK_FALSE(d.table.cancel(*id, "", 4, d.now));
  const auto answer = d.table.receive("z9hG4bKours", "CANCEL", 200, "", d.now);
  CHECK(answer.what == outcome::deliver);
  CHECK(answer.cookie == 4);
  CHECK(d.table.receive("z9hG4bKours", "INVITE", 487, "<sip:x>;tag=b", d.now).what
        == outcome::deliver);
  CHECK(d.said()
        == lines{"0 send INVITE sip:104@192.0.2.7:5062 SIP/2.0",
                 "0 send CANCEL sip:104@192.0.2.7:5062 SIP/2.0",
                 "0 send ACK sip:104@192.0.2.7:5062 SIP/2.0"});
  CHECK(write_cancel(invite, "Reason: SIP;cause=200\r\n")
        == "CANCEL sip:104@192.0.2.7:5062 SIP/2.0\r\n"
           "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKours;rport\r\n"
           "Route: <sip:edge.example;lr>\r\n"
           "From: \"James\" <sip:103@pbx.test>;tag=a1\r\nTo: <sip:104@pbx.test>\r\n"
           "Call-ID: c1\r\nCSeq: 7 CANCEL\r\nRoute: <sip:core.example;lr>\r\nMax-Forwards: 70\r\n"
           "Reason: SIP;cause=200\r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("every 2xx to an INVITE is delivered, of whichever fork", "[transactions]") {
  desk d;
  d.table.open_client("z9hG4bKours", "INVITE", phone, invite, 3, d.now);
  for (int i = 0; i < 3; ++i)
    CHECK(d.table.receive("z9hG4bKours", "INVITE", 200, "", d.now).what == outcome::deliver);
  CHECK(d.table.receive("z9hG4bKours", "INVITE", 486, "", d.now).what == outcome::absorbed);
  d.run(zero + 32s);
  CHECK(d.table.live() == 0);
}

TEST_CASE("what cannot be sent is reported from on_time, not from within", "[transactions]") {
  desk d;
  d.broken = true;
  const auto id = d.table.open_client("z9hG4bKn", "BYE", tcp_phone, "BYE", 3, d.now);
  REQUIRE(id);
  CHECK(d.said() == lines{"0 send BYE"});
  REQUIRE(d.table.next_timer());
  CHECK(*d.table.next_timer() <= d.now);
  d.table.on_time(d.now);
  CHECK(d.said() == lines{"0 error 3"});
  CHECK(d.table.live() == 0);
  CHECK_FALSE(d.table.next_timer());
}

TEST_CASE("over TCP nothing is repeated and little is kept", "[transactions]") {
  desk d;
  const auto server = d.table.open_server(key("BYE"), tcp_phone, 1, d.now);
  d.table.respond(*server, 200, "200", d.now);
  CHECK_FALSE(d.table.state(*server));
  d.table.open_client("z9hG4bKn", "BYE", tcp_phone, "BYE", 3, d.now);
  d.run(zero + 31s);
  CHECK(d.said() == lines{"0 send 200", "0 send BYE"});
  CHECK(d.table.receive("z9hG4bKn", "BYE", 200, "", d.now).what == outcome::deliver);
  CHECK(d.table.live() == 0);
}

TEST_CASE("beyond its bound the table opens nothing, and goes on when there is room",
          "[transactions]") {
  desk d{2};
  const auto first = d.table.open_server(key("BYE", "z9hG4bK1"), phone, 1, d.now);
  d.table.open_client("z9hG4bK2", "BYE", phone, "BYE", 1, d.now);
  CHECK(d.table.full());
  CHECK_FALSE(d.table.open_server(key("BYE", "z9hG4bK3"), phone, 1, d.now));
  CHECK_FALSE(d.table.open_client("z9hG4bK3", "BYE", phone, "BYE", 1, d.now));
  d.table.forget(*first);
  CHECK(d.table.open_server(key("BYE", "z9hG4bK3"), phone, 1, d.now));
}

TEST_CASE("a stale id finds nothing, even where its place is taken again", "[transactions]") {
  desk d;
  const auto old = d.table.open_server(key("BYE", "z9hG4bK1"), phone, 1, d.now);
  CHECK(*d.table.flow_of(*old) == phone);
  d.table.forget(*old);
  const auto fresh = d.table.open_server(key("BYE", "z9hG4bK2"), phone, 2, d.now);
  CHECK(fresh->index == old->index);
  CHECK_FALSE(d.table.respond(*old, 200, "200", d.now));
  CHECK_FALSE(d.table.state(*old));
  CHECK(d.table.flow_of(*old) == nullptr);
  d.table.forget(*old);
  d.table.set_cookie(*old, 9);
  CHECK(d.table.receive(key("BYE", "z9hG4bK2"), d.now).cookie == 2);
  d.table.set_cookie(*fresh, 9);
  CHECK(d.table.receive(key("BYE", "z9hG4bK2"), d.now).cookie == 9);
}

TEST_CASE("thousands of transactions come and go and leave nothing behind", "[transactions]") {
  desk d{20'000};
  std::vector<std::string> branches;
  for (int i = 0; i < 20'000; ++i)
    branches.push_back("z9hG4bK" + std::to_string(i));
  for (int round = 0; round < 3; ++round) {
    for (const auto& b : branches) {
      const auto id = d.table.open_server(key("BYE", b), phone, 1, d.now);
      REQUIRE(id);
      d.table.respond(*id, 200, "200", d.now);
    }
    for (const auto& b : branches)
      REQUIRE(d.table.receive(key("BYE", b), d.now).what == outcome::absorbed);
    d.run(d.now + 33s);
    CHECK(d.table.live() == 0);
    CHECK_FALSE(d.table.next_timer());
  }
}

TEST_CASE("the table's hash is keyed: another key, another order", "[transactions]") {
  CHECK(keyed_hash{1}("branch") == keyed_hash{1}("branch"));
  CHECK(keyed_hash{1}("branch") != keyed_hash{2}("branch"));
  CHECK(keyed_hash{1}("branch") != keyed_hash{1}("branci"));
  CHECK(keyed_hash{1}(std::string_view("\0", 1)) != keyed_hash{1}(""));
}
