#include "plugins/media/latch.hpp"

namespace parkway::media {

namespace {

using namespace std::chrono_literals;

constexpr auto former_time = 500ms;
const socket_address nowhere{};

}  // namespace

void latch::aim(const socket_address& described, time_point now) {
  if (!described || described.port() == 0) {
    unknown_ = true;
    source_ = {};
    return;
  }
  unknown_ = false;
  if (described_ == described) return;
  if (source_ && !(source_ == described)) {
    former_ = source_;
    former_until_ = now + former_time;
  }
  described_ = described;
  source_ = {};
}

bool latch::admit(const socket_address& from, time_point now) {
  if (source_ == from) return true;
  if (!is_aimed_at(from)) {
    if (source_) return false;
    if (former_ == from && now < former_until_) return false;
  }
  source_ = from;
  return true;
}

const socket_address& latch::to() const {
  if (source_) return source_;
  return unknown_ ? nowhere : described_;
}

}  // namespace parkway::media
