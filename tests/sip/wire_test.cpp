#include "sip/listeners.hpp"

#include <catch2/catch.hpp>
#include <event2/event.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace parkway;
using namespace parkway::sip;
using namespace std::chrono_literals;

namespace {

std::string options(const std::string& call_id, const std::string& body = {}) {
  return "OPTIONS sip:pbx.test SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bK1\r\n"
         "From: <sip:a@pbx.test>;tag=1\r\nTo: <sip:pbx.test>\r\nCall-ID: "
         + call_id + "\r\nCSeq: 1 OPTIONS\r\nContent-Length: " + std::to_string(body.size())
         + "\r\n\r\n" + body;
}

endpoint at(const std::string& address, std::uint16_t port) {
  return {*ip_address::parse(address), port};
}

/// A phone's socket, never blocking.
struct peer {
  descriptor socket;
  std::string inbox;  ///< TCP: all that came. UDP: the last datagram.
  bool ended = false;

  explicit peer(descriptor s) : socket(std::move(s)) {}
  static peer udp(const endpoint& to) { return connected(SOCK_DGRAM, to); }
  static peer tcp(const endpoint& to) { return connected(SOCK_STREAM, to); }
  static peer connected(int type, const endpoint& to) {
    const bool v6 = to.address.version == ip_version::v6;
    descriptor s{::socket(v6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    const socket_address address{to};
    const int failed = connect(s.get(), address.data(), address.size());
    if (failed != 0) REQUIRE(errno == EINPROGRESS);
    return peer{std::move(s)};
  }

  endpoint local() const { return local_endpoint(socket.get()); }
  /// Sends as much as the kernel takes: how much that was.
  std::size_t send(std::string_view bytes) {
    const auto sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  bool receive_datagram() {
    char room[65536];
    const auto size = recv(socket.get(), room, sizeof room, 0);
    if (size > 0) inbox.assign(room, static_cast<std::size_t>(size));
    return size > 0;
  }
  /// All that has come so far.
  std::string& read() {
    char room[65536];
    for (;;) {
      const auto size = recv(socket.get(), room, sizeof room, 0);
      if (size > 0) {
        inbox.append(room, static_cast<std::size_t>(size));
        continue;
      }
      ended = ended || size == 0 || (errno != EAGAIN && errno != ENOTCONN);
      return inbox;
    }
  }
};

/// Shards' wires on one libevent loop in this thread, and all they said.
struct house final : wire_listener {
  struct arrival {
    flow from;
    std::string bytes;
  };
  struct base_deleter {
    void operator()(event_base* b) const { event_base_free(b); }
  };

  std::unique_ptr<event_base, base_deleter> base{event_base_new()};
  listeners all;
  std::vector<arrival> arrivals;
  std::vector<flow> closed;
  std::function<void(const flow&, std::string_view)> on_arrival = [](auto&, auto) {};

  explicit house(const std::vector<listener_settings>& blocks, std::uint16_t shards = 1,
                 const stream_limits& limits = {}) {
    auto bound = bind_listeners(blocks, shards, limits);
    REQUIRE(bound);
    all = std::move(*bound);
    for (auto& wire : all.wires)
      wire->start({base.get(), this, {}});
  }
  ~house() override { all.wires.clear(); }  // Before the base.

  shard_wire& wire(std::size_t shard = 0) { return *all.wires[shard]; }
  endpoint bound(std::size_t listener = 0) const { return all.bound[listener].at; }
  void on_message(const flow& from, std::string_view bytes, time_point) override {
    arrivals.push_back({from, std::string(bytes)});
    on_arrival(from, bytes);
  }
  void on_closed(const flow& connection, time_point) override { closed.push_back(connection); }

  /// Turns the loop until something is so; false: it is not after five seconds.
  bool until(const std::function<bool()>& so) {
    const auto deadline = std::chrono::steady_clock::now() + 5s;
    const event_ptr tick{event_new(
      base.get(), -1, EV_PERSIST, [](int, short, void*) {}, nullptr)};
    const timeval often{0, 2000};
    event_add(tick.get(), &often);
    while (!so()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      event_base_loop(base.get(), EVLOOP_ONCE);
    }
    return true;
  }
  void echo() {
    on_arrival = [this](const flow& from, std::string_view bytes) {
      CHECK(wire(from.shard).send(from, bytes));
    };
  }
};

listener_settings block(transport_kind kind, const std::string& address = "127.0.0.1",
                        std::uint16_t port = 0, const std::string& advertise = {}) {
  return {kind, address, port, advertise};
}

constexpr auto udp = transport_kind::udp;
constexpr auto tcp = transport_kind::tcp;

}  // namespace

TEST_CASE("a datagram comes in with its flow, and the answer goes back the same way", "[wire]") {
  const std::string address = GENERATE("127.0.0.1", "::1", "0.0.0.0", "::");
  const std::string reached = address.find(':') == std::string::npos ? "127.0.0.1" : "::1";
  house h{{block(udp, address)}};
  h.echo();
  auto phone = peer::udp(at(reached, h.bound().port));
  phone.send("hello");
  REQUIRE(h.until([&] { return phone.receive_datagram(); }));
  CHECK(phone.inbox == "hello");
  REQUIRE(h.arrivals.size() == 1);
  CHECK(h.arrivals[0].from.remote == phone.local());
  CHECK(h.arrivals[0].from.kind == udp);
  CHECK(h.arrivals[0].from.connection == 0);
  const auto shown = h.wire().shown_to(h.arrivals[0].from);
  CHECK(shown.host == reached);
  CHECK(shown.port == h.bound().port);
}

TEST_CASE("a burst of datagrams is answered to the last, in order", "[wire]") {
  house h{{block(udp)}};
  h.echo();
  auto phone = peer::udp(h.bound());
  for (int i = 0; i < 300; ++i)
    phone.send("message " + std::to_string(i));
  int next = 0;
  REQUIRE(h.until([&] {
    while (phone.receive_datagram()) {
      CHECK(phone.inbox == "message " + std::to_string(next));
      ++next;
    }
    return next == 300;
  }));
}

TEST_CASE("what is sent outside a batch goes out in the same turn of the loop", "[wire]") {
  house h{{block(udp)}};
  auto phone = peer::udp(h.bound());
  REQUIRE(h.wire().send({0, udp, 0, 0, phone.local()}, "unasked"));
  event_base_loop(h.base.get(), EVLOOP_NONBLOCK);
  REQUIRE(h.until([&] { return phone.receive_datagram(); }));
  CHECK(phone.inbox == "unasked");
}

TEST_CASE("what cannot be a datagram is not queued", "[wire]") {
  house h{{block(udp)}};
  auto phone = peer::udp(h.bound());
  const flow to{0, udp, 0, 0, phone.local()};
  CHECK_FALSE(h.wire().send(to, std::string(65'508, 'x')));
  CHECK_FALSE(h.wire().send({0, udp, 0, 0, at("::1", 9)}, "x"));
  CHECK_FALSE(h.wire().send({0, udp, 7, 0, phone.local()}, "x"));
  // Port 0 is no destination: it is lost, and holds up nothing.
  CHECK(h.wire().send({0, udp, 0, 0, at("127.0.0.1", 0)}, "x"));
  CHECK(h.wire().send(to, std::string(65'507, 'x')));
  REQUIRE(h.until([&] { return phone.receive_datagram(); }));
  CHECK(phone.inbox.size() == 65'507);
}

TEST_CASE("a queue that nobody drains is bounded", "[wire]") {
  house h{{block(udp)}};
  auto phone = peer::udp(h.bound());
  const flow to{0, udp, 0, 0, phone.local()};
  int taken = 0;
  while (taken < 100'000 && h.wire().send(to, "x"))
    ++taken;
  CHECK(taken == 16'384);
  h.wire().flush();
  CHECK(h.wire().send(to, "x"));
}

TEST_CASE("a phone is shown what is advertised, else where it reaches us", "[wire]") {
  house h{{block(udp, "0.0.0.0", 0, "pbx.example"), block(tcp, "0.0.0.0"), block(udp)}};
  const flow some{0, udp, 0, 0, at("127.0.0.1", 9)};
  CHECK(h.wire().shown_to(some).host == "pbx.example");
  CHECK(h.wire().shown_to(some).port == h.bound(0).port);
  CHECK(h.wire().shown_to({0, tcp, 1, 0, at("127.0.0.3", 9)}).host == "127.0.0.1");
  CHECK(h.wire().shown_to({0, udp, 2, 0, at("203.0.113.1", 9)}).host == "127.0.0.1");
  auto phone = peer::tcp(at("127.0.0.77", h.bound(1).port));
  phone.send(options("c"));
  REQUIRE(h.until([&] { return !h.arrivals.empty(); }));
  CHECK(h.wire().shown_to(h.arrivals[0].from).host == "127.0.0.77");
  CHECK(h.wire().shown_to(h.arrivals[0].from).port == h.bound(1).port);
}

TEST_CASE("udp and tcp on port 0 of one address get the same number", "[wire]") {
  house h{{block(udp), block(tcp), block(tcp, "127.0.0.2"), block(tcp), block(udp)}};
  CHECK(h.bound(0).port != 0);
  CHECK(h.bound(0).port == h.bound(1).port);
  CHECK(h.bound(3).port == h.bound(4).port);
  CHECK(h.bound(3).port != h.bound(0).port);
  CHECK(h.all.bound[2].transport == tcp);
  CHECK(h.bound(2).address.text() == "127.0.0.2");
}

TEST_CASE("a port that somebody else holds is an error that says which", "[wire]") {
  const auto kind = GENERATE(udp, tcp);
  const bool shared = GENERATE(false, true);
  const auto use = shared ? port_use::shared : port_use::first;
  const auto holder =
    kind == udp ? bind_udp(at("127.0.0.1", 0), use) : listen_tcp(at("127.0.0.1", 0), use);
  REQUIRE(holder);
  const endpoint taken = local_endpoint(holder->get());
  const auto shards = GENERATE(std::uint16_t{1}, std::uint16_t{3});
  const auto bound = bind_listeners({block(kind, "127.0.0.1", taken.port)}, shards);
  REQUIRE_FALSE(bound);
  CHECK(bound.error().code == fault_code::unavailable);
  CHECK(bound.error().detail
        == (kind == udp ? "udp " : "tcp ") + taken.text()
             + ": Address already in use (EADDRINUSE)");
}

TEST_CASE("what cannot be listened on is refused", "[wire]") {
  CHECK(bind_listeners({block(udp, "nowhere")}, 1).error().code == fault_code::malformed);
  CHECK(bind_listeners({block(transport_kind::wss)}, 1).error().code == fault_code::unsupported);
  CHECK(bind_listeners({block(udp, "203.0.113.1")}, 1).error().code == fault_code::unavailable);
}

TEST_CASE("shards share each port, and each flow names its own", "[wire]") {
  const auto kind = GENERATE(udp, tcp);
  house h{{block(kind)}, 3};
  h.echo();
  std::vector<peer> phones;
  for (int i = 0; i < 60; ++i)
    phones.push_back(peer::connected(kind == udp ? SOCK_DGRAM : SOCK_STREAM, h.bound()));
  std::size_t answered = 0;
  std::vector<bool> asked(60), done(60);
  REQUIRE(h.until([&] {
    for (std::size_t i = 0; i < 60; ++i) {
      if (!asked[i]) asked[i] = phones[i].send(options("c" + std::to_string(i))) > 0;
      if (!done[i] && phones[i].read() == options("c" + std::to_string(i))) {
        done[i] = true;
        ++answered;
      }
    }
    return answered == 60;
  }));
  std::set<std::uint16_t> shards;
  for (const auto& a : h.arrivals)
    shards.insert(a.from.shard);
  CHECK(shards.size() == 3);
}

TEST_CASE("messages are cut out of a stream, however it is cut", "[wire]") {
  house h{{block(tcp)}};
  h.echo();
  auto phone = peer::tcp(h.bound());
  const std::string stream =
    options("one") + "\r\n\r\n" + options("two", "body") + options("three");
  const auto chunk = static_cast<std::size_t>(GENERATE(1, 7, 100'000));
  std::size_t sent = 0;
  const std::string expected = options("one") + "\r\n" + options("two", "body") + options("three");
  REQUIRE(h.until([&] {
    if (sent < stream.size()) sent += phone.send(stream.substr(sent, chunk));
    return phone.read().size() >= expected.size();
  }));
  CHECK(phone.inbox == expected);
  REQUIRE(h.arrivals.size() == 3);
  CHECK(h.arrivals[1].bytes == options("two", "body"));
  CHECK(h.arrivals[0].from.kind == tcp);
  CHECK(h.arrivals[0].from.connection != 0);
  CHECK(h.arrivals[0].from == h.arrivals[2].from);
}

TEST_CASE("a message too large for us is answered and its connection closed", "[wire]") {
  house h{{block(tcp)}};
  auto phone = peer::tcp(h.bound());
  auto large = options("c", std::string(70'000, 'x'));
  SECTION("in its body: 413") {
    std::size_t sent = 0;
    REQUIRE(h.until([&] {
      sent += phone.send(std::string_view(large).substr(sent));
      phone.read();
      return phone.ended;
    }));
    CHECK(phone.inbox.starts_with("SIP/2.0 413 "));
  }
  SECTION("in its headers: 513") {
    large.insert(large.find("CSeq"), "Subject: " + std::string(3000, 'x') + "\r\n");
    large.resize(large.find("\r\n\r\n") + 4);
    REQUIRE(h.until([&] {
      if (!large.empty()) large.erase(0, phone.send(large));
      phone.read();
      return phone.ended;
    }));
    CHECK(phone.inbox.starts_with("SIP/2.0 513 "));
  }
  CHECK(h.arrivals.empty());
  REQUIRE(h.until([&] { return h.closed.size() == 1; }));
  CHECK(h.closed[0].remote == phone.local());
}

TEST_CASE("the end of a connection is told once, and its flow is dead", "[wire]") {
  house h{{block(tcp)}};
  flow from;
  {
    auto phone = peer::tcp(h.bound());
    REQUIRE(h.until([&] { return phone.send(options("c")) > 0; }));
    REQUIRE(h.until([&] { return h.arrivals.size() == 1; }));
    from = h.arrivals[0].from;
  }
  REQUIRE(h.until([&] { return h.closed.size() == 1; }));
  CHECK(h.closed[0] == from);
  CHECK_FALSE(h.wire().send(from, "x"));
  h.wire().close(from);
  event_base_loop(h.base.get(), EVLOOP_NONBLOCK);
  CHECK(h.closed.size() == 1);
}

TEST_CASE("a connection we close gets all that was queued first", "[wire]") {
  house h{{block(tcp)}};
  auto phone = peer::tcp(h.bound());
  const std::string large(600'000, 'x');
  h.on_arrival = [&](const flow& from, std::string_view) {
    CHECK(h.wire().send(from, large));
    h.wire().close(from);
    CHECK_FALSE(h.wire().send(from, "more"));
    CHECK(h.closed.empty());
  };
  phone.send(options("one") + options("two"));
  REQUIRE(h.until([&] { return phone.read().size() == large.size() && phone.ended; }));
  CHECK(h.closed.size() == 1);
  CHECK(h.arrivals.size() == 1);  // Nothing is read behind it.
}

TEST_CASE("the last words before the end of the process still go out", "[wire]") {
  house h{{block(udp), block(tcp)}};
  auto by_tcp = peer::tcp(h.bound(1));
  auto by_udp = peer::udp(h.bound(0));
  REQUIRE(h.until([&] { return by_tcp.send(options("c")) > 0; }));
  REQUIRE(h.until([&] { return h.arrivals.size() == 1; }));
  CHECK(h.wire().send(h.arrivals[0].from, "goodbye"));
  CHECK(h.wire().send({0, udp, 0, 0, by_udp.local()}, "goodbye"));
  h.all.wires.clear();
  CHECK(h.until([&] { return by_tcp.read() == "goodbye" && by_tcp.ended; }));
  CHECK(h.until([&] { return by_udp.receive_datagram(); }));
}

TEST_CASE("a reader that is too slow is cut off", "[wire]") {
  stream_limits limits;
  limits.unsent_max = 100'000;
  house h{{block(tcp)}, 1, limits};
  auto phone = peer::tcp(h.bound());
  phone.send(options("c"));
  REQUIRE(h.until([&] { return h.arrivals.size() == 1; }));
  const flow to = h.arrivals[0].from;
  const std::string message(10'000, 'x');
  int sent = 0;
  while (h.wire().send(to, message))
    ++sent;
  CHECK(sent == 10);
  CHECK(h.closed.empty());  // Never from within send().
  REQUIRE(h.until([&] { return h.closed.size() == 1; }));
}

TEST_CASE("who does not authenticate in time is cut off, whatever he sends", "[wire]") {
  stream_limits limits;
  limits.stranger_time = 60ms;
  house h{{block(tcp)}, 1, limits};
  h.on_arrival = [&](const flow& from, std::string_view bytes) {
    if (bytes.find("Call-ID: known") != bytes.npos) h.wire().trust(from);
  };
  auto stranger = peer::tcp(h.bound());
  auto known = peer::tcp(h.bound());
  REQUIRE(h.until([&] { return known.send(options("known")) > 0; }));
  REQUIRE(h.until([&] {
    stranger.send("\r\n\r\n");
    stranger.read();
    return stranger.ended;
  }));
  REQUIRE(h.closed.size() == 1);
  CHECK(h.closed[0].remote == stranger.local());
  known.send(options("still here"));
  REQUIRE(h.until([&] { return h.arrivals.size() == 2; }));
}

TEST_CASE("who has authenticated may be silent for long, but not for ever", "[wire]") {
  stream_limits limits;
  limits.stranger_time = 30ms;
  limits.silence_max = 300ms;
  house h{{block(tcp)}, 1, limits};
  h.on_arrival = [&](const flow& from, std::string_view) { h.wire().trust(from); };
  auto known = peer::tcp(h.bound());
  REQUIRE(h.until([&] { return known.send(options("known")) > 0; }));
  const auto begin = std::chrono::steady_clock::now();
  REQUIRE(h.until([&] { return known.read(), known.ended; }));
  CHECK(std::chrono::steady_clock::now() - begin >= 290ms);
  CHECK(h.closed.size() == 1);
}

TEST_CASE("one source has so many connections and no more, and fewer before it authenticates",
          "[wire]") {
  stream_limits limits;
  limits.strangers_per_source_max = 2;
  limits.per_source_max = 3;
  const bool exempt = GENERATE(false, true);
  if (exempt) limits.exempt = {{*ip_address::parse("127.0.0.0"), 8}};
  house h{{block(tcp)}, 1, limits};
  h.on_arrival = [&](const flow& from, std::string_view) { h.wire().trust(from); };
  std::vector<peer> phones;
  const auto come = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      auto& phone = phones.emplace_back(peer::tcp(h.bound()));
      REQUIRE(h.until([&] {
        phone.send("\r\n\r\n");
        return !phone.read().empty() || phone.ended;
      }));
    }
    std::erase_if(phones, [](const peer& p) { return p.ended; });
    return phones.size();
  };
  if (exempt) {
    CHECK(come(4) == 4);
    return;
  }
  CHECK(come(4) == 2);
  // Those that authenticate make place for others, up to the bound on all.
  for (std::size_t i = 0; i < 2; ++i) {
    phones[i].send(options("c"));
    REQUIRE(h.until([&] { return h.arrivals.size() == i + 1; }));
  }
  CHECK(come(2) == 3);
  phones.erase(phones.begin(), phones.begin() + 2);
  REQUIRE(h.until([&] { return h.closed.size() == 2; }));
  CHECK(come(2) == 2);
}

TEST_CASE("a full house makes room at the cost of its oldest stranger", "[wire]") {
  stream_limits limits;
  limits.connections_max = 2;
  house h{{block(tcp)}, 1, limits};
  h.on_arrival = [&](const flow& from, std::string_view) { h.wire().trust(from); };
  const auto join = [&](peer& p) {
    const auto before = h.arrivals.size();
    REQUIRE(h.until([&] { return p.send(options("c")) > 0; }));
    REQUIRE(h.until([&] { return h.arrivals.size() == before + 1; }));
  };
  auto known = peer::tcp(h.bound());
  join(known);
  auto stranger = peer::tcp(h.bound());
  REQUIRE(h.until([&] { return stranger.send("\r\n\r\n"), !stranger.read().empty(); }));
  auto next = peer::tcp(h.bound());
  join(next);
  REQUIRE(h.until([&] { return stranger.read(), stranger.ended; }));
  auto refused = peer::tcp(h.bound());
  REQUIRE(h.until([&] { return refused.read(), refused.ended; }));
  known.send(options("c"));
  REQUIRE(h.until([&] { return h.arrivals.size() == 3; }));
}

TEST_CASE("a contact without a connection is called", "[wire]") {
  house h{{block(udp), block(tcp)}};
  auto phone = listen_tcp(at("127.0.0.1", 0), port_use::first);
  REQUIRE(phone);
  const auto to = h.wire().reach(tcp, local_endpoint(phone->get()));
  REQUIRE(to);
  CHECK(h.wire().reach(tcp, local_endpoint(phone->get())) == to);
  CHECK(h.wire().send(*to, options("called")));
  std::unique_ptr<peer> line;
  REQUIRE(h.until([&] {
    if (!line)
      if (const int fd = accept4(phone->get(), nullptr, nullptr, SOCK_NONBLOCK); fd >= 0)
        line = std::make_unique<peer>(descriptor{fd});
    return line && line->read() == options("called");
  }));
  line->send(options("answer"));
  REQUIRE(h.until([&] { return h.arrivals.size() == 1; }));
  CHECK(h.arrivals[0].from == *to);
  const auto by_udp = h.wire().reach(udp, at("192.0.2.1", 5060));
  REQUIRE(by_udp);
  CHECK(by_udp->listener == 0);
  CHECK_FALSE(h.wire().reach(udp, at("2001:db8::1", 5060)));
  CHECK_FALSE(h.wire().reach(transport_kind::tls, at("192.0.2.1", 5060)));
}

TEST_CASE("a connection is made anew once it has ended, and not before", "[wire]") {
  house h{{block(udp), block(tcp)}};
  auto phone = listen_tcp(at("127.0.0.1", 0), port_use::first);
  REQUIRE(phone);
  const auto contact = local_endpoint(phone->get());
  auto line = std::make_unique<peer>(peer::tcp(h.bound(1)));
  REQUIRE(h.until([&] { return line->send(options("c")) > 0; }));
  REQUIRE(h.until([&] { return h.arrivals.size() == 1; }));
  const flow known = h.arrivals[0].from;
  CHECK(h.wire().reopen(known, contact) == known);
  line.reset();
  REQUIRE(h.until([&] { return h.closed.size() == 1; }));
  const auto anew = h.wire().reopen(known, contact);
  REQUIRE(anew);
  CHECK(anew->remote == contact);
  CHECK(anew->connection != known.connection);
  CHECK(h.wire().reopen(known, contact) == anew);
  const flow datagrams{0, udp, 0, 0, contact};
  CHECK(h.wire().reopen(datagrams, contact) == datagrams);
}

TEST_CASE("a contact that does not answer the call ends as a connection does", "[wire]") {
  house h{{block(tcp)}};
  endpoint nobody;
  {
    const auto gone = bind_udp(at("127.0.0.1", 0), port_use::first);
    nobody = local_endpoint(gone->get());
  }
  const auto to = h.wire().reach(tcp, nobody);
  REQUIRE(to);
  CHECK(h.closed.empty());
  REQUIRE(h.until([&] { return h.closed.size() == 1; }));
  CHECK(h.closed[0] == *to);
  CHECK_FALSE(h.wire().send(*to, "x"));
}

TEST_CASE("whatever is sent, the wires live, and answer the next phone", "[wire]") {
  std::mt19937 random{GENERATE(1u, 2u, 3u)};
  house h{{block(udp), block(tcp)}, 2};
  h.on_arrival = [&](const flow& from, std::string_view bytes) {
    auto& wire = h.wire(from.shard);
    if (random() % 4) wire.send(from, bytes);
    if (random() % 8 == 0) wire.close(from);
    if (random() % 8 == 0) wire.trust(from);
  };
  const auto noise = [&] {
    std::string text = random() % 2 ? options("n", std::string(random() % 3000, 'b')) : "";
    const auto changes = random() % 6;
    for (auto i = changes; i > 0 && !text.empty(); --i)
      text[random() % text.size()] = static_cast<char>(random());
    if (random() % 4 == 0) text += std::string(random() % 30'000, static_cast<char>(random()));
    if (random() % 3 == 0) text += "\r\n\r\n";
    return text;
  };
  std::vector<peer> phones;
  for (int round = 0; round < 400; ++round) {
    if (phones.size() < 8)
      phones.push_back(random() % 2 ? peer::udp(h.bound(0)) : peer::tcp(h.bound(1)));
    const auto i = random() % phones.size();
    phones[i].send(noise());
    if (random() % 3 == 0) phones[i].read();
    if (phones[i].ended || random() % 16 == 0) phones.erase(phones.begin() + static_cast<long>(i));
    event_base_loop(h.base.get(), EVLOOP_NONBLOCK);
  }
  phones.clear();
  h.echo();
  for (std::size_t listener : {0u, 1u}) {
    auto phone = peer::connected(listener == 0 ? SOCK_DGRAM : SOCK_STREAM, h.bound(listener));
    REQUIRE(h.until([&] { return phone.send(options("last")) > 0; }));
    REQUIRE(h.until([&] { return phone.read() == options("last"); }));
  }
  REQUIRE(h.until([&] {
    std::set<std::uint64_t> ends;
    for (const flow& f : h.closed)
      ends.insert(f.connection << 8 | f.shard);
    REQUIRE(ends.size() == h.closed.size());  // Each told once.
    return true;
  }));
}
