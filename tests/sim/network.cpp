#include "tests/sim/network.hpp"

#include <algorithm>

namespace parkway::sim {

using namespace std::chrono_literals;

link_terms link_terms::bad() {
  return {.delay_min = 1ms, .delay_max = 40ms, .loss = 0.1, .repeat = 0.1, .late = 0.1};
}

link_terms link_terms::jitter(timeline::duration delay_max) {
  return {.delay_min = 1ms, .delay_max = delay_max, .in_order = true};
}

void virtual_network::attach(const endpoint& at, std::string name, receiver hears) {
  nodes_[at] = std::move(hears);
  names_[at] = std::move(name);
}

void virtual_network::detach(const endpoint& at) {
  nodes_.erase(at);
}

std::string virtual_network::name_of(const endpoint& at) const {
  auto found = names_.find(at);
  return found == names_.end() ? at.text() : found->second;
}

const link_terms& virtual_network::terms_between(const endpoint& a, const endpoint& b) const {
  if (auto found = own_terms_.find(a); found != own_terms_.end()) return found->second;
  if (auto found = own_terms_.find(b); found != own_terms_.end()) return found->second;
  return terms_;
}

bool virtual_network::scripted_loss(const sighting& s) {
  auto found = std::find_if(lose_.begin(), lose_.end(), [&](auto& test) { return test(s); });
  if (found == lose_.end()) return false;
  lose_.erase(found);
  return true;
}

void virtual_network::send(const endpoint& from, const endpoint& to, transport_kind kind,
                           std::string bytes) {
  auto& terms = terms_between(from, to);
  auto delay = time_.between(terms.delay_min, terms.delay_max);
  sighting s{time_.now(), from, to, bytes};
  if (kind != transport_kind::udp || terms.in_order) {
    auto& head = stream_head_[{from, to}];
    head = std::max(head + 1us, time_.now() + delay);
    delay = head - time_.now();
  }
  if (kind == transport_kind::udp) {
    s.lost = scripted_loss(s) || time_.chance(terms.loss);
    if (time_.chance(terms.late)) delay += time_.between(0ms, terms.late_by);
    if (!s.lost && time_.chance(terms.repeat))
      deliver(from, to, kind, bytes, time_.between(terms.delay_min, terms.delay_max));
  }
  if (!s.lost) deliver(from, to, kind, std::move(bytes), delay);
  seen_.push_back(std::move(s));
}

void virtual_network::deliver(const endpoint& from, const endpoint& to, transport_kind kind,
                              std::string bytes, timeline::duration after) {
  time_.in(after, [this, from, to, kind, bytes = std::move(bytes)] {
    auto node = nodes_.find(to);
    if (node != nodes_.end()) node->second(from, kind, bytes);
  });
}

}  // namespace parkway::sim
