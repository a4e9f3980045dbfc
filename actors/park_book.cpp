#include "actors/park_book.hpp"

#include "actors/identity.hpp"
#include "kernel/actor.hpp"
#include "kernel/bus.hpp"

#include <algorithm>
#include <deque>
#include <tuple>
#include <unordered_map>

namespace parkway {
namespace {

constexpr std::size_t ended_max = 1000;    ///< Timelines kept for questions afterwards.
constexpr std::size_t timeline_max = 200;  ///< A call that is recalled every 15 s for 50 minutes.

std::string describe(const park_event& e) {
  switch (e.state) {
    case park_state::parking:
      return "place reserved at " + e.terms->place.text;
    case park_state::parked:
      return "parked at " + e.terms->place.text;
    case park_state::recalling:
      return "recalling " + e.terms->parker.extension.text;
    case park_state::handed_on:
      return "handed on: not retrievable any more";
    case park_state::bridging:
      return "taken by " + e.other.extension.text;
    case park_state::ended:
      break;
  }
  switch (e.why) {
    case park_end::retrieved:
      return "retrieved by " + e.other.extension.text;
    case park_end::recalled:
      return "recall answered by " + e.other.extension.text;
    case park_end::abandoned:
      return "the parked party hung up";
    case park_end::expired:
      return "max_park_time is over, or nobody is left to be rung";
    case park_end::failed:
      return "the park did not come about";
  }
  return {};
}

struct park_book {
  static inline const char* name = "park_book";

  caf::event_based_actor* const self;
  const context_ptr house;
  std::unordered_map<park_id, park_entry> entries;
  std::deque<park_id> ended;  ///< As they ended; the oldest is forgotten first.

  park_book(caf::event_based_actor* actor, context_ptr context)
    : self(actor), house(std::move(context)) {}

  caf::behavior make_behavior() {
    self->send(house->bus, watch{self, topic::park});
    return {
      [this](const park_event& e) {
        auto& entry = entry_of(e.id, e.terms, e.at);
        note(entry, e.at, describe(e));
        if (entry.state == park_state::parking) entry.parked_at = house->wall(e.at);
        entry.state = e.state;
        if (e.state == park_state::ended) forget_oldest(e.id);
      },
      [this](const park_noted& n) { note(entry_of(n.id, n.terms, n.at), n.at, n.what); },
      [this](const show_park_book& s) { return answer(s); },
    };
  }

  park_entry& entry_of(const park_id& id, const park_terms_ptr& terms,
                       std::chrono::steady_clock::time_point at) {
    const auto [found, fresh] = entries.try_emplace(id);
    if (fresh) found->second = {id, terms, park_state::parking, house->wall(at), {}};
    return found->second;
  }

  void note(park_entry& entry, std::chrono::steady_clock::time_point at, std::string what) {
    if (entry.timeline.size() < timeline_max)
      entry.timeline.push_back({house->wall(at), std::move(what)});
  }

  void forget_oldest(const park_id& now_ended) {
    ended.push_back(now_ended);
    if (ended.size() <= ended_max) return;
    entries.erase(ended.front());
    ended.pop_front();
  }

  park_entries answer(const show_park_book& s) const {
    park_entries all;
    for (const auto& [id, entry] : entries)
      if (s.id.empty() ? entry.state != park_state::ended : id == s.id)
        all.entries.push_back(entry);
    std::sort(all.entries.begin(), all.entries.end(), [](const auto& a, const auto& b) {
      return std::tie(a.parked_at, a.id) < std::tie(b.parked_at, b.id);
    });
    return all;
  }
};

}  // namespace

caf::actor spawn_park_book(const context_ptr& house) {
  return spawn_actor<park_book>(*house->system, house);
}

}  // namespace parkway
