#include "actors/park/recall_plan.hpp"

#include <catch2/catch.hpp>

using namespace parkway;
using namespace std::chrono_literals;

namespace {

recall_terms terms_for(recall_target target) {
  recall_terms t;
  t.target = target;
  t.ring_group_time = 60s;
  t.ring_time = 30s;
  t.retry_time = 10s;
  return t;
}

const auto parker_only = recall_target::user_only;
const auto parker_then_group = recall_target::user_first_then_ring_group;
const auto group_only = recall_target::ring_group_only;
const auto to_number = recall_target::fixed_number;

}  // namespace

TEST_CASE("a recall comes after recall_time and the end after max_park_time; 0 means never",
          "[recall_plan]") {
  recall_terms t;
  t.recall_time = 45s;
  t.max_park_time = 900s;
  CHECK(recall_plan{t}.first_after() == 45s);
  CHECK(recall_plan{t}.final_after() == 900s);
  t.recall_time = t.max_park_time = 0s;
  CHECK_FALSE(recall_plan{t}.first_after());
  CHECK_FALSE(recall_plan{t}.final_after());
}

TEST_CASE("a recall takes the steps that recall_to names", "[recall_plan]") {
  enum class moment { begins, unanswered, pause_is_over };
  struct row {
    recall_target target;
    moment when;
    std::chrono::seconds since_first_ring;
    recall_step step;
    std::chrono::seconds span;
  };
  // recall_ring_time 30, recall_retry_time 10, recall_ring_group_time 60
  const auto r = GENERATE(values<row>({
    {parker_only, moment::begins, 0s, recall_step::ring_parker, 30s},
    {parker_only, moment::unanswered, 30s, recall_step::pause, 10s},
    {parker_only, moment::pause_is_over, 40s, recall_step::ring_parker, 30s},
    {parker_only, moment::unanswered, 3000s, recall_step::pause, 10s},
    {parker_only, moment::pause_is_over, 3000s, recall_step::ring_parker, 30s},

    {parker_then_group, moment::begins, 0s, recall_step::ring_parker, 30s},
    {parker_then_group, moment::unanswered, 2s, recall_step::pause, 10s},
    {parker_then_group, moment::unanswered, 30s, recall_step::pause, 10s},
    {parker_then_group, moment::pause_is_over, 40s, recall_step::ring_parker, 20s},
    {parker_then_group, moment::unanswered, 55s, recall_step::pause, 5s},
    {parker_then_group, moment::unanswered, 60s, recall_step::ring_group, 0s},
    {parker_then_group, moment::pause_is_over, 60s, recall_step::ring_group, 0s},
    {parker_then_group, moment::pause_is_over, 61s, recall_step::ring_group, 0s},

    {group_only, moment::begins, 0s, recall_step::ring_group, 0s},
    {to_number, moment::begins, 0s, recall_step::ring_number, 0s},
    // A failed park rings the parker whoever recall_to names, and then goes on as it says.
    {group_only, moment::unanswered, 30s, recall_step::ring_group, 0s},
    {to_number, moment::unanswered, 30s, recall_step::ring_number, 0s},
  }));
  const recall_plan plan{terms_for(r.target)};
  const auto move = r.when == moment::begins       ? plan.begin()
                    : r.when == moment::unanswered ? plan.parker_unanswered(r.since_first_ring)
                                                   : plan.pause_over(r.since_first_ring);
  CAPTURE(static_cast<int>(r.target), static_cast<int>(r.when), r.since_first_ring.count());
  CHECK(move.step == r.step);
  CHECK(move.span == r.span);
}

TEST_CASE("one attempt never outlasts the time the parker has before the group", "[recall_plan]") {
  auto t = terms_for(parker_then_group);
  t.ring_group_time = 12s;
  CHECK(recall_plan{t}.begin().span == 12s);
}
