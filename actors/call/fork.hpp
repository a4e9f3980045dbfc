#pragma once

#include "actors/common/call_control.hpp"
#include "actors/common/deadline.hpp"

#include <array>
#include <map>
#include <optional>
#include <vector>

namespace parkway {

/// What a fork is to do.
struct fork_order {
  tenant_ptr in;
  ring_target target;
  caf::actor owner;     ///< Hears fork_ringing, fork_answered, fork_failed.
  session_ptr offer;    ///< For the phones; its audio port is filled in. Null: the phones offer.
  bool relayed = true;  ///< Open a media port, put it into the offer.
  std::chrono::seconds ring_time{180};  ///< RFC 3261 timer C: no ringing without an end.
};

/// One try to reach a number: all contacts of all numbers of a stage ring in parallel, the
/// first answer wins, the others are cancelled. A ring group may have several stages.
///
///   asking --contacts--> opening --media_opened--> ringing --leg_answered--> end
///      ^                                              | all refused, or the stage's time is over
///      +---------------- next stage ------------------+--- no stage left --> end (fork_failed)
struct call_fork {
  static inline const char* name = "fork";

  /// A port that the phones of one IP version are offered.
  struct media_port {
    media_id id;             ///< Empty: not asked for yet.
    std::uint16_t port = 0;  ///< 0: not open.
    bool is_awaited = false;
  };
  static constexpr std::size_t contacts_max =
    64;  ///< Rung at once: a large ring group, not a flood.
  /// Extensions, ring groups and media are actors of this process: one that is silent so long is
  /// dying, and what the others have said must do.
  static constexpr auto internal_reply_timeout = std::chrono::seconds{5};

  caf::event_based_actor* const self;
  const call_control control;
  const fork_order order;

  std::vector<std::vector<number>> stages;  ///< Still to come, first one first.
  std::size_t stage = 0;
  std::chrono::seconds stage_time;
  std::size_t asked = 0;  ///< Extensions that have not said their contacts yet.
  std::vector<contacts> reachable;
  std::array<media_port, 2> ports;  ///< By IP version: phones of both may ring for one call.
  std::map<leg_id, call_leg> rung;
  leg_id early;                 ///< The leg whose early media is heard.
  std::optional<refusal> best;  ///< The refusal that says most so far.
  deadline stage_over{1};
  deadline answers_by{2};  ///< Until the phones ring.

  call_fork(caf::event_based_actor* actor, context_ptr context, fork_order what);
  caf::behavior make_behavior();

 private:
  void start();
  void begin_stage();
  void heard_contacts(const contacts& c);
  void all_heard();
  void open_ports();
  void port_opened(const media_opened& m);
  void close_ports(const media_id& but = {});
  void nobody_answers();
  void ring_all();
  void place(const contacts& where);
  void ringing(const leg_ringing& r);
  void answered(const leg_answered& a);
  void refused(const leg_refused& r);
  void stage_ends();
  /// Cancels what rings: all of it, or the phones of one extension.
  void cancel(hang_up_reason reason, const std::optional<number>& whose = std::nullopt);
  void fail(refusal why);
  caf::actor extension_of(const number& n) const;
  void remember(const refusal& why);
};

/// Spawns a fork as a monitored child of `parent`.
caf::actor spawn_fork(caf::event_based_actor* parent, const context_ptr& context, fork_order order);

}  // namespace parkway
