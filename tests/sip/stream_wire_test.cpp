#include "tests/sip/wire_house.hpp"

#include <poll.h>

#include <algorithm>
#include <set>

using namespace parkway;
using namespace parkway::sip;
using namespace parkway::sip::wires;
using namespace std::chrono_literals;

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
