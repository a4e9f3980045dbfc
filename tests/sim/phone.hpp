#pragma once

#include "tests/sim/phone_call.hpp"
#include "tests/sim/phone_watch.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace parkway::sim {

/// A scripted desk phone. It speaks SIP by its own small stack and does what its person does; all
/// it sees is kept for the test to look at.
class phone final : public transaction_user {
 public:
  using on_final = std::function<void(const sip_text* response)>;

  phone(timeline& time, virtual_network& net, const endpoint& own, const endpoint& peer,
        std::string name, phone_habits habits);
  ~phone() override;

  // --- what the person does ---
  void register_for(std::chrono::seconds expires = std::chrono::seconds(3600));
  void unregister() { register_for(std::chrono::seconds(0)); }
  /// REGISTER with Contact: * and Expires: 0.
  void unregister_all();
  phone_call& call(const std::string& dialled);
  /// INVITE with Replaces of a dialog: "call-id;to-tag=…;from-tag=…".
  phone_call& call_replacing(const std::string& dialled, const std::string& replaces);
  /// REFER outside a dialog to park the peer of a call (draft-procter-bliss-call-park-extension).
  void refer_outside(const std::string& request_uri, const std::string& refer_to);
  /// The same, for a call of its own: parks its peer at that place.
  void park_outside(const std::string& place, const phone_call& call);
  void options(const std::string& uri);
  /// Subscribes to a number: `dialog` is a BLF key, `call-info` the screen (with the park body).
  phone_watch& watch(const std::string& event, const std::string& user);
  /// Any request outside a dialog; 401 is answered. The handler hears the final response or null.
  void send_outside(sip_text request, on_final heard);
  /// The next REGISTER is the first of a phone that was switched on again.
  void reboot() { register_call_id_.clear(); }
  /// Pulls the plug: nothing is sent or heard, calls are forgotten.
  void unplug();
  void plug_in();

  // --- what the phone knows ---
  const std::string& name() const { return name_; }
  const endpoint& address() const { return own_; }
  phone_habits& habits() { return habits_; }
  const phone_habits& habits() const { return habits_; }
  bool registered() const { return registered_; }
  int register_status() const { return register_status_; }
  /// Final responses of REGISTER, the first first.
  const std::vector<int>& register_answers() const { return register_answers_; }
  const sip_text& last_register_answer() const { return register_answer_; }
  bool has_call() const { return !calls_.empty(); }
  /// The newest call.
  phone_call& line() { return *calls_.back(); }
  phone_call& line(std::size_t index) { return *calls_.at(index); }
  const phone_call& line(std::size_t index) const { return *calls_.at(index); }
  std::size_t line_count() const { return calls_.size(); }
  /// The newest call that is not ended, or null.
  phone_call* live_call();
  const phone_call* live_call() const { return const_cast<phone*>(this)->live_call(); }
  std::size_t live_calls() const;
  /// Statuses of what was sent outside dialogs (OPTIONS, REFER), in order.
  const std::vector<int>& outside_answers() const { return outside_answers_; }
  const sip_text& last_outside_answer() const { return outside_answer_; }
  /// What the screen shows as parked: the last unasked NOTIFY (Event: park-info).
  const lamp_text& screen() const { return screen_; }
  const std::deque<std::unique_ptr<phone_watch>>& watches() const { return watches_; }
  /// Requests that came outside dialogs, but INVITE: NOTIFY, OPTIONS.
  const std::vector<sip_text>& notices() const { return notices_; }
  /// What no PBX may do to a phone; a story ends with none.
  const std::vector<std::string>& complaints() const { return complaints_; }
  void complain(std::string what) { complaints_.push_back(name_ + ": " + std::move(what)); }
  std::size_t unfinished() const { return transactions_.unfinished(); }

  /// How requests outside dialogs are answered; 200 unless the story says otherwise, 0: not at all.
  std::function<int(const sip_text&)> answer_notice;
  /// How long it takes to answer them.
  timeline::duration notice_pause{0};
  /// Retry-After in those answers; empty: none.
  std::string retry_after;

  // --- for its calls ---
  timeline& time() { return time_; }
  transactions& wire() { return transactions_; }
  transaction_id send(sip_text request, on_final heard);
  void forget(transaction_id id) { handlers_.erase(id); }
  std::string fresh_tag();
  std::string contact() const;
  std::uint16_t fresh_port() { return static_cast<std::uint16_t>(next_port_ += 2); }
  /// Credentials for a 401; empty: it cannot be answered.
  std::string credentials(const sip_text& challenge, std::string_view method,
                          const std::string& uri);
  /// Credentials with the nonce of the last challenge; empty: none was met.
  std::string remembered_credentials(std::string_view method, const std::string& uri);

  void on_request(transaction_id id, const sip_text& request) override;
  void on_ack(const sip_text& ack) override;
  void on_response(transaction_id id, const sip_text& response) override;
  void on_silence(transaction_id id) override;
  void on_no_ack(transaction_id id) override;
  void on_nonsense(const std::string& wrong, std::string_view bytes) override;

 private:
  sip_text outside(std::string_view method, const std::string& uri, const std::string& to);
  void send_register(sip_text m);
  void on_registered(const sip_text* r);
  void plan_refresh(const sip_text& r);
  void try_outside(sip_text m, on_final heard, int attempts);
  phone_call* find(const std::string& call_id, const std::string& own_tag);
  phone_watch* find_watch(const sip_text& notify);
  void on_outside_request(transaction_id id, const sip_text& request);
  void answer_outside(transaction_id id, const sip_text& request, int status);

  timeline& time_;
  virtual_network& net_;
  endpoint own_;
  std::string name_;
  phone_habits habits_;
  transactions transactions_;
  std::deque<std::unique_ptr<phone_call>> calls_;
  std::deque<std::unique_ptr<phone_watch>> watches_;
  lamp_text screen_;
  std::map<transaction_id, on_final> handlers_;
  std::string challenge_;
  std::uint32_t nonce_count_ = 0;
  std::uint64_t serial_ = 0;
  int next_port_ = 4000;
  std::string register_call_id_;
  std::uint32_t register_cseq_ = 0;
  bool registered_ = false;
  int register_status_ = 0;
  sip_text register_answer_, outside_answer_;
  std::vector<int> register_answers_, outside_answers_;
  timeline::event_id refresh_ = 0;
  std::vector<sip_text> notices_;
  std::vector<std::string> complaints_;
};

/// What the screen shows of a party: `James <103>`, or `103`.
std::string screen_text(std::string_view name_addr);

}  // namespace parkway::sim
