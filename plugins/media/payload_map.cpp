#include "plugins/media/payload_map.hpp"

#include <algorithm>

namespace parkway::media {

namespace {

const codec* counterpart(const codec& one, const std::vector<codec>& others) {
  const codec* found = nullptr;
  for (const auto& other : others) {
    if (!one.same_format(other)) continue;
    if (one.parameters == other.parameters) return &other;
    if (!found) found = &other;
  }
  return found;
}

}  // namespace

payload_map::payload_map(const std::vector<codec>& from, const std::vector<codec>& to)
  : payload_map() {
  add(from, to);
}

void payload_map::add(const std::vector<codec>& from, const std::vector<codec>& to) {
  for (const auto& one : from)
    if (const auto* other = counterpart(one, to))
      to_[one.payload_type & 0x7F] = other->payload_type & 0x7F;
}

const codec* find_codec(const std::vector<codec>& codecs, std::uint8_t payload_type) {
  const auto found = std::find_if(codecs.begin(), codecs.end(), [=](const codec& c) {
    return (c.payload_type & 0x7F) == payload_type;
  });
  return found == codecs.end() ? nullptr : &*found;
}

}  // namespace parkway::media
