#include "kernel/runtime/loop_clock.hpp"

#include "kernel/runtime/loop_scheduler.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/error.hpp>
#include <caf/sec.hpp>
#include <caf/system_messages.hpp>
#include <event2/event.h>

#include <algorithm>

namespace parkway {

namespace {

/// A loop never waits longer for a timer: keeps timeval arithmetic small.
constexpr std::chrono::hours wait_max{1};

void on_timer(evutil_socket_t, short, void* queue) {
  auto* const self = static_cast<timer_queue*>(queue);
  self->fire(caf::actor_clock::clock_type::now());
  self->rearm();
  if (auto* const worker = loop_worker::current()) worker->end_batch();
}

void deliver(timer_queue::due_message& due) {
  due.receiver->enqueue(std::move(due.content), loop_worker::current());
}

void deliver(timer_queue::due_group_message& due) {
  due.target->eq_impl(caf::make_message_id(), std::move(due.sender), loop_worker::current(),
                      std::move(due.content));
}

void deliver(timer_queue::due_timeout& due) {
  auto* const self = due.self->get();
  self->eq_impl(caf::make_message_id(), due.self, loop_worker::current(),
                caf::timeout_msg{due.type, due.id});
}

void deliver(timer_queue::due_request& due) {
  const auto self = caf::actor_cast<caf::strong_actor_ptr>(due.self);
  if (!self) return;
  self->get()->eq_impl(due.id, self, loop_worker::current(),
                       caf::make_error(caf::sec::request_timeout));
}

}  // namespace

timer_queue::timer_queue(event_base* base) : timer_(evtimer_new(base, on_timer, this)) {
}

timer_queue::~timer_queue() {
  clear();
  event_free(timer_);
}

caf::actor_id timer_queue::owner_of(const entry& what) {
  if (const auto* timeout = std::get_if<due_timeout>(&what)) return timeout->self->id();
  if (const auto* request = std::get_if<due_request>(&what)) return request->self->id();
  if (const auto* message = std::get_if<due_message>(&what)) return message->receiver->id();
  return caf::invalid_actor_id;
}

bool timer_queue::add(time_point due, entry what) {
  const auto owner = owner_of(what);
  const std::lock_guard lock{mutex_};
  const auto it = schedule_.emplace(key{due, ++serial_}, std::move(what)).first;
  if (owner != caf::invalid_actor_id) cancellable_.emplace(owner, it);
  return it == schedule_.begin();
}

void timer_queue::forget(schedule::iterator it) {
  const auto owner = owner_of(it->second);
  if (owner == caf::invalid_actor_id) return;
  const auto [first, last] = cancellable_.equal_range(owner);
  const auto found = std::find_if(first, last, [&](const auto& c) { return c.second == it; });
  if (found != last) cancellable_.erase(found);
}

template <class Matches>
bool timer_queue::cancel_if(caf::actor_id self, Matches matches) {
  schedule::node_type dead;  // Destroyed after the lock: it may release the last reference.
  const std::lock_guard lock{mutex_};
  const auto [first, last] = cancellable_.equal_range(self);
  const auto found =
    std::find_if(first, last, [&](const auto& c) { return matches(c.second->second); });
  if (found == last) return false;
  dead = schedule_.extract(found->second);
  cancellable_.erase(found);
  return true;
}

bool timer_queue::cancel(caf::actor_id self, caf::atom_value type) {
  return cancel_if(self, [type](const entry& what) {
    const auto* timeout = std::get_if<due_timeout>(&what);
    return timeout && timeout->type == type;
  });
}

bool timer_queue::cancel(caf::actor_id self, caf::message_id request) {
  return cancel_if(self, [request](const entry& what) {
    const auto* pending = std::get_if<due_request>(&what);
    return pending && pending->id == request;
  });
}

void timer_queue::cancel_all_of(caf::actor_id self) {
  while (cancel_if(self, [](const entry&) { return true; })) {
  }
}

void timer_queue::clear() {
  schedule dead;
  const std::lock_guard lock{mutex_};
  dead.swap(schedule_);
  cancellable_.clear();
}

std::size_t timer_queue::size() const {
  const std::lock_guard lock{mutex_};
  return schedule_.size();
}

void timer_queue::rearm() {
  using namespace std::chrono;
  time_point earliest;
  {
    const std::lock_guard lock{mutex_};
    if (schedule_.empty()) return;
    earliest = schedule_.begin()->first.first;
  }
  const auto wait = std::clamp<nanoseconds>(earliest - caf::actor_clock::clock_type::now(),
                                            nanoseconds{0}, wait_max);
  // Rounded up: a loop that wakes too early would only have to wait again.
  const auto whole = ceil<microseconds>(wait).count();
  const timeval tv{static_cast<time_t>(whole / 1'000'000),
                   static_cast<suseconds_t>(whole % 1'000'000)};
  evtimer_add(timer_, &tv);
}

void timer_queue::fire(time_point now) {
  for (;;) {
    schedule::node_type due;
    {
      const std::lock_guard lock{mutex_};
      if (schedule_.empty() || schedule_.begin()->first.first > now) return;
      forget(schedule_.begin());
      due = schedule_.extract(schedule_.begin());
    }
    std::visit([](auto& what) { deliver(what); }, due.mapped());
  }
}

void loop_clock::set_workers(std::vector<loop_worker*> workers) {
  workers_ = std::move(workers);
}

void loop_clock::add(time_point t, timer_queue::entry what) {
  if (auto* const here = loop_worker::current()) {
    if (here->timers().add(t, std::move(what))) here->timers().rearm();
    return;
  }
  auto* const first = workers_.front();  // Detached actors and other threads.
  if (first->timers().add(t, std::move(what))) first->post([first] { first->timers().rearm(); });
}

template <class Cancel>
void loop_clock::cancel_somewhere(Cancel cancel) {
  auto* const here = loop_worker::current();
  if (here && cancel(here->timers())) return;
  for (auto* const worker : workers_)  // The actor has moved since it set the timer.
    if (worker != here && cancel(worker->timers())) return;
}

void loop_clock::set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                                      std::uint64_t id) {
  cancel_ordinary_timeout(self, type);
  add(t, timer_queue::due_timeout{caf::actor_cast<caf::strong_actor_ptr>(self), type, id});
}

void loop_clock::set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                                   std::uint64_t id) {
  add(t, timer_queue::due_timeout{caf::actor_cast<caf::strong_actor_ptr>(self), type, id});
}

void loop_clock::set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) {
  add(t, timer_queue::due_request{caf::actor_cast<caf::weak_actor_ptr>(self), id});
}

void loop_clock::cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) {
  cancel_somewhere([&](timer_queue& queue) { return queue.cancel(self->id(), type); });
}

void loop_clock::cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) {
  cancel_somewhere([&](timer_queue& queue) { return queue.cancel(self->id(), id); });
}

void loop_clock::cancel_timeouts(caf::abstract_actor* self) {
  for (auto* const worker : workers_)
    worker->timers().cancel_all_of(self->id());
}

void loop_clock::schedule_message(time_point t, caf::strong_actor_ptr receiver,
                                  caf::mailbox_element_ptr content) {
  add(t, timer_queue::due_message{std::move(receiver), std::move(content)});
}

void loop_clock::schedule_message(time_point t, caf::group target, caf::strong_actor_ptr sender,
                                  caf::message content) {
  add(t, timer_queue::due_group_message{std::move(target), std::move(sender), std::move(content)});
}

void loop_clock::cancel_all() {
  for (auto* const worker : workers_)
    worker->timers().clear();
}

}  // namespace parkway
