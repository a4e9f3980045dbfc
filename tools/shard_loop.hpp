#pragma once

#include "kernel/runtime/context.hpp"
#include "kernel/runtime/loop_scheduler.hpp"
#include "sip/shard/shard.hpp"
#include "sip/transport/listeners.hpp"
#include "sip/transport/wire.hpp"
#include "tools/traced_wire.hpp"

#include <memory>
#include <string_view>

struct event;

namespace parkway {

/// One shard on its loop: sockets in front, actors behind, and its timers. Between start and stop
/// it belongs to its worker's thread.
class shard_loop final : public sip::wire_listener {
 public:
  shard_loop(loop_worker& worker, std::unique_ptr<sip::shard_wire> wire,
             const sip::shard_options& options, context_ptr house, caf::actor switchboard);
  ~shard_loop() override;

  /// Begins to read. On the worker's thread; once.
  void start();
  /// Sends what waits, and closes all sockets. On the worker's thread, when the shard's face has
  /// ended.
  void stop();
  /// What sip::shard_actor serves.
  sip::shard& served() { return *shard_; }

  void on_message(const flow& from, std::string_view bytes, time_point now) override;
  void on_closed(const flow& connection, time_point now) override;

 private:
  void on_timer();
  void end_batch();
  void arm();

  loop_worker& worker_;
  std::unique_ptr<sip::shard_wire> wire_;
  traced_wire out_;  ///< wire_, as the shard sees it.
  std::unique_ptr<sip::shard> shard_;
  event* timer_ = nullptr;
  time_point armed_for_ = time_point::max();  ///< What timer_ waits for; max: nothing.
};

}  // namespace parkway
