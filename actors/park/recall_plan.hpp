#pragma once

#include "kernel/config/tenants.hpp"
#include "kernel/values/names.hpp"

#include <chrono>
#include <optional>

namespace parkway {

/// What a recall does next.
enum class recall_step : std::uint8_t {
  ring_parker,  ///< All phones of the parker, for `span`; the call stays retrievable.
  pause,        ///< Parked again for `span`, then the next step.
  ring_group,   ///< The ring group; the call belongs there now.
  ring_number,  ///< The recall number; likewise.
  finally,      ///< max_park_time is over or nobody is left: `final_number`, or hang up.
};

/// One step, and how long it lasts.
struct recall_move {
  recall_step step;
  std::chrono::steady_clock::duration span{};
};

/// Who is rung when, and what comes last. Pure; table-tested. Times are spans since the park.
class recall_plan {
 public:
  using span = std::chrono::steady_clock::duration;

  explicit recall_plan(const recall_terms& terms) : terms_(terms) {}

  /// First recall after the park; none: never.
  std::optional<span> first_after() const;
  /// Park to `final`; none: never.
  std::optional<span> final_after() const;
  /// The recall begins now.
  recall_move begin() const;
  /// The parker did not answer; the first ring of this recall was `since_first_ring` ago. Where
  /// recall_to does not name the parker it was rung because a park had failed: then on at once.
  recall_move parker_unanswered(span since_first_ring) const;
  /// The pause is over.
  recall_move pause_over(span since_first_ring) const;

 private:
  bool group_is_due(span since_first_ring) const;

  recall_terms terms_;
};

}  // namespace parkway
