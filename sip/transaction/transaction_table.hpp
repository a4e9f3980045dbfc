#pragma once

#include "kernel/values/party.hpp"
#include "sip/message/keyed_hash.hpp"
#include "sip/transaction/timer_wheel.hpp"
#include "sip/transaction/transaction_fsm.hpp"
#include "sip/transaction/transaction_key.hpp"

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parkway::sip {

/// Names one live transaction of a shard. A value: a stale one finds nothing.
struct transaction_id {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;  ///< 0: none.

  explicit operator bool() const { return generation != 0; }
  auto operator<=>(const transaction_id&) const = default;
};

/// What the transaction layer needs of its shard. Called from inside the table: send() must not
/// call back into it; on_timeout and on_transport_error come from on_time() only and may.
class transaction_user {
 public:
  virtual ~transaction_user() = default;
  /// Sends one message; false: it cannot be sent there.
  virtual bool send(const flow& to, std::string_view bytes) = 0;
  /// A client got no final answer (B, F), or a server no ACK (H). The transaction is gone.
  virtual void on_timeout(transaction_id gone, std::uint64_t cookie) = 0;
  /// Something could not be sent. A client transaction is gone.
  virtual void on_transport_error(transaction_id which, std::uint64_t cookie) = 0;
};

/// All transactions of one shard (RFC 3261 §17, RFC 6026): found by hash, driven by `advance`,
/// timed by a wheel of their own. No call costs more when more are alive. A transaction takes about
/// 250 bytes beside its key and its one stored message. Confined to the shard's thread.
///
///   request came:  receive() → fresh: open_server(), then respond() …; else it has been dealt with
///   response came: receive() → deliver, with the cookie; else absorbed, or no transaction's
class transaction_table {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  struct options {
    std::size_t live_max = 500'000;  ///< Beyond: nothing is opened.
    std::uint64_t hash_seed = 0;     ///< Secret and random, so that nobody can aim at one bucket.
  };

  /// What became of something received.
  enum class outcome : std::uint8_t {
    fresh,     ///< Request: belongs to no transaction (of an ACK: to a 2xx, so to a dialog).
               ///< Response: nobody waits for it.
    deliver,   ///< The TU's: a response; or an ACK in Accepted.
    absorbed,  ///< A repetition; answered from here where it had to be.
  };
  struct received {
    outcome what = outcome::fresh;
    transaction_id id;         ///< Not of fresh.
    std::uint64_t cookie = 0;  ///< As given when opened.
  };

  /// `user` outlives the table.
  transaction_table(const options& chosen, transaction_user& user, time_point start);
  ~transaction_table();

  /// A request came in: is it known? An ACK finds its INVITE's transaction (§17.2.3).
  received receive(const request_key& request, time_point now);
  /// Opens the server transaction of a request that was fresh; not of an ACK. Nothing: the table is
  /// full, or the request has one. It sends nothing: 100 to an INVITE is the caller's, at once.
  std::optional<transaction_id> open_server(const request_key& request, const flow& from,
                                            std::uint64_t cookie, time_point now);
  /// The INVITE this CANCEL is about (§9.2): found by the CANCEL's own key. The CANCEL gets a
  /// transaction of its own.
  std::optional<received> invite_of(const request_key& cancel);
  /// The TU answers: sends `bytes` and keeps what may have to be repeated. After a 2xx to INVITE
  /// further 2xx are sent through the same call; to repeat them is the dialog's business (RFC 6026
  /// §8.5). False: no such transaction, or it has its final response.
  bool respond(transaction_id server, std::uint16_t status, std::string_view bytes, time_point now);

  /// Opens a client transaction and sends its request. `branch` and `method` are those in `bytes`.
  /// Nothing: the table is full, or the branch is taken. A request that cannot be sent is reported
  /// by the next on_time().
  std::optional<transaction_id> open_client(std::string_view branch, std::string_view method,
                                            const flow& to, std::string_view bytes,
                                            std::uint64_t cookie, time_point now);
  /// A response came in (§17.1.3). `to` is the value of its To header, for the ACK of a non-2xx.
  received receive(std::string_view branch, std::string_view cseq_method, std::uint16_t status,
                   std::string_view to, time_point now);
  /// CANCELs an INVITE client that has seen a provisional response (§9.1). `extra` are header lines
  /// to add, each with its CRLF, such as Reason. Nothing: it is not in Proceeding (nothing may be
  /// cancelled before a provisional response: wait for one), or the table is full.
  std::optional<transaction_id> cancel(transaction_id invite_client, std::string_view extra,
                                       std::uint64_t cookie, time_point now);

  /// Gives a transaction another cookie, such as the dialog's once it is known.
  void set_cookie(transaction_id which, std::uint64_t cookie);
  /// State of a live transaction; nothing: it is gone.
  std::optional<transaction_state> state(transaction_id which) const;
  /// Where its messages go, or null. Valid until the next call.
  const flow* flow_of(transaction_id which) const;
  /// The phone of a server transaction is elsewhere now: what is still to be answered, or answered
  /// again, goes there.
  void redirect(transaction_id which, const flow& to);
  /// Ends a transaction without a word, as where a CANCELled INVITE is never answered (§9.1).
  void forget(transaction_id which);

  /// Runs every timer that is due.
  void on_time(time_point now);
  /// When on_time() is wanted next; nothing while nothing waits.
  std::optional<time_point> next_timer() const;

  /// How many of our requests have no final answer yet. Looks at every record: for the end.
  std::size_t unanswered() const;
  /// Number of live transactions.
  std::size_t live() const { return live_; }
  bool full() const { return live_ >= live_max_; }

 private:
  struct record;
  /// What a step led to, beside what it sent.
  struct step_result {
    bool delivered = false;
    bool responded = false;
    bool timed_out = false;
    bool transport_failed = false;
  };

  record& at(std::uint32_t index) const;
  record* find(transaction_id id) const;
  record* find(std::uint64_t hash, std::string_view key) const;
  std::uint32_t take_free();
  record* make(transaction_kind kind, const flow& peer, std::uint64_t cookie);
  void destroy(record& r);
  step_result step(record& r, transaction_input input, std::string_view given, time_point now);
  void step_and_report(record& r, transaction_input input, time_point now);
  void send(record& r, std::string_view bytes);
  void send_response(record& r, std::string_view given);
  void send_ack(record& r, std::string_view to);
  void start_timer(record& r, const transaction_action& a, time_point now);
  void stop_timer(timer_id& timer);
  static timer_id& timer_of(record& r, transaction_timer timer);

  transaction_user& user_;
  const std::size_t live_max_;
  const keyed_hash hash_;
  const time_point start_;
  timer_wheel wheel_;
  std::size_t live_ = 0;
  std::uint32_t free_;
  const std::uint32_t bucket_mask_;
  std::unique_ptr<std::uint32_t[]> buckets_;       ///< Sized for live_max: never rehashed.
  std::vector<std::unique_ptr<record[]>> chunks_;  ///< Records never move.
  std::vector<transaction_id> failed_sends_;       ///< For on_time() to report.
  std::string scratch_;                            ///< Where keys are put together.
};

}  // namespace parkway::sip
