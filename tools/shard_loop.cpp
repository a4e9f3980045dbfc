#include "tools/shard_loop.hpp"

#include <event2/event.h>

#include <algorithm>
#include <utility>

namespace parkway {

using steady = std::chrono::steady_clock;

shard_loop::shard_loop(loop_worker& worker, std::unique_ptr<sip::shard_wire> wire,
                       const sip::shard_options& options, context_ptr house, caf::actor switchboard)
  : worker_(worker),
    wire_(std::move(wire)),
    out_(*wire_),
    shard_(std::make_unique<sip::shard>(options, out_, std::move(house), std::move(switchboard),
                                        steady::now())) {
}

shard_loop::~shard_loop() = default;

void shard_loop::start() {
  timer_ = evtimer_new(
    worker_.base(),
    [](evutil_socket_t, short, void* self) { static_cast<shard_loop*>(self)->on_timer(); }, this);
  worker_.after_batch([this] { end_batch(); });
  wire_->start({worker_.base(), this, [this] { worker_.end_batch(); }});
}

void shard_loop::stop() {
  if (!shard_) return;
  wire_->flush();
  shard_.reset();
  wire_.reset();
  if (timer_) event_free(std::exchange(timer_, nullptr));
}

void shard_loop::on_message(const flow& from, std::string_view bytes, time_point now) {
  traced_wire::received(from, bytes);
  shard_->on_message(from, bytes, now);
  worker_.run_jobs();  // What the packet needs is in the cache now.
}

void shard_loop::on_closed(const flow& connection, time_point now) {
  shard_->on_closed(connection, now);
}

void shard_loop::on_timer() {
  armed_for_ = time_point::max();
  shard_->on_time(steady::now());
  worker_.end_batch();
}

void shard_loop::end_batch() {
  if (!shard_) return;
  wire_->flush();
  arm();
}

void shard_loop::arm() {
  using namespace std::chrono;
  const auto next = shard_->next_timer().value_or(time_point::max());
  if (next >= armed_for_) return;  // The timer comes early, then, and arms anew.
  armed_for_ = next;
  const auto wait = std::max<nanoseconds>(next - steady::now(), nanoseconds{0});
  const auto whole = ceil<microseconds>(wait).count();
  const timeval tv{static_cast<time_t>(whole / 1'000'000),
                   static_cast<suseconds_t>(whole % 1'000'000)};
  evtimer_add(timer_, &tv);
}

}  // namespace parkway
