#include "sip/transport/udp_wire.hpp"

#include <event2/event.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace parkway::sip {
namespace {

constexpr unsigned batch = 32;
constexpr std::size_t datagram_max = 65'507;  // 65'535 less IP and UDP headers.
constexpr std::size_t buffer_size = 64 * 1024;
constexpr std::size_t letters_max = 16'384;
constexpr std::size_t text_max = 16 * 1024 * 1024;
constexpr std::size_t kept_max = 1024 * 1024;  // Room kept for the next batch.

/// Room for one IP_PKTINFO or IPV6_PKTINFO.
struct alignas(cmsghdr) packet_info {
  char bytes[CMSG_SPACE(sizeof(in6_pktinfo))];

  void attach_to(msghdr& header) {
    header.msg_control = bytes;
    header.msg_controllen = sizeof bytes;
  }
};

/// The address of ours that a datagram came to; the any-address: the kernel does not say.
ip_address destination_of(msghdr& header) {
  ip_address address;
  for (auto* c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      std::memcpy(address.bytes.data(), &info.ipi_spec_dst, 4);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      address.version = ip_version::v6;
      std::memcpy(address.bytes.data(), &info.ipi6_addr, 16);
    }
  }
  return address;
}

/// Has a message leave from that address of ours.
void send_from(const ip_address& address, msghdr& header, packet_info& room) {
  room = {};
  room.attach_to(header);
  auto* const c = CMSG_FIRSTHDR(&header);
  if (address.version == ip_version::v4) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, address.bytes.data(), 4);
    c->cmsg_level = IPPROTO_IP;
    c->cmsg_type = IP_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(c), &info, sizeof info);
    header.msg_controllen = CMSG_SPACE(sizeof info);
  } else {
    in6_pktinfo info{};
    std::memcpy(&info.ipi6_addr, address.bytes.data(), 16);
    c->cmsg_level = IPPROTO_IPV6;
    c->cmsg_type = IPV6_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(c), &info, sizeof info);
    header.msg_controllen = CMSG_SPACE(sizeof info);
  }
}

}  // namespace

void event_deleter::operator()(event* e) const {
  event_free(e);
}

/// Where recvmmsg puts things. Pages that no message has needed yet cost nothing.
struct udp_wire::inbox {
  std::unique_ptr<char[]> text = std::make_unique_for_overwrite<char[]>(batch * buffer_size);
  std::array<socket_address, batch> from;
  std::array<iovec, batch> pieces{};
  std::array<mmsghdr, batch> headers{};
  std::array<packet_info, batch> infos{};

  /// recvmmsg wants the sizes anew each time.
  mmsghdr* prepare(bool wants_destination) {
    for (unsigned i = 0; i < batch; ++i) {
      pieces[i] = {text.get() + i * buffer_size, buffer_size};
      headers[i].msg_hdr = {};
      headers[i].msg_hdr.msg_name = from[i].data();
      headers[i].msg_hdr.msg_namelen = socket_address::capacity;
      headers[i].msg_hdr.msg_iov = &pieces[i];
      headers[i].msg_hdr.msg_iovlen = 1;
      if (wants_destination) infos[i].attach_to(headers[i].msg_hdr);
    }
    return headers.data();
  }
};

udp_wire::udp_wire(descriptor socket, wire_identity identity,
                   std::shared_ptr<local_addresses> locals)
  : socket_(std::move(socket)), identity_(std::move(identity)), locals_(std::move(locals)) {
}

udp_wire::~udp_wire() {
  flush();
}

void udp_wire::start(const wire_loop& loop) {
  loop_ = loop;
  inbox_ = std::make_unique<inbox>();
  const auto add = [&](int fd, short what, auto run) {
    return event_ptr{event_new(loop.base, fd, what, run, this)};
  };
  readable_ = add(socket_.get(), EV_READ | EV_PERSIST,
                  [](int, short, void* self) { static_cast<udp_wire*>(self)->on_readable(); });
  writable_ = add(socket_.get(), EV_WRITE,
                  [](int, short, void* self) { static_cast<udp_wire*>(self)->on_writable(); });
  flush_soon_ = add(-1, 0, [](int, short, void* self) { static_cast<udp_wire*>(self)->flush(); });
  event_add(readable_.get(), nullptr);
}

void udp_wire::on_readable() {
  const int count =
    recvmmsg(socket_.get(), inbox_->prepare(locals_ != nullptr), batch, MSG_DONTWAIT, nullptr);
  if (count <= 0) return;  // Nothing there after all, or an ICMP error about something sent.
  const auto now = std::chrono::steady_clock::now();
  flow from{identity_.shard, identity_.kind, identity_.listener, 0, {}};
  for (int i = 0; i < count; ++i) {
    mmsghdr& header = inbox_->headers[static_cast<unsigned>(i)];
    from.remote = inbox_->from[static_cast<unsigned>(i)].to_endpoint();
    if (header.msg_len == 0 || from.remote.port == 0) continue;
    ++counts_.received;
    if (locals_) {
      const auto ours = destination_of(header.msg_hdr);
      from.connection = ours.is_any() ? 0 : locals_->number_of(ours);
    }
    const auto* text = static_cast<const char*>(header.msg_hdr.msg_iov->iov_base);
    loop_.listener->on_message(from, {text, header.msg_len}, now);
  }
  if (loop_.end_of_batch) loop_.end_of_batch();
  flush();
}

bool udp_wire::send(const flow& to, std::string_view message) {
  const bool fits = letters_.size() - first_ < letters_max
                    && text_.size() + message.size() <= text_max && message.size() <= datagram_max
                    && to.remote.address.version == identity_.bound.address.version;
  if (!fits) {
    ++counts_.refused;
    return false;
  }
  letters_.push_back({socket_address{to.remote}, text_.size(), message.size(), to.connection});
  text_.insert(text_.end(), message.begin(), message.end());
  if (!flush_pending_ && flush_soon_) {
    flush_pending_ = true;
    event_active(flush_soon_.get(), 0, 0);
  }
  return true;
}

/// Hands one batch to the kernel: how many it took, or -1.
int udp_wire::send_batch() {
  std::array<iovec, batch> pieces;
  std::array<mmsghdr, batch> headers{};
  std::array<packet_info, batch> infos;
  const auto count = static_cast<unsigned>(std::min<std::size_t>(letters_.size() - first_, batch));
  for (unsigned i = 0; i < count; ++i) {
    letter& l = letters_[first_ + i];
    pieces[i] = {text_.data() + l.begin, l.size};
    headers[i].msg_hdr.msg_name = l.to.data();
    headers[i].msg_hdr.msg_namelen = l.to.size();
    headers[i].msg_hdr.msg_iov = &pieces[i];
    headers[i].msg_hdr.msg_iovlen = 1;
    if (const auto* ours = locals_ ? locals_->numbered(l.from) : nullptr)
      send_from(*ours, headers[i].msg_hdr, infos[i]);
  }
  return sendmmsg(socket_.get(), headers.data(), count, MSG_DONTWAIT);
}

void udp_wire::flush() {
  flush_pending_ = false;
  while (first_ < letters_.size() && !stuck_) {
    const int count = send_batch();
    if (count > 0) {
      first_ += static_cast<std::size_t>(count);
      counts_.sent += static_cast<std::uint64_t>(count);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      stuck_ = writable_ && event_add(writable_.get(), nullptr) == 0;
      if (!stuck_) return;
    } else if (errno != EINTR && letters_[first_].from != 0) {
      letters_[first_].from = 0;  // It may be an address that this machine has no more.
    } else if (errno != EINTR) {
      // This one cannot be sent (no route, too long for it, refused by a filter). UDP may lose.
      ++first_;
      ++counts_.failed;
    }
  }
  if (first_ < letters_.size()) return;
  letters_.clear();
  text_.clear();
  if (text_.capacity() > kept_max) text_ = {};
  first_ = 0;
}

void udp_wire::on_writable() {
  stuck_ = false;
  flush();
}

wire::shown_address udp_wire::shown_to(const flow& to) {
  const endpoint& bound = identity_.bound;
  if (!identity_.advertise.empty()) return {identity_.advertise, bound.port};
  if (!bound.address.is_any()) return {bound.address.text(), bound.port};
  const auto now = std::chrono::steady_clock::now();
  return {routes_.local_address_to(to.remote.address, now).text(), bound.port};
}

}  // namespace parkway::sip
