#pragma once

#include "kernel/runtime/loop_clock.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/execution_unit.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

struct event;
struct event_base;

namespace parkway {

/// A thread that is a libevent loop and a CAF worker at once: sockets and the actors they wake run
/// here, with no hop in between. Everything is confined to its thread but post, push and index.
class loop_worker final : public caf::execution_unit {
 public:
  loop_worker(caf::actor_system& system, std::size_t index, std::size_t throughput);
  ~loop_worker() override;

  /// The loop sockets and timers are added to; from this thread only.
  event_base* base() const { return base_.get(); }
  /// 0 … workers - 1: the shard.
  std::size_t index() const { return index_; }
  /// The worker this thread is, or null.
  static loop_worker* current();

  /// Runs `work` on this thread, soon. From any thread.
  void post(std::function<void()> work);
  /// Resumes `job` on this thread, soon. From any thread; takes over one reference.
  void push(caf::resumable* job);
  /// CAF's way to schedule from this thread. A job scheduled outside run_jobs runs in this turn of
  /// the loop at the latest.
  void exec_later(caf::resumable* job) override;

  /// Resumes waiting actors, at most `budget` times; the rest after the next look at the sockets.
  /// Call it after each packet, so that what a packet needs is still in the cache.
  void run_jobs(std::size_t budget = 256);
  /// run_jobs, then every after_batch hook: at the end of a libevent callback that woke actors.
  void end_batch();
  /// Adds a hook run after each batch of work, whoever caused it: where an outbox is flushed.
  void after_batch(std::function<void()> hook);
  /// The timers of actors whose clock is this worker's.
  timer_queue& timers() { return timers_; }

 private:
  friend class loop_coordinator;
  void start();
  void run();
  void on_foreign_work();
  void on_ready();
  template <void (loop_worker::*Handler)()>
  static void on_event(int, short, void* self) {
    (static_cast<loop_worker*>(self)->*Handler)();
  }
  template <class T>
  void hand_over(std::vector<T>& queue, T item);
  /// Ends what waits here; afterwards there may be more, elsewhere. False: there was nothing.
  bool discard_jobs();

  struct closer {
    void operator()(event_base* base) const;
    void operator()(event* timer) const;
  };
  using event_ptr = std::unique_ptr<event, closer>;
  /// Wakes the loop from other threads.
  struct bell {
    bell();
    ~bell();
    void ring() const;
    void silence() const;
    const int fd;
  };

  const std::size_t index_;
  const std::size_t throughput_;
  const std::unique_ptr<event_base, closer> base_;
  const bell bell_;
  const event_ptr wake_event_;   ///< Another thread has given us work.
  const event_ptr ready_event_;  ///< We have given ourselves work outside a batch.
  timer_queue timers_;
  std::deque<caf::resumable*> jobs_;
  std::vector<std::function<void()>> hooks_;
  bool running_ = false;  ///< Inside run_jobs.
  bool ready_ = false;    ///< ready_event_ is pending.
  std::mutex foreign_mutex_;
  std::vector<caf::resumable*> foreign_jobs_;
  std::vector<std::function<void()>> foreign_work_;
  std::thread thread_;
};

/// The CAF scheduler whose workers are libevent loops. Load it with use_loops.
class loop_coordinator final : public caf::scheduler::abstract_coordinator {
 public:
  explicit loop_coordinator(caf::actor_system& system);
  ~loop_coordinator() override;

  /// Called by actor_system_config::load.
  template <class... Ts>
  static caf::actor_system::module* make(caf::actor_system& system, caf::detail::type_list<Ts...>) {
    return new loop_coordinator(system);
  }

  caf::actor_clock& clock() noexcept override { return clock_; }
  std::size_t worker_count() const { return workers_.size(); }
  loop_worker& worker(std::size_t index) { return *workers_[index]; }

 protected:
  void start() override;
  void stop() override;
  void enqueue(caf::resumable* job) override;

 private:
  std::vector<std::unique_ptr<loop_worker>> workers_;
  loop_clock clock_;
  std::atomic<std::size_t> next_{0};
};

/// Processors this process may use (sched_getaffinity); at least 1.
std::size_t usable_cpus();

/// Makes an actor system of this configuration run on `workers` loops; 0: as many as usable_cpus.
/// Also switches libevent to thread-safe mode, which must happen before the first event_base.
void use_loops(caf::actor_system_config& config, std::size_t workers = 0);

/// The worker that is this shard, or null where the scheduler is another one (the simulator).
loop_worker* find_worker(caf::actor_system& system, std::size_t shard);

}  // namespace parkway
