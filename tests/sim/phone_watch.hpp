#pragma once

#include "tests/sim/lamp_text.hpp"
#include "tests/sim/transactions.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace parkway::sim {

class phone;

/// One subscription of a scripted phone, subscriber's side (RFC 6665 §4.1): a BLF key (`dialog`) or
/// the screen's own (`call-info` with the park body). What a notifier may not do it complains of.
class phone_watch {
 public:
  phone_watch(phone& of, std::string event, std::string user);
  phone_watch(const phone_watch&) = delete;
  phone_watch& operator=(const phone_watch&) = delete;

  // --- what the phone does ---
  /// SUBSCRIBE, in the dialog once there is one. 0 s ends it.
  void subscribe(std::chrono::seconds expires = std::chrono::seconds(3600));
  /// The plug was pulled: all is forgotten.
  void drop();

  // --- what the phone knows ---
  /// What the last NOTIFY showed.
  const lamp_text& shown() const { return shown_; }
  const std::string& event() const { return event_; }
  const std::string& user() const { return user_; }
  int status() const { return status_; }  ///< Answer to the last SUBSCRIBE; 0: none yet.
  std::size_t notified() const { return notified_; }
  /// Subscribed, notified, and not told that it is over.
  bool active() const { return state_ == watch_state::active; }
  bool over() const { return state_ == watch_state::over; }
  const sip_text& last_notify() const { return last_; }

  // --- what the network brings ---
  bool is_dialog(const std::string& call_id, const std::string& own_tag) const {
    return call_id == call_id_ && own_tag == local_tag_;
  }
  void on_notify(transaction_id id, const sip_text& notify);

 private:
  enum class watch_state : std::uint8_t { asking, active, over };

  void send(std::chrono::seconds expires, const std::string& credentials);
  void on_answer(const sip_text* r, std::chrono::seconds expires);
  void read(const sip_text& notify);

  phone& phone_;
  const std::string event_, user_, uri_, call_id_, local_tag_;
  std::string remote_tag_, target_;
  std::uint32_t cseq_ = 0, remote_cseq_ = 0;
  int challenges_ = 0;
  int status_ = 0;
  std::size_t notified_ = 0;
  watch_state state_ = watch_state::asking;
  timeline::event_id refresh_ = 0;
  lamp_text shown_;
  sip_text last_;
};

}  // namespace parkway::sim
