#pragma once

#include "kernel/runtime/context.hpp"
#include "sip/message/ids.hpp"
#include "sip/message/message.hpp"
#include "sip/transaction/transaction_table.hpp"
#include "sip/transport/wire.hpp"

#include <caf/send.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace parkway::sip {

class leg;

/// Which request of a leg an answer belongs to; travels in the transaction's cookie.
enum class leg_request : std::uint8_t {
  invite,    ///< The first one of an outbound leg.
  reinvite,  ///< An offer of the owner, or a session refresh.
  update,    ///< Shows an identity, or refreshes the session; never with an offer.
  prack,
  notify,  ///< A report on a transfer.
  probe,   ///< OPTIONS: is the phone still there?
  other,   ///< INFO, BYE: nobody waits for the answer.
};

/// A leg's timers: one of each kind at a time.
enum class leg_timer : std::uint8_t {
  repeat,   ///< A 2xx without its ACK, a reliable provisional answer without its PRACK.
  session,  ///< Refresh, expiry or probe (RFC 4028).
  retry,    ///< After glare (RFC 3261 §14.1).
  give_up,  ///< A CANCELled INVITE that is never answered (RFC 3261 §9.1).
};
inline constexpr std::size_t leg_timer_count = 4;

/// What a leg needs of its shard. Everything at the time of the present message.
class leg_host {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  virtual time_point now() const = 0;
  virtual id_source& ids() = 0;
  virtual wire::shown_address shown_to(const flow& to) = 0;
  /// The way to a phone that was reached by `known`. Where that was a connection that has ended:
  /// one to its contact, unless it is behind a NAT (RFC 3261 §18.1.1).
  virtual flow way_to(const flow& known, std::string_view contact) = 0;
  /// A server transaction's phone is elsewhere now.
  virtual void redirect(transaction_id server, const flow& to) = 0;
  /// The shard's own actor, as owners know it.
  virtual caf::actor face() const = 0;

  /// Sends what belongs to no transaction: an ACK. False: it cannot be sent there.
  virtual bool send(const flow& to, std::string_view bytes) = 0;
  /// Answers a request. More than one 2xx to an INVITE may be sent (RFC 6026 §7.1).
  virtual void respond(transaction_id server, std::uint16_t status, std::string_view bytes) = 0;
  /// Opens a client transaction; the answer comes to leg::on_response, or leg::on_no_response.
  /// None: the shard is full, and no answer will come.
  virtual transaction_id request(const leg& from, leg_request what, std::string_view method,
                                 std::string_view branch, std::string_view bytes) = 0;
  /// CANCELs a client INVITE that has seen a provisional answer.
  virtual void cancel(transaction_id invite, std::string_view extra) = 0;
  /// A 2xx to an INVITE nobody wants any more: ACK, and BYE (RFC 3261 §13.2.2.4).
  virtual void dismiss(const message& success, const flow& from) = 0;
  /// Ends a client transaction without a word.
  virtual void forget(transaction_id client) = 0;

  virtual timer_id arm(const leg& whose, leg_timer what, time_point due) = 0;
  virtual void disarm(timer_id timer) = 0;
  /// The leg has come to its end: it is destroyed when the present message is done with.
  virtual void bury(const leg& dead) = 0;

 protected:
  ~leg_host() = default;
};

}  // namespace parkway::sip
