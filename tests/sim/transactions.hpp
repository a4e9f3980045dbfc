#pragma once

#include "tests/sim/network.hpp"
#include "tests/sim/sip_text.hpp"

#include <functional>
#include <map>
#include <string>

namespace parkway::sim {

/// Names a transaction of one phone.
using transaction_id = std::uint64_t;

/// Who uses the transactions of a phone (RFC 3261 §17, with RFC 6026's Accepted state).
class transaction_user {
 public:
  virtual ~transaction_user() = default;
  virtual void on_request(transaction_id id, const sip_text& request) = 0;
  /// An ACK for a 2xx, or one that belongs to nothing.
  virtual void on_ack(const sip_text& ack) = 0;
  /// Every response but retransmissions; 2xx of an INVITE come each time they arrive.
  virtual void on_response(transaction_id id, const sip_text& response) = 0;
  /// Nobody answered within 64*T1.
  virtual void on_silence(transaction_id id) = 0;
  /// Our 2xx was not acknowledged within 64*T1.
  virtual void on_no_ack(transaction_id id) = 0;
  /// Something arrived that is not SIP.
  virtual void on_nonsense(const std::string& wrong, std::string_view bytes) = 0;
};

/// The four transaction machines of a phone, its retransmissions, and its place in the network.
class transactions {
 public:
  static constexpr timeline::duration t1 = std::chrono::milliseconds(500);
  static constexpr timeline::duration t2 = std::chrono::seconds(4);

  transactions(timeline& time, virtual_network& net, endpoint own, endpoint peer,
               transport_kind kind, transaction_user& user);
  ~transactions();

  /// Sends a request; Via is added.
  transaction_id request(sip_text message);
  /// CANCEL of a running INVITE (RFC 3261 §9.1).
  transaction_id cancel(transaction_id invite);
  /// Sends an ACK for a 2xx, outside transactions; Via is added. Returns the text, to be repeated.
  std::string acknowledge(sip_text ack);
  /// Sends bytes again, or whatever they are.
  void send(const std::string& bytes);
  void respond(transaction_id id, sip_text response);
  /// The dialog of a running re-INVITE is over: its answer may never come (RFC 3261 §15.1.2 only
  /// recommends one), and is waited for no longer than 64*T1.
  void abandon(transaction_id invite);
  /// The request will never be answered; its retransmissions are not heard either.
  void ignore(transaction_id id);
  /// Our 2xx was acknowledged: its repetition ends.
  void acknowledged(transaction_id id);
  void receive(std::string_view bytes);

  /// Requests of ours without a final answer, and answers of ours without an ACK.
  std::size_t unfinished() const;
  /// Forgets all: the plug was pulled.
  void reset();

 private:
  struct client {
    sip_text request;
    std::string bytes;
    int status = 0;          ///< Last one seen.
    bool abandoned = false;  ///< A provisional answer keeps it alive no longer.
    std::string ack;         ///< For a refused INVITE.
    timeline::duration pause = t1;
    timeline::event_id repeat = 0, end = 0;
  };
  struct server {
    sip_text request;
    std::string response;
    int status = 0;
    bool confirmed = false;  ///< The ACK has come.
    bool ignored = false;
    timeline::duration pause = t1;
    timeline::event_id repeat = 0, end = 0;
  };

  transaction_id start(sip_text message);
  static std::string server_key(const sip_text& m);
  void repeat_request(transaction_id id);
  void repeat_response(transaction_id id);
  void on_response(const sip_text& response);
  void on_request(const sip_text& request);
  void on_ack(const sip_text& ack);
  void acknowledge_refusal(client& c, const sip_text& response);
  void drop_client(transaction_id id);
  void drop_server(transaction_id id);
  bool reliable() const { return kind_ != transport_kind::udp; }

  timeline& time_;
  virtual_network& net_;
  endpoint own_, peer_;
  transport_kind kind_;
  transaction_user& user_;
  transaction_id last_ = 0;
  std::map<transaction_id, client> clients_;
  std::map<std::string, transaction_id> by_branch_;
  std::map<transaction_id, server> servers_;
  std::map<std::string, transaction_id> by_key_;
};

}  // namespace parkway::sim
