#include "actors/extension/bindings.hpp"

#include <algorithm>

namespace parkway {
namespace {

/// The same phone at another address: a user agent registers with one Call-ID for as long as it
/// runs (RFC 3261 §10.2.4).
bool is_same_phone(const binding& known, const binding& contact, const std::string& call_id) {
  return known.key == contact.key
         || (known.uri == contact.uri && known.call_id == call_id
             && known.phone.instance == contact.phone.instance);
}

}  // namespace

std::optional<fault> bindings::apply(const register_phone& request, time_point now) {
  expire(now);
  const auto outdated = [&](const binding& b) {
    return b.call_id == request.call_id && request.sequence <= b.sequence;
  };
  for (const auto& b : all_) {
    const bool touched =
      request.remove_all
      || std::any_of(request.changes.begin(), request.changes.end(),
                     [&](const auto& c) { return is_same_phone(b, c.contact, request.call_id); });
    if (touched && outdated(b))
      return fault{fault_code::internal, "CSeq is not higher than before"};
  }
  if (request.remove_all) all_.clear();
  for (const auto& change : request.changes)
    put(change, request, now);
  return std::nullopt;
}

void bindings::put(const contact_change& change, const register_phone& request, time_point now) {
  std::erase_if(
    all_, [&](const binding& b) { return is_same_phone(b, change.contact, request.call_id); });
  if (change.expires.count() == 0) return;
  if (all_.size() == bindings_max)
    all_.erase(std::min_element(all_.begin(), all_.end(), [](const auto& a, const auto& b) {
      return a.expires_at < b.expires_at;
    }));
  auto added = change.contact;
  added.call_id = request.call_id;
  added.sequence = request.sequence;
  added.expires_at = now + change.expires;
  const auto behind = std::find_if(
    all_.begin(), all_.end(), [&](const binding& b) { return b.preference < added.preference; });
  all_.insert(behind, std::move(added));
}

bool bindings::is_new(const binding& contact, const std::string& call_id) const {
  return std::none_of(all_.begin(), all_.end(), [&](const binding& b) {
    return b.key == contact.key && b.call_id == call_id && b.user_agent == contact.user_agent;
  });
}

std::vector<std::pair<flow, flow>> bindings::moved(const register_phone& request) const {
  std::vector<std::pair<flow, flow>> moves;
  for (const auto& [contact, expires] : request.changes) {
    if (expires.count() == 0) continue;
    for (const auto& b : all_) {
      const bool same = is_same_phone(b, contact, request.call_id);
      if (same && b.via != contact.via) moves.emplace_back(b.via, contact.via);
    }
  }
  return moves;
}

bool bindings::expire(time_point now) {
  return std::erase_if(all_, [&](const binding& b) { return b.expires_at <= now; }) > 0;
}

void bindings::drop(std::uint16_t shard) {
  std::erase_if(all_, [&](const binding& b) { return b.via.shard == shard; });
}

std::optional<bindings::time_point> bindings::next_expiry() const {
  if (all_.empty()) return std::nullopt;
  return std::min_element(all_.begin(), all_.end(),
                          [](const auto& a, const auto& b) { return a.expires_at < b.expires_at; })
    ->expires_at;
}

}  // namespace parkway
