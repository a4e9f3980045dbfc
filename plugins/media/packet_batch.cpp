#include "plugins/media/packet_batch.hpp"

namespace parkway::media {

packet_batch::packet_batch() {
  for (std::size_t i = 0; i < size_max; ++i) {
    in_parts_[i] = {buffers_[i].data(), buffers_[i].size()};
    in_[i] = {};
    in_[i].msg_hdr.msg_name = &sources_[i];
    in_[i].msg_hdr.msg_namelen = sizeof(socket_address);
    in_[i].msg_hdr.msg_iov = &in_parts_[i];
    in_[i].msg_hdr.msg_iovlen = 1;
    out_[i] = {};
    out_[i].msg_hdr.msg_iov = &out_parts_[i];
    out_[i].msg_hdr.msg_iovlen = 1;
  }
}

std::size_t packet_batch::receive(int fd) {
  queued_ = 0;
  const int got = recvmmsg(fd, in_.data(), size_max, MSG_DONTWAIT, nullptr);
  for (int i = 0; i < got; ++i)
    in_[static_cast<std::size_t>(i)].msg_hdr.msg_namelen = sizeof(socket_address);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

packet_batch::packet packet_batch::at(std::size_t i) {
  const std::size_t size = in_[i].msg_len;
  return {std::span{buffers_[i]}.first(size <= rtp_size_max ? size : 0), sources_[i]};
}

void packet_batch::queue(std::size_t i, const socket_address& to) {
  auto& slot = out_[queued_];
  out_parts_[queued_] = {buffers_[i].data(), in_[i].msg_len};
  slot.msg_hdr.msg_name = const_cast<sockaddr*>(&to.any);
  slot.msg_hdr.msg_namelen = to.size();
  ++queued_;
}

std::size_t packet_batch::send(int fd) {
  const auto count = std::exchange(queued_, 0);
  if (count == 0) return 0;
  // The usual case: a voice sends one packet in 20 ms.
  if (count == 1) return sendmsg(fd, &out_[0].msg_hdr, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ? 1 : 0;
  const int sent =
    sendmmsg(fd, out_.data(), static_cast<unsigned>(count), MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

bool send_packet(int fd, std::span<const std::uint8_t> packet, const socket_address& to) {
  return sendto(fd, packet.data(), packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL, &to.any, to.size())
         >= 0;
}

}  // namespace parkway::media
