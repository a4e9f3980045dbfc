#include "plugins/media/port_pool.hpp"

#include "tests/media/phone.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <thread>

using namespace parkway;
using namespace parkway::media;

TEST_CASE("only whole pairs of the range count, the even port first", "[media][ports]") {
  CHECK(port_pool{20000, 20001}.capacity() == 1);
  CHECK(port_pool{20001, 20004}.capacity() == 1);
  CHECK(port_pool{20001, 20004}.take() == 20002);
  CHECK(port_pool{20000, 20000}.capacity() == 0);
  CHECK_FALSE(port_pool{20001, 20002}.take());
  CHECK(port_pool{65534, 65535}.take() == 65534);
  CHECK_FALSE(port_pool{65535, 65535}.take());
}

TEST_CASE("a port just closed is the last to be used again", "[media][ports]") {
  port_pool pool{20000, 20007};
  REQUIRE(pool.take() == 20000);
  pool.give_back(20000);
  CHECK(pool.take() == 20002);
  CHECK(pool.take() == 20004);
  CHECK(pool.take() == 20006);
  CHECK(pool.take() == 20000);
  CHECK_FALSE(pool.take());
}

TEST_CASE("a new call leaves a tenth of the pairs to calls that are up", "[media][ports]") {
  CHECK(port_pool{20000, 29999}.reserve() == 500);
  CHECK(port_pool{20000, 20009}.reserve() == 1);
  CHECK(port_pool{20000, 20007}.reserve() == 0);
  port_pool pool{20000, 20009};
  pool.take();
  pool.take();
  CHECK(pool.has_room_for_call());
  pool.take();
  CHECK_FALSE(pool.has_room_for_call());
  CHECK(pool.take());
}

TEST_CASE("a port given back twice is free once", "[media][ports]") {
  port_pool pool{20000, 20003};
  REQUIRE(pool.take(20000));
  REQUIRE(pool.take(20002));
  CHECK_FALSE(pool.take(20002));
  pool.give_back(20002);
  pool.give_back(20002);
  pool.give_back(19998);
  pool.give_back(20001);
  CHECK(pool.take() == 20002);
  CHECK_FALSE(pool.take());
}

TEST_CASE("engines on several threads never get the same port", "[media][ports]") {
  port_pool pool{20000, 21999};
  std::array<std::vector<std::uint16_t>, 4> got;
  {
    std::vector<std::jthread> engines;
    for (auto& mine : got)
      engines.emplace_back([&] {
        while (const auto port = pool.take())
          mine.push_back(*port);
      });
  }
  std::set<std::uint16_t> all;
  std::size_t count = 0;
  for (const auto& mine : got) {
    all.insert(mine.begin(), mine.end());
    count += mine.size();
  }
  CHECK(all.size() == count);
  CHECK(count == 1000);
}

TEST_CASE("when no port is left the next call is told so, and after a close it is served",
          "[media][ports]") {
  bench b{18100, 18105};
  const auto first = b.open();
  b.open();
  b.open(ip_version::v6);
  const auto refused = b.it.open({{0, 99}, ip_version::v4, {}, 0});
  CHECK(refused.port == 0);
  REQUIRE(refused.why);
  CHECK(refused.why->code == fault_code::overloaded);
  b.it.close({first.id});
  CHECK(b.it.open({{0, 99}, ip_version::v4, {}, 0}).port == first.rtp.port);
}

TEST_CASE("a port another program has is passed over, whether RTP or RTCP", "[media][ports]") {
  bench b{18110, 18117};
  const auto host = *ip_address::parse("127.0.0.1");
  const auto foreign = udp_sockets::bind(host, 18110);
  REQUIRE(foreign);
  const auto odd = udp_sockets::bind(host, 18113);  // RTCP of 18112, RTP of 18114.
  REQUIRE(odd);
  CHECK(b.open().rtp.port == 18116);
  CHECK(b.it.open({{0, 99}, ip_version::v4, {}, 0}).why->code == fault_code::overloaded);
}

TEST_CASE("after a restart a call gets the very port it had, or none", "[media][ports]") {
  bench b{18120, 18129};
  CHECK(b.it.open({{0, 1}, ip_version::v4, {}, 18124}).port == 18124);
  CHECK(b.it.open({{0, 2}, ip_version::v4, {}, 18124}).why->code == fault_code::busy);
  CHECK(b.it.open({{0, 3}, ip_version::v4, {}, 18127}).why->code == fault_code::busy);
  // The range may have been changed meanwhile.
  CHECK(b.it.open({{0, 4}, ip_version::v4, {}, 18138}).port == 18138);
}

TEST_CASE("an id is used once", "[media][ports]") {
  bench b{18140, 18149};
  const auto a = b.open();
  CHECK(b.it.open({a.id, ip_version::v4, {}, 0}).why->code == fault_code::internal);
  CHECK(b.it.ports() == 1);
}

TEST_CASE("an engine that ends gives its ports back", "[media][ports]") {
  const auto pool = std::make_shared<port_pool>(std::uint16_t{18150}, std::uint16_t{18151});
  for (int round = 0; round < 2; ++round) {
    engine e{{}, pool, tune(), [](auto&) {}, 1, time_point{}};
    CHECK(e.open({{0, 1}, ip_version::v4, {}, 0}).port == 18150);
  }
}
