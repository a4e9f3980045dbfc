#include "tests/sim/park_rules.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace parkway::sim {
namespace {

using ids = std::set<std::string>;

/// What is parked, as an extension's phones are to show it.
struct expected_lamp {
  ids shown;                     ///< On its screens: parked here, and group-parked for its group.
  ids here;                      ///< On keys that watch it.
  ids first_here;                ///< On keys of the place: the one that a pickup would take.
  std::set<std::string> oldest;  ///< Numbers a bare retrieve could fetch first.
};

/// The extensions on whose screens it is to stand.
std::set<number> shown_to(const tenant& in, const park_terms& terms) {
  std::set<number> who;
  if (auto* group = terms.kind == park_kind::group ? in.park_group(terms.group) : nullptr)
    who.insert(group->members.begin(), group->members.end());
  if (terms.parker_is_told)
    who.insert(terms.parker.extension);
  else
    who.erase(terms.parker.extension);
  who.insert(terms.place);
  return who;
}

using parked_by_number = std::map<number, std::vector<const parked_now*>>;

/// What is parked, by the extensions it is shown to; in the order of `parked`.
parked_by_number sort_by_number(const tenant& in, const std::vector<parked_now>& parked) {
  parked_by_number sorted;
  for (auto& p : parked) {
    if (p.terms->tenant != in.name || !p.retrievable()) continue;
    for (auto& n : shown_to(in, *p.terms))
      sorted[n].push_back(&p);
  }
  return sorted;
}

expected_lamp expect_at(const number& n, const std::vector<const parked_now*>& parked) {
  expected_lamp lamp;
  std::optional<std::pair<int, timeline::time_point>> first;
  std::optional<timeline::time_point> first_here_since;
  for (auto* one : parked) {
    auto& p = *one;
    if (p.terms->place == n) {
      // Parked in the same instant, either may stand first.
      first_here_since = first_here_since.value_or(p.since);
      if (p.since == *first_here_since) lamp.first_here.insert(p.id.text);
      lamp.here.insert(p.id.text);
    }
    lamp.shown.insert(p.id.text);
    // The bare code fetches what is parked at the own extension, else what the group has.
    const int rank = p.terms->place == n ? 0 : p.terms->kind == park_kind::group ? 1 : 2;
    const std::pair order{rank, p.since};
    if (first && order > *first) continue;
    if (first && order < *first) lamp.oldest.clear();
    first = order;
    lamp.oldest.insert(p.terms->parked.extension.text);
  }
  return lamp;
}

std::string list(const ids& of) {
  std::string text = "{";
  for (auto& id : of)
    text += " " + id;
  return text + " }";
}

bool same_first(const lamp_text& shown, const expected_lamp& wanted) {
  return shown.first.empty() ? wanted.oldest.empty() : wanted.oldest.contains(shown.first);
}

/// The extension that a key watches: its number, or the code that retrieves there.
number watched_by(const tenant& in, const phone_watch& key) {
  auto& code = in.codes.call_retrieve;
  auto& user = key.user();
  return number{user.substr(0, code.size()) == code ? user.substr(code.size()) : user};
}

class lamp_inspector {
 public:
  explicit lamp_inspector(const simulation& story)
    : story_(story),
      in_(*story.context().tenants->current()->fallback),
      parked_(parked_calls(story)),
      by_number_(sort_by_number(in_, parked_)) {}

  std::vector<std::string> inspect() {
    for (auto& [name, p] : story_.phones())
      if (p->habits().domain == in_.domain) inspect(*p);
    return std::move(lies_);
  }

 private:
  void inspect(const phone& p) {
    bool has_screen = false;
    for (auto& w : p.watches()) {
      if (!w->active()) continue;
      auto& wanted = expected_at(watched_by(in_, *w));
      if (w->event() == "dialog" && !is_right(*w, wanted))
        lie(p, "key " + w->user(), w->shown().parked, wanted.here);
      if (w->event() != "call-info") continue;
      has_screen = has_screen || w->user() == p.habits().number;
      if (!same_first(w->shown(), wanted))
        lies_.push_back(p.name() + "'s screen shows \"" + w->shown().first + "\", not one of "
                        + list(wanted.oldest));
    }
    if (has_screen || !p.registered()) return;
    auto& wanted = expected_at(number{p.habits().number});
    if (p.screen().parked != wanted.shown)
      lie(p, "screen", p.screen().parked, wanted.shown);
    else if (!same_first(p.screen(), wanted))
      lies_.push_back(p.name() + "'s screen shows \"" + p.screen().first + "\" first");
  }

  /// A key on a person shows all that is parked there, one on a place the first.
  bool is_right(const phone_watch& key, const expected_lamp& wanted) const {
    auto& shown = key.shown().parked;
    if (in_.extensions.contains(number{key.user()})) return shown == wanted.here;
    if (shown.empty()) return wanted.here.empty();
    return shown.size() == 1 && wanted.first_here.contains(*shown.begin());
  }

  const expected_lamp& expected_at(const number& n) {
    auto found = expected_.find(n.text);
    if (found == expected_.end()) {
      auto parked = by_number_.find(n);
      auto lamp = parked == by_number_.end() ? expected_lamp{} : expect_at(n, parked->second);
      found = expected_.emplace(n.text, std::move(lamp)).first;
    }
    return found->second;
  }

  void lie(const phone& p, const std::string& what, const ids& shown, const ids& wanted) {
    lies_.push_back(p.name() + "'s " + what + " shows " + list(shown) + ", parked is "
                    + list(wanted));
  }

  const simulation& story_;
  const tenant& in_;
  std::vector<parked_now> parked_;
  parked_by_number by_number_;
  std::map<std::string, expected_lamp> expected_;
  std::vector<std::string> lies_;
};

/// True if the screen of that call names the number.
bool names(const phone_call& call, const std::string& number) {
  auto& shown = call.seen().shown;
  return shown == number || shown.find("<" + number + ">") != shown.npos;
}

class caller_inspector {
 public:
  caller_inspector(const simulation& story, const std::vector<std::string>& callers)
    : story_(story), callers_(callers), parked_(parked_calls(story)) {}

  std::vector<std::string> inspect() {
    for (auto& [name, p] : story_.phones())
      for (std::size_t i = 0; i < p->line_count(); ++i)
        if (auto& call = p->line(i); !call.ended()) inspect(*p, call);
    for (auto& name : callers_)
      inspect_places(*story_.phones().at(name));
    return std::move(broken_);
  }

 private:
  bool is_caller(const std::string& name) const {
    return std::find(callers_.begin(), callers_.end(), name) != callers_.end();
  }

  std::size_t places_of(const phone& p) const {
    return static_cast<std::size_t>(std::count_if(parked_.begin(), parked_.end(), [&](auto& one) {
      return one.terms->parked.extension.text == p.habits().number
             && one.state != park_state::parking;
    }));
  }

  void inspect_places(const phone& p) {
    auto places = places_of(p);
    if (places > p.live_calls())
      broken_.push_back(p.name() + " is parked " + std::to_string(places) + " times in "
                        + std::to_string(p.live_calls()) + " calls");
  }

  void inspect(const phone& p, const phone_call& call) {
    if (!call.talking()) return;
    auto heard = story_.hears(p, call);
    if (heard == "noise") broken_.push_back(p.name() + " hears noise");
    bool person = story_.phones().contains(heard);
    if (person) inspect_pair(p, call, *story_.phones().at(heard));
    if (!is_caller(p.name()) || p.live_calls() != 1 || call.busy()) return;
    bool listens = call.local_sdp().direction == "sendrecv";
    if (listens && heard == "nothing") broken_.push_back(p.name() + " waits in silence");
    auto places = places_of(p);
    if (places == 1 && person) broken_.push_back(p.name() + " is parked and hears " + heard);
    if (places == 0 && !has_partner(p, call))
      broken_.push_back(p.name() + " is with nobody and at no place");
  }

  /// Somebody else's call that names this one, or is named by it.
  bool has_partner(const phone& p, const phone_call& call) const {
    for (auto& [name, other] : story_.phones()) {
      if (other->name() == p.name() || is_caller(name)) continue;
      for (std::size_t i = 0; i < other->line_count(); ++i) {
        auto& theirs = other->line(i);
        if (!theirs.ended()
            && (names(theirs, p.habits().number) || names(call, other->habits().number)))
          return true;
      }
    }
    return false;
  }

  void inspect_pair(const phone& p, const phone_call& call, const phone& heard) {
    if (is_caller(p.name()) && is_caller(heard.name()))
      broken_.push_back(p.name() + " and " + heard.name() + ", both callers, hear each other");
    if (names(call, heard.habits().number)) return;
    for (std::size_t i = 0; i < heard.line_count(); ++i)
      if (auto& theirs = heard.line(i); !theirs.ended() && names(theirs, p.habits().number)) return;
    broken_.push_back(p.name() + " hears a stranger: " + heard.name());
  }

  const simulation& story_;
  const std::vector<std::string>& callers_;
  std::vector<parked_now> parked_;
  std::vector<std::string> broken_;
};

}  // namespace

std::vector<parked_now> parked_calls(const simulation& story) {
  std::vector<parked_now> calls;
  std::map<park_id, std::size_t> places;
  for (auto& e : story.park_events()) {
    auto [place, is_new] = places.emplace(e.id, calls.size());
    if (is_new)
      calls.push_back({e.id, e.terms, e.state, e.at});
    else
      calls[place->second].state = e.state;
  }
  std::erase_if(calls, [](auto& p) { return p.state == park_state::ended; });
  return calls;
}

std::vector<std::string> lying_lamps(const simulation& story) {
  return lamp_inspector{story}.inspect();
}

std::vector<std::string> broken_park_rules(const simulation& story,
                                           const std::vector<std::string>& callers) {
  auto broken = caller_inspector{story, callers}.inspect();
  auto lies = lying_lamps(story);
  broken.insert(broken.end(), lies.begin(), lies.end());
  return broken;
}

}  // namespace parkway::sim
