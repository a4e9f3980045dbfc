#include "actors/park/hunting.hpp"

#include <algorithm>

namespace parkway {
namespace {

using statuses = std::vector<place_status>;

bool available(const place_status& s) {
  return s.registered && s.parked_count == 0;
}

/// Registered before unregistered, then the fewest parked calls; list order breaks ties.
void by_load(statuses& members) {
  std::stable_sort(members.begin(), members.end(), [](const auto& a, const auto& b) {
    if (a.registered != b.registered) return a.registered;
    return a.parked_count < b.parked_count;
  });
}

/// The list from the member behind the parker, who comes last.
void behind_parker(statuses& members, const number& parker) {
  const auto found =
    std::find_if(members.begin(), members.end(), [&](const auto& m) { return m.place == parker; });
  if (found != members.end()) std::rotate(members.begin(), found + 1, members.end());
}

/// Never busy comes first, then who has been idle longest.
void longest_idle_first(statuses& members) {
  std::stable_sort(members.begin(), members.end(), [](const auto& a, const auto& b) {
    if (!a.idle_since || !b.idle_since) return !a.idle_since && b.idle_since;
    return *a.idle_since < *b.idle_since;
  });
}

/// The available members as `policy` orders them.
statuses available_in_order(hunting_policy policy, statuses members, const number& parker) {
  switch (policy) {
    case hunting_policy::first:
      break;
    case hunting_policy::next_after_parker:
      behind_parker(members, parker);
      break;
    case hunting_policy::least_parked:
      break;  // All available ones have none.
    case hunting_policy::longest_idle:
      longest_idle_first(members);
      break;
  }
  std::erase_if(members, [](const auto& m) { return !available(m); });
  return members;
}

}  // namespace

hunting_order hunting_by(hunting_policy policy) {
  return [policy](const statuses& members, const number& parker) {
    auto order = available_in_order(policy, members, parker);
    auto rest = members;
    std::erase_if(rest, available);
    by_load(rest);
    order.insert(order.end(), rest.begin(), rest.end());
    std::vector<number> places;
    places.reserve(order.size());
    for (const auto& m : order)
      places.push_back(m.place);
    return places;
  };
}

}  // namespace parkway
