#include "actors/park/park_history.hpp"

#include "actors/park/shown_identity.hpp"
#include "kernel/runtime/actor.hpp"
#include "kernel/runtime/bus.hpp"

#include <algorithm>
#include <deque>
#include <tuple>
#include <unordered_map>

namespace parkway {
namespace {

constexpr std::size_t ended_max = 1000;  ///< Timelines kept for questions afterwards.
/// How it came to be parked and how it ends are kept; of many recalls the ones in the middle go.
constexpr std::size_t timeline_max = 200, beginning_kept = 50;

/// What an event says that the notes of its parked call do not; empty: nothing.
std::string describe(const park_event& e, park_state before) {
  switch (e.state) {
    case park_state::parked:
      if (before != park_state::parking) return {};
      return shown_name(e.terms->parked) + " parked at " + e.terms->place.text + " by "
             + e.terms->parker.extension.text;
    case park_state::bridging:
      return "taken by " + e.other.extension.text;
    case park_state::handed_on:
      return "handed on: not retrievable any more";
    case park_state::parking:
    case park_state::recalling:
      return {};
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
      return "over";
    case park_end::failed:
      return "the park did not come about";
  }
  return {};
}

struct park_history {
  static inline const char* name = "park_history";

  caf::event_based_actor* const self;
  const context_ptr context;
  std::unordered_map<park_id, park_entry> entries;
  std::deque<park_id> ended;  ///< As they ended; the oldest is forgotten first.

  park_history(caf::event_based_actor* actor, context_ptr lent)
    : self(actor), context(std::move(lent)) {}

  caf::behavior make_behavior() {
    self->send(context->bus, watch{self, topic::park});
    return {
      [this](const park_event& e) { changed(e); },
      [this](const park_noted& n) { note(entry_of(n.id, n.terms, n.at), n.at, n.what); },
      [this](const show_park_book& s) { return answer(s); },
    };
  }

  void changed(const park_event& e) {
    auto& entry = entry_of(e.id, e.terms, e.at);
    note(entry, e.at, describe(e, entry.state));
    if (entry.state == park_state::parking) entry.parked_at = context->wall(e.at);
    entry.state = e.state;
    entry.recall_at.reset();
    if (e.recall_at) entry.recall_at = context->wall(*e.recall_at);
    if (e.state == park_state::ended) forget_oldest(e.id);
  }

  park_entry& entry_of(const park_id& id, const park_terms_ptr& terms,
                       std::chrono::steady_clock::time_point at) {
    const auto [found, fresh] = entries.try_emplace(id);
    if (!fresh) return found->second;
    found->second = {id, terms, park_state::parking, context->wall(at), {}, {}, {}};
    const auto in = context->tenants->find(terms->tenant);
    if (in && !terms->place.empty())
      found->second.retrieve_code = in->codes.call_retrieve + terms->place.text;
    return found->second;
  }

  void note(park_entry& entry, std::chrono::steady_clock::time_point at, std::string what) {
    if (what.empty()) return;
    auto& lines = entry.timeline;
    if (lines.size() == timeline_max) lines.erase(lines.begin() + beginning_kept);
    // A group and the call it parked write from two mailboxes.
    const auto wall = context->wall(at);
    const auto later =
      std::find_if(lines.rbegin(), lines.rend(), [&](const park_line& l) { return l.at <= wall; });
    lines.insert(later.base(), {wall, std::move(what)});
  }

  void forget_oldest(const park_id& now_ended) {
    ended.push_back(now_ended);
    if (ended.size() <= ended_max) return;
    entries.erase(ended.front());
    ended.pop_front();
  }

  park_entries answer(const show_park_book& s) const {
    if (!s.id.empty()) {
      const auto found = entries.find(s.id);
      return found == entries.end() ? park_entries{} : park_entries{{found->second}};
    }
    park_entries all;
    for (const auto& [id, e] : entries)
      if (e.state != park_state::ended)
        all.entries.push_back(
          {id, e.terms, e.state, e.parked_at, e.recall_at, e.retrieve_code, {}});
    std::sort(all.entries.begin(), all.entries.end(), [](const auto& a, const auto& b) {
      return std::tie(a.parked_at, a.id) < std::tie(b.parked_at, b.id);
    });
    return all;
  }
};

}  // namespace

caf::actor spawn_park_history(const context_ptr& context) {
  return spawn_actor<park_history>(*context->system, context);
}

}  // namespace parkway
