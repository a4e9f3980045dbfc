#include "kernel/runtime/loop_scheduler.hpp"

#include "kernel/runtime/pinned.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/detail/set_thread_name.hpp>
#include <caf/ref_counted.hpp>
#include <event2/event.h>
#include <event2/thread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace parkway {

namespace {

thread_local loop_worker* this_worker = nullptr;

/// Ends the loop that resumes it.
class end_of_loop final : public caf::resumable, public caf::ref_counted {
 public:
  resume_result resume(caf::execution_unit*, std::size_t) override {
    return shutdown_execution_unit;
  }
  void intrusive_ptr_add_ref_impl() override { caf::intrusive_ptr_add_ref(this); }
  void intrusive_ptr_release_impl() override { caf::intrusive_ptr_release(this); }
};

template <class T>
T* checked(T* made) {
  if (!made) throw std::runtime_error{"libevent cannot make an event loop"};
  return made;
}

}  // namespace

loop_worker::bell::bell() : fd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (fd < 0) throw std::runtime_error{"no eventfd"};
}

loop_worker::bell::~bell() {
  close(fd);
}

void loop_worker::bell::ring() const {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the loop is about to wake anyway.
  [[maybe_unused]] const auto written = write(fd, &one, sizeof one);
}

void loop_worker::bell::silence() const {
  std::uint64_t count;
  [[maybe_unused]] const auto got = read(fd, &count, sizeof count);
}

void loop_worker::closer::operator()(event_base* base) const {
  event_base_free(base);
}

void loop_worker::closer::operator()(event* timer) const {
  event_free(timer);
}

loop_worker::loop_worker(caf::actor_system& system, std::size_t index, std::size_t throughput)
  : caf::execution_unit(&system),
    index_(index),
    throughput_(throughput),
    base_(checked(event_base_new())),
    wake_event_(checked(event_new(base(), bell_.fd, EV_READ | EV_PERSIST,
                                  on_event<&loop_worker::on_foreign_work>, this))),
    ready_event_(checked(event_new(base(), -1, 0, on_event<&loop_worker::on_ready>, this))),
    timers_(base()) {
  event_add(wake_event_.get(), nullptr);
}

loop_worker::~loop_worker() = default;

loop_worker* loop_worker::current() {
  return this_worker;
}

template <class T>
void loop_worker::hand_over(std::vector<T>& queue, T item) {
  bool first;
  {
    const std::lock_guard lock{foreign_mutex_};
    first = foreign_jobs_.empty() && foreign_work_.empty();
    queue.push_back(std::move(item));
  }
  if (first) bell_.ring();
}

void loop_worker::post(std::function<void()> work) {
  hand_over(foreign_work_, std::move(work));
}

void loop_worker::push(caf::resumable* job) {
  if (this_worker == this)
    exec_later(job);
  else
    hand_over(foreign_jobs_, job);
}

void loop_worker::exec_later(caf::resumable* job) {
  jobs_.push_back(job);
  if (running_ || ready_) return;
  ready_ = true;
  event_active(ready_event_.get(), EV_TIMEOUT, 0);
}

void loop_worker::run_jobs(std::size_t budget) {
  if (running_) return;
  running_ = true;
  for (; !jobs_.empty() && budget > 0; --budget) {
    auto* const job = jobs_.front();
    jobs_.pop_front();
    switch (job->resume(this, throughput_)) {
      case caf::resumable::resume_later:
        jobs_.push_back(job);
        break;
      case caf::resumable::done:
      case caf::resumable::awaiting_message:
        caf::intrusive_ptr_release(job);
        break;
      case caf::resumable::shutdown_execution_unit:
        caf::intrusive_ptr_release(job);
        event_base_loopbreak(base());
        break;
    }
  }
  running_ = false;
  if (jobs_.empty() || ready_) return;
  // By a timer of no time, not event_active: that would run before the sockets are looked at.
  ready_ = true;
  const timeval at_once{0, 0};
  event_add(ready_event_.get(), &at_once);
}

void loop_worker::end_batch() {
  run_jobs();
  for (const auto& hook : hooks_)
    hook();
}

void loop_worker::after_batch(std::function<void()> hook) {
  hooks_.push_back(std::move(hook));
}

void loop_worker::on_ready() {
  ready_ = false;
  end_batch();
}

void loop_worker::on_foreign_work() {
  bell_.silence();
  std::vector<std::function<void()>> work;
  {
    const std::lock_guard lock{foreign_mutex_};
    jobs_.insert(jobs_.end(), foreign_jobs_.begin(), foreign_jobs_.end());
    foreign_jobs_.clear();
    work.swap(foreign_work_);
  }
  for (const auto& item : work)
    item();
  end_batch();
}

void loop_worker::start() {
  thread_ = std::thread{[this] { run(); }};
}

void loop_worker::run() {
  caf::detail::set_thread_name("parkway.loop");
  this_worker = this;
  event_base_loop(base(), EVLOOP_NO_EXIT_ON_EMPTY);
  this_worker = nullptr;
}

bool loop_worker::discard_jobs() {
  std::vector<std::function<void()>> work;
  std::deque<caf::resumable*> jobs;
  {
    const std::lock_guard lock{foreign_mutex_};
    jobs.swap(jobs_);
    jobs.insert(jobs.end(), foreign_jobs_.begin(), foreign_jobs_.end());
    foreign_jobs_.clear();
    work.swap(foreign_work_);
  }
  for (auto* const job : jobs)
    caf::scheduler::abstract_coordinator::cleanup_and_release(job);
  return !jobs.empty() || !work.empty();
}

loop_coordinator::loop_coordinator(caf::actor_system& system) : abstract_coordinator(system) {
}

loop_coordinator::~loop_coordinator() = default;

void loop_coordinator::start() {
  std::vector<loop_worker*> all;
  for (std::size_t i = 0; i < num_workers(); ++i) {
    workers_.push_back(std::make_unique<loop_worker>(system(), i, max_throughput()));
    all.push_back(workers_.back().get());
  }
  clock_.set_workers(std::move(all));
  for (const auto& worker : workers_)
    worker->start();
  abstract_coordinator::start();
}

void loop_coordinator::stop() {
  stop_actors();
  for (const auto& worker : workers_)
    worker->push(caf::make_counted<end_of_loop>().release());
  for (const auto& worker : workers_)
    worker->thread_.join();
  // What ends may still send to actors pinned elsewhere: until nothing is left.
  for (bool more = true; more;) {
    more = false;
    clock_.cancel_all();
    for (const auto& worker : workers_)
      more |= worker->discard_jobs();
  }
}

void loop_coordinator::enqueue(caf::resumable* job) {
  auto* const here = loop_worker::current();
  (here ? *here : *workers_[next_++ % workers_.size()]).push(job);
}

std::size_t usable_cpus() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<std::size_t>(std::max(1, CPU_COUNT(&set)));
}

void use_loops(caf::actor_system_config& config, std::size_t workers) {
  evthread_use_pthreads();
  config.set("scheduler.max-threads", workers == 0 ? usable_cpus() : workers);
  config.set("scheduler.max-throughput", std::size_t{64});
  config.load<loop_coordinator>();
}

loop_worker* find_worker(caf::actor_system& system, std::size_t shard) {
  auto* const loops = dynamic_cast<loop_coordinator*>(&system.scheduler());
  return loops && shard < loops->worker_count() ? &loops->worker(shard) : nullptr;
}

}  // namespace parkway
