#pragma once

#include "kernel/values/party.hpp"
#include "tests/sim/timeline.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace parkway::sim {

/// How badly a link behaves. Probabilities 0–1, drawn for each message by the seed.
struct link_terms {
  timeline::duration delay_min = std::chrono::milliseconds(2);
  timeline::duration delay_max = std::chrono::milliseconds(2);
  double loss = 0;
  double repeat = 0;  ///< A second copy arrives, with a delay of its own.
  double late = 0;    ///< Arrives up to `late_by` later, behind what was sent after it.
  timeline::duration late_by = std::chrono::milliseconds(700);
  bool in_order = false;  ///< Datagrams of one direction do not overtake each other.

  /// Up to that long under way, nothing lost, nothing overtaken: an office on a busy day.
  static link_terms jitter(timeline::duration delay_max);

  /// A bad day: every tenth message lost, many doubled and out of order.
  static link_terms bad();
};

/// One message as an onlooker sees it, at the moment it was sent.
struct sighting {
  timeline::time_point at;
  endpoint from, to;
  std::string bytes;
  bool lost = false;
};

/// Datagrams, and streams of whole messages, between addresses. Streams lose and reorder nothing.
class virtual_network {
 public:
  using receiver = std::function<void(const endpoint& from, transport_kind, std::string_view)>;

  explicit virtual_network(timeline& time) : time_(time) {}

  void attach(const endpoint& at, std::string name, receiver hears);
  /// Nobody listens there any more: what is under way is lost.
  void detach(const endpoint& at);
  /// For all links without terms of their own.
  void set_terms(const link_terms& terms) { terms_ = terms; }
  /// For the links of one address.
  void set_terms(const endpoint& of, const link_terms& terms) { own_terms_[of] = terms; }
  /// Forgets the terms of single addresses.
  void forget_own_terms() { own_terms_.clear(); }
  /// The next message that satisfies the test is lost; for scripted mishaps.
  void lose_next(std::function<bool(const sighting&)> test) { lose_.push_back(std::move(test)); }

  void send(const endpoint& from, const endpoint& to, transport_kind kind, std::string bytes);

  const std::vector<sighting>& seen() const { return seen_; }
  /// Name of who is attached (or was), else the address.
  std::string name_of(const endpoint& at) const;
  bool attached(const endpoint& at) const { return nodes_.contains(at); }

 private:
  void deliver(const endpoint& from, const endpoint& to, transport_kind kind, std::string bytes,
               timeline::duration after);
  bool scripted_loss(const sighting& s);
  const link_terms& terms_between(const endpoint& a, const endpoint& b) const;

  timeline& time_;
  link_terms terms_;
  std::map<endpoint, link_terms> own_terms_;
  std::map<endpoint, receiver> nodes_;
  std::map<endpoint, std::string> names_;
  std::map<std::pair<endpoint, endpoint>, timeline::time_point> stream_head_;
  std::vector<std::function<bool(const sighting&)>> lose_;
  std::vector<sighting> seen_;
};

}  // namespace parkway::sim
