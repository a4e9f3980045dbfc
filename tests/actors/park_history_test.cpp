#include "actors/park/park_history.hpp"

#include "tests/actors/office.hpp"

#include <algorithm>

using namespace parkway;
using namespace parkway::testing;
using namespace std::chrono_literals;

namespace {

/// A park book, and whoever asks it.
struct reader {
  house h;
  caf::actor book = spawn_park_history(h.lent());
  probe asker{h.system()};

  void hears(park_event e) { h.tell(asker.who(), book, std::move(e)); }
  void hears(park_noted n) { h.tell(asker.who(), book, std::move(n)); }
  std::vector<park_entry> asks(const std::string& id = {}) {
    h.tell(asker.who(), book, show_park_book{park_id{id}});
    return asker.heard<park_entries>().back().entries;
  }
  park_event event(const std::string& id, park_state state) const {
    auto terms = std::make_shared<park_terms>();
    terms->tenant = tenant_name{"demo"};
    terms->place = number{"104"};
    terms->parked = {"user106", number{"106"}, false};
    terms->parker = {"James", number{"103"}, false};
    return {park_id{id}, terms, state, park_end::retrieved, {"", number{"102"}, false}, h.now()};
  }
  park_noted note(const std::string& id, const std::string& what) const {
    const auto e = event(id, park_state::parked);
    return {e.id, e.terms, what, e.at};
  }
};

bool has(const std::vector<std::string>& notes, const std::string& what) {
  return std::find(notes.begin(), notes.end(), what) != notes.end();
}

}  // namespace

TEST_CASE("the book shows what is parked now, longest-parked first, and one with its timeline",
          "[park_history]") {
  reader r;
  auto first = r.event("pk-1", park_state::parked);
  first.recall_at = r.h.now() + 60s;
  r.hears(first);
  r.h.after(2s);
  r.hears(r.event("pk-0", park_state::parked));
  const auto all = r.asks();
  REQUIRE(all.size() == 2);
  CHECK(all[0].id.text == "pk-1");
  CHECK(all[0].timeline.empty());
  CHECK(*all[0].recall_at - all[0].parked_at == 60s);
  CHECK(all[0].retrieve_code == "*88104");
  CHECK_FALSE(all[1].recall_at);
  REQUIRE(r.asks("pk-1").size() == 1);
  CHECK(r.asks("pk-1")[0].timeline.front().what == "user106 parked at 104 by 103");
  CHECK(r.asks("pk-2").empty());
}

TEST_CASE("one that has ended is in no list, but can be explained for a while", "[park_history]") {
  reader r;
  r.hears(r.event("pk-1", park_state::parked));
  r.hears(r.event("pk-1", park_state::ended));
  CHECK(r.asks().empty());
  CHECK(r.asks("pk-1")[0].timeline.back().what == "retrieved by 102");
  for (int i = 0; i < 1000; ++i)
    r.hears(r.event("later-" + std::to_string(i), park_state::ended));
  CHECK(r.asks("pk-1").empty());
  CHECK(r.asks("later-0").size() == 1);
}

TEST_CASE("of a long timeline the beginning and the end are kept", "[park_history]") {
  reader r;
  r.hears(r.event("pk-1", park_state::parked));
  for (int i = 0; i < 500; ++i)
    r.hears(r.note("pk-1", "note " + std::to_string(i)));
  r.hears(r.event("pk-1", park_state::ended));
  const auto lines = r.asks("pk-1")[0].timeline;
  CHECK(lines.size() == 200);
  CHECK(lines.front().what == "user106 parked at 104 by 103");
  CHECK(lines.back().what == "retrieved by 102");
}

TEST_CASE("what comes from two mailboxes stands in the order of time", "[park_history]") {
  reader r;
  const auto chosen = r.note("pk-1", "104 chosen in the group Sales");
  r.h.after(1s);
  r.hears(r.event("pk-1", park_state::parked));
  r.hears(chosen);
  CHECK(r.asks("pk-1")[0].timeline.front().what == "104 chosen in the group Sales");
}

TEST_CASE("each step of a recall says why", "[park_history][recall]") {
  office o;
  o.parks("*68104");
  o.h.after(61s);
  const auto rung = o.h.rings_at("103");
  REQUIRE(rung);
  o.h.refuses(rung, fault_code::busy, 486);
  const auto& notes = o.h.park_notes();
  CHECK(has(notes, "recall: nobody took it within recall_time = 60 s"));
  CHECK(has(notes, "ringing 103 for 30 s"));
  CHECK(has(notes, "103: busy (486)"));
  CHECK(has(notes, "again in 10 s"));
  o.empties();
}

TEST_CASE("a group says whom it passed over, in a big one not each by name", "[park_history]") {
  house::choices c;
  auto& sales = c.office.park_groups[0];
  for (int i = 0; i < 30; ++i) {
    const number n{std::to_string(300 + i)};
    c.office.extensions[n].number = n;
    c.office.group_of[n] = 0;
    sales.members.insert(sales.members.begin() + i, n);
  }
  office o{c};
  o.parks("*58");
  const auto& notes = o.h.park_notes();
  CHECK(std::any_of(notes.begin(), notes.end(), [](const auto& n) {
    return n.starts_with("300, 301, ")
           && n.ends_with("319 and 10 more passed over: not registered");
  }));
  CHECK(has(notes, "101 chosen in the group Sales"));
  o.empties();
}
