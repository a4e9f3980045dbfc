#include "tests/sip/wire_house.hpp"

#include <random>
#include <set>

using namespace parkway;
using namespace parkway::sip;
using namespace parkway::sip::wires;
using namespace std::chrono_literals;

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
  CHECK(h.arrivals[0].from.connection == (h.bound().address.is_any() ? 1 : 0));
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

TEST_CASE("a datagram leaves from the address that the phone has sent to", "[wire]") {
  house h{{block(udp, "0.0.0.0"), block(udp, "::")}, 2};
  h.echo();
  // Connected sockets take nothing from elsewhere, as a NAT does.
  auto first = peer::udp(at("127.0.0.77", h.bound(0).port));
  auto second = peer::udp(at("127.0.0.78", h.bound(0).port));
  auto third = peer::udp(at("::1", h.bound(1).port));
  for (auto* phone : {&first, &second, &third})
    phone->send(options("c"));
  REQUIRE(h.until([&] { return first.receive_datagram(); }));
  REQUIRE(h.until([&] { return second.receive_datagram(); }));
  REQUIRE(h.until([&] { return third.receive_datagram(); }));
  // Any shard reaches the phone so; an address that is none of ours is no reason to be silent.
  for (const auto& a : h.arrivals)
    if (a.from.remote == first.local())
      for (auto& wire : h.all.wires) {
        CHECK(wire->send(a.from, "again"));
        REQUIRE(h.until([&] { return first.receive_datagram(); }));
        CHECK(first.inbox == "again");
      }
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
