#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace parkway::sip {

/// The four machines of RFC 3261 §17, those for INVITE as corrected by RFC 6026.
enum class transaction_kind : std::uint8_t {
  invite_client,      ///< §17.1.1, RFC 6026 §8.4 (figure 5)
  non_invite_client,  ///< §17.1.2 (figure 6)
  invite_server,      ///< §17.2.1, RFC 6026 §8.5 (figure 7)
  non_invite_server,  ///< §17.2.2 (figure 8)
};

/// States of all four; each machine uses some of them.
enum class transaction_state : std::uint8_t {
  initial,  ///< Made, not started.
  calling,
  trying,
  proceeding,
  completed,
  confirmed,
  accepted,  ///< RFC 6026: a 2xx was seen or sent; what strays in is still ours.
  terminated,
};

/// Timers of RFC 3261 table 4 and RFC 6026. (C belongs to proxies.)
enum class transaction_timer : std::uint8_t { a, b, d, e, f, g, h, i, j, k, l, m };

/// What happens to a machine.
enum class transaction_input : std::uint8_t {
  start,        ///< The TU sends the request; or the first copy of it came in.
  request,      ///< Server: the same request again.
  ack,          ///< INVITE server: the ACK of this transaction.
  provisional,  ///< 1xx: received by a client, sent by a server's TU.
  success,      ///< 2xx, likewise.
  failure,      ///< 300–699, likewise.
  transport_error,
  timer_a,  ///< Timers fire; in the order of transaction_timer.
  timer_b,
  timer_d,
  timer_e,
  timer_f,
  timer_g,
  timer_h,
  timer_i,
  timer_j,
  timer_k,
  timer_l,
  timer_m,
};

/// One thing the machine wants done.
enum class transaction_deed : std::uint8_t {
  send_request,            ///< The stored request.
  send_response,           ///< The stored response: of `failure` and the like, the one just given.
  send_ack,                ///< ACK for a non-2xx response (§17.1.1.3).
  deliver,                 ///< The TU gets what came in.
  set_timer,               ///< (Re)starts `timer` with `after`.
  cancel_timer,            ///< Stops `timer`.
  report_timeout,          ///< To the TU: no answer, or no ACK.
  report_transport_error,  ///< To the TU.
  terminate,               ///< Last of all: the transaction is to be destroyed.
};

/// A deed with what it needs.
struct transaction_action {
  transaction_deed deed = transaction_deed::terminate;
  transaction_timer timer = transaction_timer::a;  ///< Of set_timer and cancel_timer.
  std::chrono::milliseconds after{0};              ///< Of set_timer.

  bool operator==(const transaction_action&) const = default;
};

/// The actions of one step, in order; a machine never asks for more than five.
class transaction_actions {
 public:
  void add(const transaction_action& a) { held_[count_++] = a; }
  const transaction_action* begin() const { return held_.data(); }
  const transaction_action* end() const { return held_.data() + count_; }
  std::size_t size() const { return count_; }
  bool has(transaction_deed wanted) const;

 private:
  std::array<transaction_action, 5> held_{};
  std::uint8_t count_ = 0;
};

/// Everything a machine remembers. Messages are its owner's business.
struct transaction_machine {
  transaction_kind kind = transaction_kind::non_invite_server;
  transaction_state state = transaction_state::initial;
  bool reliable = false;                          ///< The transport repeats by itself: all but UDP.
  std::chrono::milliseconds retransmit_after{0};  ///< Present interval of A, E or G.

  bool operator==(const transaction_machine&) const = default;
};

/// Base times (RFC 3261 table 4).
struct transaction_times {
  static constexpr std::chrono::milliseconds t1{500};   ///< Round trip, estimated.
  static constexpr std::chrono::milliseconds t2{4000};  ///< Longest pause between repetitions.
  static constexpr std::chrono::milliseconds t4{5000};  ///< How long a message lives in the net.
  static constexpr std::chrono::milliseconds patience{64 * t1};  ///< B, F, H, J, L, M.
  static constexpr std::chrono::milliseconds d{32000};           ///< "At least 32 s" (§17.1.1.2).
};

/// A machine after one input, and what is to be done.
struct transaction_step {
  transaction_machine next;
  transaction_actions actions;
};

/// One step of a machine: pure. An input that its state does not list changes nothing and asks for
/// nothing.
transaction_step advance(const transaction_machine& m, transaction_input input);

/// The input that says this timer fired.
constexpr transaction_input fired(transaction_timer t) {
  return static_cast<transaction_input>(static_cast<unsigned>(transaction_input::timer_a)
                                        + static_cast<unsigned>(t));
}

/// The input a response of this status (100–699) is.
constexpr transaction_input response_input(unsigned status) {
  if (status < 200) return transaction_input::provisional;
  return status < 300 ? transaction_input::success : transaction_input::failure;
}

}  // namespace parkway::sip
