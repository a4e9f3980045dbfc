#include "actors/park/recall_plan.hpp"

#include <algorithm>

namespace parkway {

std::optional<recall_plan::span> recall_plan::first_after() const {
  if (terms_.recall_time.count() == 0) return std::nullopt;
  return terms_.recall_time;
}

std::optional<recall_plan::span> recall_plan::final_after() const {
  if (terms_.max_park_time.count() == 0) return std::nullopt;
  return terms_.max_park_time;
}

recall_move recall_plan::begin() const {
  switch (terms_.target) {
    case recall_target::user_only:
      return {recall_step::ring_parker, terms_.ring_time};
    case recall_target::user_first_then_ring_group:
      // The attempt may not outlast the time the parker is given before the group.
      return {recall_step::ring_parker, std::min<span>(terms_.ring_time, terms_.ring_group_time)};
    case recall_target::ring_group_only:
      return {recall_step::ring_group, {}};
    case recall_target::fixed_number:
      return {recall_step::ring_number, {}};
  }
  return {recall_step::finally, {}};
}

bool recall_plan::group_is_due(span since_first_ring) const {
  return terms_.target == recall_target::user_first_then_ring_group
         && since_first_ring >= terms_.ring_group_time;
}

recall_move recall_plan::parker_unanswered(span since_first_ring) const {
  const bool once =
    terms_.target == recall_target::ring_group_only || terms_.target == recall_target::fixed_number;
  if (once) return begin();
  if (group_is_due(since_first_ring)) return {recall_step::ring_group, {}};
  span pause = terms_.retry_time;
  if (terms_.target == recall_target::user_first_then_ring_group)
    pause = std::min<span>(pause, terms_.ring_group_time - since_first_ring);
  return {recall_step::pause, pause};
}

recall_move recall_plan::pause_over(span since_first_ring) const {
  if (group_is_due(since_first_ring)) return {recall_step::ring_group, {}};
  auto next = begin();
  if (terms_.target == recall_target::user_first_then_ring_group)
    next.span = std::min<span>(next.span, terms_.ring_group_time - since_first_ring);
  return next;
}

}  // namespace parkway
