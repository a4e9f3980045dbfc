#include "kernel/plugin/plugin_host.hpp"

#include "kernel/config/configuration_words.hpp"
#include "kernel/runtime/bus.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <catch2/catch.hpp>

#include <stdexcept>

using namespace parkway;
using namespace std::chrono_literals;

namespace {

/// Counts what it hears of on the bus.
struct witness {
  static inline const char* name = "witness";
  caf::event_based_actor* const self;
  std::shared_ptr<std::vector<std::string>> seen;

  witness(caf::event_based_actor* actor, std::shared_ptr<std::vector<std::string>> into)
    : self(actor), seen(std::move(into)) {}
  caf::behavior make_behavior() {
    return {[this](const registration_event& e) { seen->push_back(e.tenant.text); }};
  }
};

struct testing : caf::actor_system_config {
  testing() { set("scheduler.policy", caf::atom("testing")); }
};

/// A bus, a witness at it, and virtual time.
struct stage {
  testing config;
  caf::actor_system system{config};
  caf::scheduler::test_coordinator& scheduler =
    dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  std::shared_ptr<std::vector<std::string>> seen = std::make_shared<std::vector<std::string>>();
  caf::actor bus = spawn_bus(system);
  caf::actor host;

  stage() {
    const auto watching = spawn_actor<witness>(system, seen);
    caf::anon_send(bus, watch{watching, topic::registration});
    run();
  }
  ~stage() {
    for (const auto& actor : {bus, host})
      caf::anon_send_exit(actor, caf::exit_reason::kill);
    run();
    scheduler.clock().cancel_all();
    system.await_actors_before_shutdown(false);
  }
  void run() {
    while (scheduler.try_run_once()) {
    }
  }
  void after(std::chrono::milliseconds span) {
    scheduler.clock().advance_time(span);
    run();
  }
  void start(hosted_plugin plugin) {
    host = spawn_plugin_host(system, {bus, nullptr, nullptr}, {std::move(plugin)});
    run();
  }
  /// Tells the bus of a registration; true: the plugin answered.
  bool answers(std::uint32_t contacts = 1) {
    seen->clear();
    caf::anon_send(bus, registration_event{tenant_name{"acme"}, number{"101"}, contacts, {}});
    run();
    return std::count(seen->begin(), seen->end(), "heard") == 1;
  }
};

const plugin_manifest& listening() {
  const auto file = find_plugin("listening", {PARKWAY_TEST_PLUGINS});
  const auto loaded = load_plugin(file, "listening");
  REQUIRE(loaded);
  return **loaded;
}

int starts = 0;

}  // namespace

TEST_CASE("a plugin from a shared object hears the bus and speaks on it", "[plugin]") {
  stage s;
  CHECK_FALSE(s.answers());
  s.start({&listening(), {}, {}});
  CHECK(s.answers());
  CHECK(std::string{listening().version} == "1.0");
}

TEST_CASE("a plugin that throws is started anew, later each time", "[plugin]") {
  stage s;
  s.start({&listening(), {}, {}});
  for (const auto pause : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    INFO("pause " << pause.count());
    CHECK_FALSE(s.answers(13));
    s.after(pause - 1ms);
    CHECK_FALSE(s.answers());
    s.after(1ms);
    CHECK(s.answers());
  }
  s.after(60s);  // It has held for long: the next pause is short again.
  CHECK_FALSE(s.answers(13));
  s.after(1s);
  CHECK(s.answers());
}

TEST_CASE("a plugin whose start throws is tried again", "[plugin]") {
  static const plugin_manifest reluctant{plugin_abi, "reluctant", "1.0",
                                         "Starts at the third attempt.",
                                         [](const plugin_context& lent) -> std::vector<caf::actor> {
                                           if (++starts < 3) throw std::runtime_error{"not yet"};
                                           return listening().start(lent);
                                         }};
  starts = 0;
  stage s;
  s.start({&reluctant, {}, {}});
  CHECK(starts == 1);
  s.after(1s);
  CHECK(starts == 2);
  s.after(2s);
  CHECK(starts == 3);
  CHECK(s.answers());
}

TEST_CASE("the end of the host is the end of its plugins", "[plugin]") {
  stage s;
  s.start({&listening(), {}, {}});
  CHECK(s.answers());
  caf::anon_send_exit(s.host, caf::exit_reason::user_shutdown);
  s.run();
  CHECK_FALSE(s.answers());
}

TEST_CASE("a plugin that runs already is watched, and its heirs are announced", "[plugin]") {
  stage s;
  auto running = listening().start({s.bus, nullptr, nullptr});
  std::size_t announced = 0;
  s.start({&listening(), running, [&](const auto& actors) { announced += actors.size(); }});
  CHECK(announced == 0);
  CHECK(s.answers());
  CHECK_FALSE(s.answers(13));
  s.after(1s);
  CHECK(announced == 1);
  CHECK(s.answers());
}

TEST_CASE("a seat passes everything on to its holder of the moment", "[plugin]") {
  stage s;
  auto first = std::make_shared<std::vector<std::string>>();
  auto second = std::make_shared<std::vector<std::string>>();
  const auto a = spawn_actor<witness>(s.system, first);
  const auto b = spawn_actor<witness>(s.system, second);
  const auto seat = spawn_seat(s.system, a);
  caf::anon_send(seat, registration_event{tenant_name{"one"}, {}, 0, {}});
  caf::anon_send(seat, take_seat{b});
  caf::anon_send(seat, registration_event{tenant_name{"two"}, {}, 0, {}});
  s.run();
  CHECK(*first == std::vector<std::string>{"one"});
  CHECK(*second == std::vector<std::string>{"two"});
}

TEST_CASE("what cannot be a plugin is refused with a reason", "[plugin]") {
  const auto none = load_plugin("/nonexistent.so", "nonexistent");
  REQUIRE_FALSE(none);
  CHECK(none.error().code == fault_code::unavailable);
  const auto file = find_plugin("listening", {PARKWAY_TEST_PLUGINS});
  const auto misnamed = load_plugin(file, "speaking");
  REQUIRE_FALSE(misnamed);
  CHECK(misnamed.error().code == fault_code::malformed);
  CHECK(misnamed.error().detail.find("\"listening\"") != std::string::npos);
  CHECK(find_plugin("speaking", {PARKWAY_TEST_PLUGINS}).empty());
}
