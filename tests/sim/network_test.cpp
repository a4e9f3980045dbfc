#include "tests/sim/network.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace parkway;
using namespace parkway::sim;
using namespace std::chrono_literals;

namespace {

endpoint at(const char* host) {
  return {*ip_address::parse(host), 5060};
}

struct two_ends {
  timeline time;
  virtual_network net{time};
  endpoint a = at("192.0.2.1"), b = at("192.0.2.2");
  std::vector<std::string> heard;

  explicit two_ends(std::uint64_t seed) : time(seed) {
    net.attach(b, "b", [this](const endpoint&, transport_kind, std::string_view bytes) {
      heard.emplace_back(bytes);
    });
  }
  void send_many(transport_kind kind) {
    for (int i = 0; i < 1000; ++i)
      net.send(a, b, kind, std::to_string(i));
    time.run_for(10s);
  }
};

}  // namespace

TEST_CASE("the same seed gives the same network, another seed another", "[sim]") {
  auto play = [](std::uint64_t seed) {
    two_ends ends{seed};
    ends.net.set_terms(link_terms::bad());
    ends.send_many(transport_kind::udp);
    return ends.heard;
  };
  CHECK(play(1) == play(1));
  CHECK(play(1) != play(2));
}

TEST_CASE("a bad network loses, repeats and reorders datagrams", "[sim]") {
  two_ends ends{7};
  ends.net.set_terms({.loss = 0.2, .repeat = 0.2, .late = 0.2});
  ends.send_many(transport_kind::udp);
  std::set<std::string> different(ends.heard.begin(), ends.heard.end());
  CHECK(different.size() > 700);
  CHECK(different.size() < 900);
  CHECK(ends.heard.size() > different.size() + 50);
  CHECK_FALSE(std::is_sorted(ends.heard.begin(), ends.heard.end(),
                             [](auto& x, auto& y) { return std::stoi(x) < std::stoi(y); }));
}

TEST_CASE("a stream loses and reorders nothing", "[sim]") {
  two_ends ends{7};
  ends.net.set_terms(link_terms::bad());
  ends.send_many(transport_kind::tcp);
  REQUIRE(ends.heard.size() == 1000);
  for (int i = 0; i < 1000; ++i)
    CHECK(ends.heard[static_cast<std::size_t>(i)] == std::to_string(i));
}

TEST_CASE("what is due at the same moment happens in an order the seed chooses", "[sim]") {
  auto play = [](std::uint64_t seed) {
    timeline time{seed};
    std::string order;
    for (char c = 'a'; c < 'k'; ++c)
      time.in(1s, [&order, c] { order += c; });
    auto cancelled = time.in(1s, [&order] { order += '!'; });
    time.cancel(cancelled);
    time.in(2s, [&] { time.in(0s, [&order] { order += 'z'; }); });
    time.run_for(3s);
    return order;
  };
  CHECK(play(3) == play(3));
  CHECK(play(3) != play(4));
  CHECK(play(3).size() == 11);
  CHECK(play(3).back() == 'z');
}

TEST_CASE("time passes only where something is due, and a cascade sees its exact times", "[sim]") {
  timeline time{1};
  std::vector<timeline::duration> seen;
  std::function<void(timeline::duration)> tick = [&](timeline::duration span) {
    time.in(span, [&, span] {
      seen.push_back(time.elapsed());
      tick(span * 2);
    });
  };
  tick(500ms);
  time.run_for(32s);
  CHECK(seen == std::vector<timeline::duration>{500ms, 1500ms, 3500ms, 7500ms, 15500ms, 31500ms});
  CHECK(time.elapsed() == 32s);
}
