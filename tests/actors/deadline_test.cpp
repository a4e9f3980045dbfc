#include "actors/common/deadline.hpp"

#include "tests/actors/fixture.hpp"

#include <catch2/catch.hpp>

using namespace parkway;
using namespace parkway::testing;

namespace {

/// What a test tells the sleeper to do with its deadline.
struct order {
  enum class what { set, set_lasting, clear } it;
  std::chrono::seconds after{0};
};

using moments = std::vector<std::chrono::steady_clock::time_point>;

/// An actor with two deadlines that notes when the first is due.
struct sleeper {
  static inline const char* name = "sleeper";
  caf::event_based_actor* const self;
  std::shared_ptr<moments> due_at;
  deadline mine{1};
  deadline other{2};
  deadline lasting{3, std::chrono::hours{1}};
  std::shared_ptr<std::size_t> wakes;

  sleeper(caf::event_based_actor* actor, std::shared_ptr<moments> noted,
          std::shared_ptr<std::size_t> woken)
    : self(actor), due_at(std::move(noted)), wakes(std::move(woken)) {}

  caf::behavior make_behavior() {
    other.set_after(self, 7s);
    return {
      [this](const order& o) {
        if (o.it == order::what::clear) return mine.clear();
        if (o.it == order::what::set_lasting) return lasting.set_after(self, o.after);
        mine.set_after(self, o.after);
      },
      [this](const tick& t) {
        ++*wakes;
        if (mine.due(self, t) || lasting.due(self, t)) due_at->push_back(self->clock().now());
      },
    };
  }
};

struct bed {
  house h;
  std::shared_ptr<moments> due = std::make_shared<moments>();
  std::shared_ptr<std::size_t> wakes = std::make_shared<std::size_t>(0);
  caf::actor who = h.spawn<sleeper>(due, wakes);
  std::chrono::steady_clock::time_point began = h.now();

  ~bed() { caf::anon_send_exit(who, caf::exit_reason::kill); }
  void says(order o) { h.tell(h.wire().face(), who, o); }
};

}  // namespace

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(order)

TEST_CASE("a deadline is due at its moment, once", "[deadline]") {
  bed b;
  b.says({order::what::set, 10s});
  b.h.after(9999ms);
  CHECK(b.due->empty());
  b.h.after(1ms);
  REQUIRE(b.due->size() == 1);
  CHECK(b.due->front() - b.began == 10s);
  b.h.after(1h);
  CHECK(b.due->size() == 1);
}

TEST_CASE("a far deadline is reached in hops of a minute", "[deadline]") {
  bed b;
  b.says({order::what::set, 3601s});
  b.h.after(2h);
  REQUIRE(b.due->size() == 1);
  CHECK(b.due->front() - b.began == 3601s);
}

TEST_CASE("the deadline of what lasts does not wake it every minute", "[deadline]") {
  bed b;
  b.h.after(10s);
  *b.wakes = 0;
  b.says({order::what::set_lasting, 7201s});
  b.h.after(3h);
  REQUIRE(b.due->size() == 1);
  CHECK(b.due->front() - b.began == 7211s);
  CHECK(*b.wakes == 3);
}

TEST_CASE("a deadline that is set again forgets when it was due before", "[deadline]") {
  bed b;
  b.says({order::what::set, 10s});
  b.says({order::what::set, 30s});
  b.h.after(29s);
  CHECK(b.due->empty());
  b.h.after(1s);
  CHECK(b.due->size() == 1);
  b.says({order::what::set, 10s});
  b.says({order::what::set, 5s});
  b.h.after(5s);
  CHECK(b.due->size() == 2);
  b.h.after(1h);
  CHECK(b.due->size() == 2);
}

TEST_CASE("a deadline that is cleared is never due", "[deadline]") {
  bed b;
  b.says({order::what::set, 10s});
  b.says({order::what::clear, 0s});
  b.h.after(1h);
  CHECK(b.due->empty());
}

TEST_CASE("a deadline in the past is due at once", "[deadline]") {
  bed b;
  b.says({order::what::set, -5s});
  b.h.after(0ms);
  CHECK(b.due->size() == 1);
}
