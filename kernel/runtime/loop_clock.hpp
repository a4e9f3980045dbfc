#pragma once

#include <caf/actor_clock.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/fwd.hpp>
#include <caf/group.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>
#include <caf/message_id.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

struct event;
struct event_base;

namespace parkway {

/// What actors of one worker are waiting for. Added to from any thread; fires on its worker's loop.
/// Costs one map node and an uncontended lock a timer, so it stays flat with what is pending.
class timer_queue {
 public:
  using time_point = caf::actor_clock::time_point;

  /// A message that is due later (delayed_send).
  struct due_message {
    caf::strong_actor_ptr receiver;
    caf::mailbox_element_ptr content;
  };
  /// The same to a group.
  struct due_group_message {
    caf::group target;
    caf::strong_actor_ptr sender;
    caf::message content;
  };
  /// An ordinary (receive) timeout.
  struct due_timeout {
    caf::strong_actor_ptr self;
    caf::atom_value type;
    std::uint64_t id;
  };
  /// The patience of a request. Weak: CAF 0.17.6 cancels it when the asker ends, but not when the
  /// answer comes, and then it must not keep the asker alive.
  struct due_request {
    caf::weak_actor_ptr self;
    caf::message_id id;
  };
  using entry = std::variant<due_message, due_group_message, due_timeout, due_request>;

  /// `base`: the loop it fires on.
  explicit timer_queue(event_base* base);
  ~timer_queue();
  timer_queue(const timer_queue&) = delete;
  timer_queue& operator=(const timer_queue&) = delete;

  /// True: the earliest moment has moved forward, and the worker is to call rearm.
  bool add(time_point due, entry what);
  /// Removes the receive timeout of that type. False: none here.
  bool cancel(caf::actor_id self, caf::atom_value type);
  /// Removes a request's timeout. False: none here.
  bool cancel(caf::actor_id self, caf::message_id request);
  /// Removes all that an actor waits for, messages too: CAF calls it when the actor has ended, and
  /// what is addressed to it would pin its whole block (1.6 kB and more) until it is due.
  void cancel_all_of(caf::actor_id self);
  /// Removes everything, messages too.
  void clear();
  /// How many are pending.
  std::size_t size() const;

  /// Sets the loop's timer to the earliest moment. On the worker's thread.
  void rearm();
  /// Delivers what is due. On the worker's thread.
  void fire(time_point now);

 private:
  using key = std::pair<time_point, std::uint64_t>;
  using schedule = std::map<key, entry>;
  using cancellable = std::unordered_multimap<caf::actor_id, schedule::iterator>;

  template <class Matches>
  bool cancel_if(caf::actor_id self, Matches matches);
  void forget(schedule::iterator it);
  static caf::actor_id owner_of(const entry& what);

  mutable std::mutex mutex_;
  schedule schedule_;
  cancellable cancellable_;
  std::uint64_t serial_ = 0;  ///< Keeps timers of one moment in the order they were set.
  event* timer_;
};

class loop_worker;

/// The actor clock of the loops: a timer belongs to the worker that sets it.
class loop_clock final : public caf::actor_clock {
 public:
  /// Before the first timer; the workers must outlive the clock's use.
  void set_workers(std::vector<loop_worker*> workers);

  void set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                            std::uint64_t id) override;
  void set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                         std::uint64_t id) override;
  void set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) override;
  void cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) override;
  void cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) override;
  void cancel_timeouts(caf::abstract_actor* self) override;
  void schedule_message(time_point t, caf::strong_actor_ptr receiver,
                        caf::mailbox_element_ptr content) override;
  void schedule_message(time_point t, caf::group target, caf::strong_actor_ptr sender,
                        caf::message content) override;
  void cancel_all() override;

 private:
  void add(time_point t, timer_queue::entry what);
  template <class Cancel>
  void cancel_somewhere(Cancel cancel);

  std::vector<loop_worker*> workers_;
};

}  // namespace parkway
