#pragma once

#include "plugins/media/rtp_packet.hpp"
#include "plugins/media/socket_address.hpp"

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace parkway::media {

/// Packets on their way through an engine: read from one socket with one system call, changed
/// where they lie, sent from another with one system call.
class packet_batch {
 public:
  static constexpr std::size_t size_max = 16;

  /// One packet that came.
  struct packet {
    std::span<std::uint8_t> bytes;
    const socket_address& from;
  };

  packet_batch();
  /// Reads what waits, size_max packets at most. Returns how many.
  std::size_t receive(int fd);
  /// One of them. Larger ones than we relay come out empty.
  packet at(std::size_t i);
  /// It is to be sent to `to`, which must live until `send`.
  void queue(std::size_t i, const socket_address& to);
  /// Sends what was queued; what the kernel does not take at once is lost, as on any wire. Returns
  /// how many went out.
  std::size_t send(int fd);

 private:
  /// One byte more than is relayed, to know what was larger.
  using buffer = std::array<std::uint8_t, rtp_size_max + 1>;

  std::array<buffer, size_max> buffers_;
  std::array<socket_address, size_max> sources_;
  std::array<iovec, size_max> in_parts_;
  std::array<mmsghdr, size_max> in_;
  std::array<iovec, size_max> out_parts_;
  std::array<mmsghdr, size_max> out_;
  std::size_t queued_ = 0;
};

/// Sends one packet; false: it is lost.
bool send_packet(int fd, std::span<const std::uint8_t> packet, const socket_address& to);

}  // namespace parkway::media
