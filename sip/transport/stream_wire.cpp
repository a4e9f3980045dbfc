#include "sip/transport/stream_wire.hpp"

#include "sip/message/writer.hpp"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace parkway::sip {
namespace {

using steady_time = std::chrono::steady_clock::time_point;

constexpr int accepts_per_turn = 64;

timeval to_timeval(std::chrono::steady_clock::duration d) {
  const auto us =
    std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::microseconds>(d).count(), 0);
  return {us / 1'000'000, us % 1'000'000};
}

/// A peer that has vanished is noticed within two minutes, or as soon as 30 s pass without an
/// acknowledgement of what we sent.
void watch_liveness(int fd) {
  const auto set = [&](int level, int option, int value) {
    setsockopt(fd, level, option, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 60);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 20);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);
  set(IPPROTO_TCP, TCP_NODELAY, 1);
}

/// As admission.hpp counts: an IPv4 address, or an IPv6 /64.
ip_address source_of(const endpoint& remote) {
  ip_address source = remote.address;
  if (source.version == ip_version::v6)
    std::fill(source.bytes.begin() + 8, source.bytes.end(), std::uint8_t{0});
  return source;
}

struct bufferevent_deleter {
  void operator()(bufferevent* b) const { bufferevent_free(b); }
};

}  // namespace

struct stream_wire::connection {
  stream_wire* owner = nullptr;
  std::uint64_t serial = 0;
  endpoint remote;
  std::unique_ptr<bufferevent, bufferevent_deleter> stream;
  stream_framer framer;
  bool accepted = false;  ///< Counted in by_source_.
  bool trusted = false;
  bool closing = false;  ///< Nothing more is read or queued; ends when all is sent.
  bool ended = false;    ///< In ended_.

  std::size_t unsent() const { return evbuffer_get_length(bufferevent_get_output(stream.get())); }
};

stream_wire::stream_wire(descriptor listening, wire_identity identity, const stream_limits& limits)
  : listening_(std::move(listening)), identity_(std::move(identity)), limits_(limits) {
}

/// What waits to be sent, such as goodbyes, is given to the kernel as far as it takes it.
stream_wire::~stream_wire() {
  for (auto& [serial, c] : connections_) {
    evbuffer* output = bufferevent_get_output(c->stream.get());
    evbuffer_unfreeze(output, 1);  // A bufferevent lets nobody else write.
    while (evbuffer_get_length(output) > 0)
      if (evbuffer_write(output, bufferevent_getfd(c->stream.get())) <= 0) break;
  }
}

void stream_wire::start(const wire_loop& loop) {
  loop_ = loop;
  const auto add = [&](int fd, short what, auto run) {
    return event_ptr{event_new(loop.base, fd, what, run, this)};
  };
  const auto accept = [](int, short, void* self) {
    static_cast<stream_wire*>(self)->on_acceptable();
  };
  acceptable_ = add(listening_.get(), EV_READ | EV_PERSIST, accept);
  accept_again_ = add(-1, 0, [](int, short, void* self) {
    event_add(static_cast<stream_wire*>(self)->acceptable_.get(), nullptr);
  });
  strangers_due_ =
    add(-1, 0, [](int, short, void* self) { static_cast<stream_wire*>(self)->on_strangers_due(); });
  bury_soon_ = add(-1, 0, [](int, short, void* self) { static_cast<stream_wire*>(self)->bury(); });
  event_add(acceptable_.get(), nullptr);
}

stream_wire::connection* stream_wire::find(std::uint64_t serial) {
  const auto found = connections_.find(serial);
  return found == connections_.end() || found->second->ended ? nullptr : found->second.get();
}

flow stream_wire::flow_to(const connection& c) const {
  return {identity_.shard, identity_.kind, identity_.listener, c.serial, c.remote};
}

void stream_wire::on_acceptable() {
  for (int i = 0; i < accepts_per_turn; ++i) {
    socket_address from;
    descriptor socket{
      accept4(listening_.get(), from.data(), from.size_out(), SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (socket) {
      const auto remote = from.to_endpoint();
      if (welcome(remote.address)) adopt(std::move(socket), remote, true);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      // It would be readable at once again: out of descriptors, we look in a tenth of a second.
      const timeval later{0, 100'000};
      event_del(acceptable_.get());
      event_add(accept_again_.get(), &later);
      return;
    } else if (errno != ECONNABORTED && errno != EINTR) {
      return;
    }
  }
}

/// One more connection from there may be had.
bool stream_wire::welcome(const ip_address& source) {
  if (std::any_of(limits_.exempt.begin(), limits_.exempt.end(),
                  [&](const network& n) { return n.contains(source); }))
    return true;
  const auto known = by_source_.find(source_of({source, 0}));
  return known == by_source_.end()
         || (known->second.all < limits_.per_source_max
             && known->second.strangers < limits_.strangers_per_source_max);
}

/// A connection that was accepted is no more.
void stream_wire::count_out(connection& c) {
  const auto found = by_source_.find(source_of(c.remote));
  if (!c.accepted || found == by_source_.end()) return;
  if (!c.trusted) --found->second.strangers;
  if (--found->second.all == 0) by_source_.erase(found);
}

/// Who is at the far side is known. What it is silent for is measured by what it sends, keep-alives
/// too.
void stream_wire::settle(connection& c) {
  if (!c.trusted && c.accepted) --by_source_[source_of(c.remote)].strangers;
  c.trusted = true;
  const timeval silence = to_timeval(limits_.silence_max);
  const timeval write_time = to_timeval(limits_.connect_time);
  bufferevent_set_timeouts(c.stream.get(), &silence, &write_time);
}

/// One more connection may be had, if need be in place of the oldest stranger.
bool stream_wire::make_room() {
  if (connections_.size() - ended_.size() < limits_.connections_max) return true;
  forget_strangers();
  if (strangers_.empty()) return false;
  end_soon(*find(strangers_.front().serial));
  return true;
}

/// Takes over an accepted socket, or one that is about to be connected.
stream_wire::connection* stream_wire::adopt(descriptor socket, const endpoint& remote,
                                            bool connected) {
  if (!make_room()) return nullptr;
  watch_liveness(socket.get());
  auto c = std::make_unique<connection>();
  c->owner = this;
  c->serial = ++last_serial_;
  c->remote = remote;
  c->stream.reset(bufferevent_socket_new(loop_.base, socket.get(), BEV_OPT_CLOSE_ON_FREE));
  if (!c->stream) return nullptr;
  socket.release();
  bufferevent_setcb(
    c->stream.get(),
    [](bufferevent*, void* it) {
      auto* self = static_cast<connection*>(it);
      self->owner->on_input(self->serial);
    },
    [](bufferevent*, void* it) {
      auto* self = static_cast<connection*>(it);
      self->owner->on_drained(*self);
    },
    [](bufferevent*, short what, void* it) {
      auto* self = static_cast<connection*>(it);
      self->owner->on_event(*self, what);
    },
    c.get());
  const timeval write_time = to_timeval(limits_.connect_time);
  bufferevent_set_timeouts(c->stream.get(), nullptr, &write_time);
  if (connected) bufferevent_enable(c->stream.get(), EV_READ | EV_WRITE);
  by_remote_.insert_or_assign(remote, c->serial);
  c->accepted = connected;
  if (!connected) settle(*c);  // Whom we call ourselves is no stranger.
  if (connected) {
    auto& count = by_source_[source_of(remote)];
    ++count.all;
    ++count.strangers;
    strangers_.push_back({c->serial, std::chrono::steady_clock::now() + limits_.stranger_time});
    if (strangers_.size() == 1) watch_strangers();
  }
  connection* const made = c.get();
  connections_.emplace(made->serial, std::move(c));
  return made;
}

std::optional<flow> stream_wire::open(const endpoint& remote) {
  const auto known = by_remote_.find(remote);
  if (known != by_remote_.end())
    if (const connection* c = find(known->second); c && !c->closing) return flow_to(*c);
  const bool v6 = remote.address.version == ip_version::v6;
  if (remote.address.version != identity_.bound.address.version) return std::nullopt;
  descriptor socket{
    ::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!socket) return std::nullopt;
  if (!identity_.bound.address.is_any()) {
    const socket_address from{endpoint{identity_.bound.address, 0}};
    if (bind(socket.get(), from.data(), from.size()) != 0) return std::nullopt;
  }
  connection* c = adopt(std::move(socket), remote, false);
  if (!c) return std::nullopt;
  const socket_address to{remote};
  bufferevent_enable(c->stream.get(), EV_READ | EV_WRITE);
  if (bufferevent_socket_connect(c->stream.get(), to.data(), static_cast<int>(to.size())) != 0)
    end_soon(*c);
  return flow_to(*c);
}

std::optional<flow> stream_wire::reopen(const flow& known, const endpoint& contact) {
  const connection* c = find(known.connection);
  return c && !c->closing ? std::optional{known} : open(contact);
}

bool stream_wire::send(const flow& to, std::string_view message) {
  connection* c = find(to.connection);
  return c && !c->closing && write(*c, message);
}

bool stream_wire::write(connection& c, std::string_view bytes) {
  if (c.unsent() + bytes.size() <= limits_.unsent_max
      && bufferevent_write(c.stream.get(), bytes.data(), bytes.size()) == 0)
    return true;
  end_soon(c);
  return false;
}

void stream_wire::close(const flow& which) {
  connection* c = find(which.connection);
  if (!c || c->closing) return;
  c->closing = true;
  bufferevent_disable(c->stream.get(), EV_READ);
  if (c->unsent() == 0) end_soon(*c);  // Else on_drained(), or the write timeout.
}

void stream_wire::trust(const flow& which) {
  if (connection* c = find(which.connection); c && !c->trusted) settle(*c);
}

wire::shown_address stream_wire::shown_to(const flow& to) {
  const endpoint& bound = identity_.bound;
  if (!identity_.advertise.empty()) return {identity_.advertise, bound.port};
  if (!bound.address.is_any()) return {bound.address.text(), bound.port};
  if (const connection* c = find(to.connection)) {
    const ip_address local = local_endpoint(bufferevent_getfd(c->stream.get())).address;
    if (!local.is_any()) return {local.text(), bound.port};
  }
  const auto now = std::chrono::steady_clock::now();
  return {routes_.local_address_to(to.remote.address, now).text(), bound.port};
}

/// The connection takes part in nothing any more; bury() destroys it in this turn of the loop.
void stream_wire::end_soon(connection& c) {
  if (c.ended) return;
  c.ended = true;
  bufferevent_disable(c.stream.get(), EV_READ | EV_WRITE);
  ended_.push_back(c.serial);
  event_active(bury_soon_.get(), 0, 0);
}

void stream_wire::bury() {
  const auto now = std::chrono::steady_clock::now();
  for (const std::uint64_t serial : std::exchange(ended_, {})) {
    const auto found = connections_.find(serial);
    const flow was = flow_to(*found->second);
    count_out(*found->second);
    const auto named = by_remote_.find(was.remote);
    if (named != by_remote_.end() && named->second == serial) by_remote_.erase(named);
    connections_.erase(found);
    loop_.listener->on_closed(was, now);
  }
  forget_strangers();
  if (loop_.end_of_batch) loop_.end_of_batch();
}

void stream_wire::watch_strangers() {
  const timeval in = to_timeval(strangers_.front().until - std::chrono::steady_clock::now());
  event_add(strangers_due_.get(), &in);
}

/// Those that have gone or are trusted by now leave the front of the line.
void stream_wire::forget_strangers() {
  while (!strangers_.empty()) {
    const connection* c = find(strangers_.front().serial);
    if (c && !c->trusted) return;
    strangers_.pop_front();
  }
}

void stream_wire::on_strangers_due() {
  const auto now = std::chrono::steady_clock::now();
  for (forget_strangers(); !strangers_.empty(); forget_strangers()) {
    if (strangers_.front().until > now) return watch_strangers();
    end_soon(*find(strangers_.front().serial));
  }
}

void stream_wire::on_input(std::uint64_t serial) {
  const auto now = std::chrono::steady_clock::now();
  while (connection* c = find(serial)) {
    evbuffer* input = bufferevent_get_input(c->stream.get());
    const std::size_t size = evbuffer_get_contiguous_space(input);
    if (size == 0 || c->closing) break;
    const auto* bytes =
      reinterpret_cast<const char*>(evbuffer_pullup(input, static_cast<ev_ssize_t>(size)));
    c->framer.feed({bytes, size});
    evbuffer_drain(input, size);
    if (!take_messages(serial, now)) break;
  }
  if (loop_.end_of_batch) loop_.end_of_batch();
}

/// Hands over what is whole. A message may lead to the end of its connection: it is looked up anew
/// each time. False: nothing more is to be read.
bool stream_wire::take_messages(std::uint64_t serial, steady_time now) {
  while (connection* c = find(serial)) {
    if (c->closing) return false;
    switch (c->framer.next()) {
      case stream_framer::step::need_more:
        return true;
      case stream_framer::step::message:
        loop_.listener->on_message(flow_to(*c), c->framer.bytes(), now);
        break;
      case stream_framer::step::ping:
        write(*c, "\r\n");
        break;
      case stream_framer::step::pong:
        break;
      case stream_framer::step::broken:
        refuse(*c);
        return false;
    }
  }
  return false;
}

void stream_wire::refuse(connection& c) {
  const scan& why = c.framer.refused();
  const std::string answer = answer_unparsed(why.header, why.status(), c.remote);
  if (!answer.empty() && !write(c, answer)) return;
  close(flow_to(c));
}

void stream_wire::on_drained(connection& c) {
  if (c.closing) end_soon(c);
}

void stream_wire::on_event(connection& c, short what) {
  if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT)) end_soon(c);
}

}  // namespace parkway::sip
