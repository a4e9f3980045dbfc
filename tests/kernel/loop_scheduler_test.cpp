#include "kernel/runtime/loop_scheduler.hpp"

#include "kernel/runtime/pinned.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>
#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <set>

using namespace parkway;
using namespace std::chrono_literals;

namespace {

struct loops : caf::actor_system_config {
  explicit loops(std::size_t workers) { use_loops(*this, workers); }
};

constexpr auto patience = 10s;  ///< For what is due at once; nobody waits that long.

/// Answers with the worker it runs on; -1: no loop.
struct where_am_i {
  static inline const char* name = "where_am_i";
  caf::event_based_actor* const self;

  where_am_i(caf::event_based_actor* actor, caf::unit_t) : self(actor) {}

  static int here() {
    auto* const worker = loop_worker::current();
    return worker ? static_cast<int>(worker->index()) : -1;
  }
  caf::behavior make_behavior() {
    return {
      [](caf::get_atom) { return here(); },
      [this](caf::actor reply_to, int milliseconds) {
        self->delayed_send(self, std::chrono::milliseconds{milliseconds}, std::move(reply_to));
      },
      [this](const caf::actor& reply_to) { self->send(reply_to, here()); },
    };
  }
};

/// Spawns children, asks each, lets each end and counts their deaths.
struct parent {
  static inline const char* name = "parent";
  caf::event_based_actor* const self;
  const caf::actor done;
  const int children;
  int asked = 0, dead = 0;

  parent(caf::event_based_actor* actor, caf::actor reply_to, int count)
    : self(actor), done(std::move(reply_to)), children(count) {}

  caf::behavior make_behavior() {
    self->set_down_handler([this](const caf::down_msg&) {
      if (++dead == children) self->send(done, asked);
    });
    for (int i = 0; i < children; ++i) {
      const auto child = spawn_child<where_am_i>(self, caf::unit);
      self->request(child, patience, caf::get_atom::value).then([this, child](int) {
        ++asked;
        self->send_exit(child, caf::exit_reason::user_shutdown);
      });
    }
    self->delayed_send(self, 1ms, caf::tick_atom::value);
    return {[](caf::tick_atom) {}};
  }
};

struct silent {
  static inline const char* name = "silent";
  std::vector<caf::response_promise> open;
  caf::event_based_actor* const self;
  silent(caf::event_based_actor* actor, caf::unit_t) : self(actor) {}
  caf::behavior make_behavior() {
    return {
      [this](caf::get_atom) -> caf::result<int> { return self->make_response_promise<int>(); }};
  }
};

struct asker {
  static inline const char* name = "asker";
  caf::event_based_actor* const self;
  const caf::actor whom, done;
  const std::chrono::milliseconds wait;
  asker(caf::event_based_actor* actor, caf::actor target, caf::actor reply_to,
        std::chrono::milliseconds patient_for)
    : self(actor), whom(std::move(target)), done(std::move(reply_to)), wait(patient_for) {}
  caf::behavior make_behavior() {
    self->request(whom, wait, caf::get_atom::value)
      .then([](int) {},
            [this](const caf::error& e) { self->send(done, e == caf::sec::request_timeout); });
    return {[](caf::tick_atom) {}};
  }
};

struct restless {
  static inline const char* name = "restless";
  caf::event_based_actor* const self;
  restless(caf::event_based_actor* actor, caf::unit_t) : self(actor) {}
  caf::behavior make_behavior() {
    self->send(self, caf::tick_atom::value);
    return {[this](caf::tick_atom) { self->send(self, caf::tick_atom::value); }};
  }
};

template <class T>
T receive(caf::scoped_actor& self) {
  T got{};
  bool heard = false;
  self->receive(
    [&](T value) {
      got = std::move(value);
      heard = true;
    },
    caf::after(patience) >> [] {});
  REQUIRE(heard);
  return got;
}

int ask(caf::scoped_actor& self, const caf::actor& whom) {
  int answer = -2;
  self->request(whom, patience, caf::get_atom::value)
    .receive([&](int value) { answer = value; }, [](const caf::error&) {});
  return answer;
}

/// Runs `question` on a worker and waits for the answer.
template <class F>
auto on(loop_worker& worker, F question) {
  std::promise<decltype(question())> answer;
  auto future = answer.get_future();
  worker.post([&] { answer.set_value(question()); });
  REQUIRE(future.wait_for(patience) == std::future_status::ready);
  return future.get();
}

std::size_t pending_timers(caf::actor_system& system, std::size_t workers) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < workers; ++i)
    count += find_worker(system, i)->timers().size();
  return count;
}

}  // namespace

TEST_CASE("an actor system on loops starts, works and stops, two hundred times", "[loop]") {
  for (int round = 0; round < 200; ++round) {
    loops config{2};
    caf::actor_system system{config};
    caf::scoped_actor self{system};
    for (int i = 0; i < 4; ++i)
      spawn_actor<parent>(system, caf::actor{self}, 20);
    const auto pinned = spawn_pinned<where_am_i>(system, find_worker(system, 1), caf::unit);
    for (int i = 0; i < 4; ++i)
      REQUIRE(receive<int>(self) == 20);
    REQUIRE(ask(self, pinned) == 1);
  }
}

TEST_CASE("a pinned actor runs on its worker, whoever wakes it", "[loop]") {
  loops config{3};
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  for (int shard = 0; shard < 3; ++shard) {
    const auto actor =
      spawn_pinned<where_am_i>(system, find_worker(system, std::size_t(shard)), caf::unit);
    CHECK(ask(self, actor) == shard);
    for (std::size_t other = 0; other < 3; ++other)  // Woken from each loop, and by a timer.
      on(*find_worker(system, other), [&] {
        caf::anon_send(actor, caf::actor{self});
        return true;
      });
    self->send(actor, caf::actor{self}, 2);
    for (int i = 0; i < 4; ++i)
      CHECK(receive<int>(self) == shard);
  }
}

TEST_CASE("a request to a pinned actor that has ended is answered with an error", "[loop]") {
  loops config{1};
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  const auto actor = spawn_pinned<where_am_i>(system, find_worker(system, 0), caf::unit);
  self->monitor(actor);
  self->send_exit(actor, caf::exit_reason::user_shutdown);
  self->receive([](const caf::down_msg&) {});
  bool refused = false;
  self->request(actor, patience, caf::get_atom::value)
    .receive([](int) {},
             [&](const caf::error& e) { refused = e == caf::sec::request_receiver_down; });
  CHECK(refused);
}

TEST_CASE("without loops a pinned actor is an ordinary one", "[loop]") {
  caf::actor_system_config config;
  config.set("scheduler.policy", caf::atom("testing"));
  caf::actor_system system{config};
  auto& scheduler = dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  REQUIRE(find_worker(system, 0) == nullptr);
  {
    caf::scoped_actor self{system, true};
    const auto actor = spawn_pinned<where_am_i>(system, find_worker(system, 0), caf::unit);
    self->send(actor, caf::actor{self});
    while (scheduler.try_run_once()) {
    }
    CHECK(receive<int>(self) == -1);
  }
  while (scheduler.try_run_once()) {
  }
}

TEST_CASE("work posted to a worker runs there, and the hooks after it", "[loop]") {
  loops config{2};
  caf::actor_system system{config};
  auto& worker = *find_worker(system, 1);
  std::atomic<int> flushed{0};
  on(worker, [&] {
    worker.after_batch([&flushed] { ++flushed; });
    return true;
  });
  CHECK(on(worker, [] { return loop_worker::current()->index(); }) == 1);
  // The hook of the batch before has run when the next one begins.
  CHECK(on(worker, [&] { return flushed.load(); }) >= 2);
}

TEST_CASE("timers are never early, and keep their order", "[loop][timer]") {
  loops config{2};
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  const auto begin = caf::actor_clock::clock_type::now();
  for (const int ms : {30, 10, 20, 10})
    self->delayed_send(self, std::chrono::milliseconds{ms}, ms);
  std::vector<int> order;
  for (int i = 0; i < 4; ++i) {
    order.push_back(receive<int>(self));
    CHECK(caf::actor_clock::clock_type::now() - begin >= std::chrono::milliseconds{order.back()});
  }
  CHECK(order == std::vector{10, 10, 20, 30});
}

TEST_CASE("an answered request does not keep its asker alive", "[loop][timer]") {
  loops config{3};
  caf::actor_system system{config};
  {
    caf::scoped_actor self{system};
    spawn_actor<parent>(system, caf::actor{self}, 20);
    REQUIRE(receive<int>(self) == 20);
  }
  const auto begin = caf::actor_clock::clock_type::now();
  system.registry().await_running_count_equal(0);
  CHECK(caf::actor_clock::clock_type::now() - begin < patience / 2);
}

TEST_CASE("an asker that ends takes its timer along, wherever it set it", "[loop][timer]") {
  loops config{3};
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  const auto target = spawn_pinned<silent>(system, find_worker(system, 0), caf::unit);
  const auto asking = spawn_pinned<asker>(system, find_worker(system, 2), target, caf::actor{self},
                                          std::chrono::milliseconds{patience});
  on(*find_worker(system, 2), [] { return true; });
  self->monitor(asking);
  self->send_exit(asking, caf::exit_reason::kill);
  self->receive([](const caf::down_msg&) {});
  // Monitors are told first; when its worker comes to the next job, the timers are gone too.
  REQUIRE(on(*find_worker(system, 2), [] { return true; }));
  CHECK(pending_timers(system, 3) == 0);
}

TEST_CASE("what an ended actor has sent itself for later does not pin it", "[loop][timer]") {
  loops config{3};
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  const auto one = spawn_pinned<silent>(system, find_worker(system, 2), caf::unit);
  on(*find_worker(system, 2), [&] {
    caf::delayed_anon_send(one, 1h, 7);
    caf::delayed_anon_send(one, 2h, 8);
    return true;
  });
  CHECK(pending_timers(system, 3) == 2);
  self->monitor(one);
  self->send_exit(one, caf::exit_reason::kill);
  self->receive([](const caf::down_msg&) {});
  REQUIRE(on(*find_worker(system, 2), [] { return true; }));
  CHECK(pending_timers(system, 3) == 0);
}

TEST_CASE("a request nobody answers times out", "[loop][timer]") {
  loops config{2};
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  const auto target = spawn_pinned<silent>(system, find_worker(system, 0), caf::unit);
  const auto asking = spawn_actor<asker>(system, target, caf::actor{self}, 5ms);
  CHECK(receive<bool>(self));
}

TEST_CASE("an actor that never rests starves nobody", "[loop]") {
  loops config{1};
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  const auto busy = spawn_actor<restless>(system, caf::unit);
  for (int i = 0; i < 20; ++i)
    CHECK(on(*find_worker(system, 0), [] { return true; }));
  self->delayed_send(self, 1ms, 7);
  CHECK(receive<int>(self) == 7);
  caf::anon_send_exit(busy, caf::exit_reason::kill);
}

TEST_CASE("stopping does not wait for timers", "[loop][timer]") {
  const auto begin = caf::actor_clock::clock_type::now();
  {
    loops config{2};
    caf::actor_system system{config};
    system.await_actors_before_shutdown(false);
    const auto actor = spawn_pinned<where_am_i>(system, find_worker(system, 1), caf::unit);
    caf::scoped_actor self{system};
    self->send(actor, caf::actor{actor}, 3'600'000);
    REQUIRE(ask(self, actor) == 1);
    CHECK(pending_timers(system, 2) >= 1);  // And that of the question.
  }
  CHECK(caf::actor_clock::clock_type::now() - begin < 2s);
}
