#include "plugins/media/engine.hpp"

#include <caf/actor_cast.hpp>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace parkway::media {

namespace {

/// Foreign programs may sit on ports of our range; so many in a row, and it is full.
constexpr int foreign_ports_max = 64;

descriptor checked(int fd, const char* what) {
  if (fd < 0) throw std::system_error{errno, std::generic_category(), what};
  return descriptor{fd};
}

/// None where nothing can be sent: no address, 0.0.0.0 (hold as in RFC 2543), or the other version.
socket_address reachable(const std::optional<endpoint>& described, ip_version version) {
  if (!described || described->address.version != version || described->address.is_any()) return {};
  return socket_address{*described};
}

std::optional<endpoint> control_of(const aim_media& what) {
  if (what.rtcp || !what.rtp || what.rtp->port == 0) return what.rtcp;
  return endpoint{what.rtp->address, static_cast<std::uint16_t>(what.rtp->port + 1)};
}

}  // namespace

engine::engine(bind_addresses addresses, std::shared_ptr<port_pool> ports, music_ptr tune,
               std::function<void(const std::string&)> fetch, std::uint64_t seed, time_point now)
  : addresses_(addresses),
    pool_(std::move(ports)),
    fetch_(std::move(fetch)),
    shelf_(std::move(tune)),
    clock_(now),
    poll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
    timer_(checked(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), "timerfd_create")),
    random_(seed),
    cname_key_(random_()) {
  if (!watch(timer_, timer_tag)) throw std::system_error{errno, std::generic_category(), "epoll"};
}

engine::~engine() {
  while (!ports_.empty())
    forget(*ports_.begin()->second);
}

media_opened engine::open(const open_media& what) {
  if (find(what.id)) return {what.id, 0, fault{fault_code::internal, "media id used twice"}};
  std::uint16_t number = 0;
  auto sockets = bind_sockets(what, number);
  if (!sockets) return {what.id, 0, sockets.error()};
  const auto bits = random_();
  const out_stream heard{static_cast<std::uint32_t>(bits), static_cast<std::uint16_t>(bits >> 32),
                         static_cast<std::uint32_t>(random_())};
  auto made = std::make_unique<media_port>(what.id, what.version, *std::move(sockets), heard);
  made->number = number;
  made->owner = caf::actor_cast<caf::actor_addr>(what.owner);
  if (!watch(made->sockets.rtp, rtp_tag(*made)) || !watch(made->sockets.rtcp, rtcp_tag(*made))) {
    pool_->give_back(number);
    return {what.id, 0, fault{fault_code::overloaded, "no room to watch a socket"}};
  }
  ports_.emplace(what.id.serial, std::move(made));
  return {what.id, number, std::nullopt};
}

result<udp_sockets> engine::bind_sockets(const open_media& what, std::uint16_t& number) {
  const auto& address = what.version == ip_version::v4 ? addresses_.v4 : addresses_.v6;
  if (what.port != 0) {
    number = what.port;
    if (number % 2 != 0 || !pool_->take(number))
      return fault{fault_code::busy, "that port is taken"};
    auto bound = udp_sockets::bind(address, number);
    if (!bound) pool_->give_back(number);
    return bound;
  }
  if (what.new_call && !pool_->has_room_for_call())
    return fault{fault_code::overloaded, "the last media ports are kept for calls that are up"};
  for (int tries = 0; tries < foreign_ports_max; ++tries) {
    const auto free = pool_->take();
    if (!free) break;
    auto bound = udp_sockets::bind(address, *free);
    number = *free;
    if (bound) return bound;
    pool_->give_back(*free);
    if (bound.error().code != fault_code::busy) return bound;
  }
  return fault{fault_code::overloaded, "no media port is free"};
}

void engine::aim(const aim_media& what, time_point now) {
  auto* const port = find(what.id);
  if (!port) return;
  port->rtp.aim(reachable(what.rtp, port->version), now);
  port->rtcp.aim(reachable(control_of(what), port->version), now);
  port->may_hear = what.may_send;
  port->codecs = what.codecs;
  port->said_as = what.said_as;
  port->understood.reset();
  for (const auto* numbered : {&port->codecs, &port->said_as})
    for (const auto& c : *numbered)
      port->understood.set(c.payload_type & 0x7F);
  port->format = choose_format(port->codecs);
  if (port->peer) map_payloads(*port, *port->peer);
  tune_in_or_out(*port, now);
}

void engine::connect(const connect_media& what) {
  auto* const a = find(what.a);
  auto* const b = find(what.b);
  if (!a || !b || a == b || a->peer == b) return;
  silence(*a);
  silence(*b);
  a->peer = b;
  b->peer = a;
  map_payloads(*a, *b);
}

void engine::play(const play_music& what, time_point now) {
  auto* const port = find(what.id);
  if (!port) return;
  const auto [slot, fetch] = shelf_.find(what.file, now);
  if (port->music != &slot) {
    silence(*port);
    port->music = &slot;
    port->music_began = 0;
    tune_in_or_out(*port, now);
  }
  if (fetch) fetch_(what.file);
}

void engine::mute(const mute_media& what) {
  if (auto* const port = find(what.id)) silence(*port);
}

void engine::close(const close_media& what) {
  if (auto* const port = find(what.id)) forget(*port);
}

void engine::adopt(const adopt_media& what) {
  if (auto* const port = find(what.id)) port->owner = caf::actor_cast<caf::actor_addr>(what.owner);
}

void engine::close_all_of(const caf::actor_addr& owner) {
  std::vector<media_id> orphans;
  for (const auto& [serial, port] : ports_)
    if (port->owner == owner) orphans.push_back(port->id);
  for (const auto& id : orphans)
    close({id});
}

media_port* engine::find(media_id id) {
  const auto found = ports_.find(id.serial);
  return found == ports_.end() ? nullptr : found->second.get();
}

bool engine::watch(const descriptor& fd, std::uint64_t tag) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = tag;
  return epoll_ctl(poll_.get(), EPOLL_CTL_ADD, fd.get(), &event) == 0;
}

void engine::silence(media_port& port) {
  if (auto* const peer = std::exchange(port.peer, nullptr)) {
    peer->peer = nullptr;
    peer->out.switch_source();
  }
  port.music = nullptr;
  clock_.remove(port);
  port.out.switch_source();
}

void engine::forget(media_port& port) {
  silence(port);
  const auto number = port.number;
  ports_.erase(port.id.serial);
  // Not before its sockets are closed: another engine may bind it at once.
  pool_->give_back(number);
}

void engine::map_payloads(media_port& a, media_port& b) {
  for (auto [from, to] : {std::pair{&a, &b}, std::pair{&b, &a}}) {
    from->to_peer = payload_map{from->codecs, to->codecs};
    from->to_peer.add(from->said_as, to->codecs);
  }
}

void engine::tune_in_or_out(media_port& port, time_point now) {
  const bool listens = port.music && port.format && port.may_hear;
  if (listens == port.listening()) return;
  if (!listens) return clock_.remove(port);
  // Another phase counts its ticks at other moments: the time that passed is measured instead.
  port.out.switch_source();
  port.music_tick = 0;
  clock_.add(port, now);
  set_timer();
}

void engine::set_timer() {
  const auto due = clock_.next_due();
  if (!due || (timer_due_ && *timer_due_ <= *due)) return;
  timer_due_ = due;
  const auto since_boot = std::chrono::nanoseconds{due->time_since_epoch()}.count();
  itimerspec at{};
  at.it_value.tv_sec = since_boot / 1'000'000'000;
  at.it_value.tv_nsec = since_boot % 1'000'000'000;
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &at, nullptr);
}

void engine::stop_timer() {
  timer_due_.reset();
  const itimerspec never{};
  timerfd_settime(timer_.get(), 0, &never, nullptr);
}

}  // namespace parkway::media
