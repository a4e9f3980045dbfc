#include "tests/sim/sim_wire.hpp"

namespace parkway::sim {

pbx_port::pbx_port(timeline& time, virtual_network& net, const endpoint& own, std::size_t shards)
  : time_(time), net_(net), own_(own), wires_(shards), listeners_(shards) {
  for (auto& wire : wires_)
    wire.port = this;
  net_.attach(own_, "pbx",
              [this](const endpoint& from, transport_kind kind, std::string_view bytes) {
                receive(from, kind, bytes);
              });
}

pbx_port::~pbx_port() {
  net_.detach(own_);
}

flow pbx_port::flow_of(const endpoint& from, transport_kind kind) {
  flow f;
  f.shard = static_cast<std::uint16_t>(shard_of(from));
  f.kind = kind;
  f.remote = from;
  if (kind == transport_kind::udp) return f;
  f.listener = tcp_listener;
  auto& known = streams_[from];
  if (known.serial == 0) {
    known.serial = ++last_stream_;
    time_.in(stranger_time, [this, from, serial = known.serial] {
      const auto found = streams_.find(from);
      if (found != streams_.end() && found->second.serial == serial && !found->second.trusted)
        cut(from);
    });
  }
  f.connection = known.serial;
  return f;
}

void pbx_port::receive(const endpoint& from, transport_kind kind, std::string_view bytes) {
  auto f = flow_of(from, kind);
  if (auto* listener = listeners_[f.shard]) listener->on_message(f, bytes, time_.now());
}

void pbx_port::cut(const endpoint& phone) {
  auto found = streams_.find(phone);
  if (found == streams_.end()) return;
  auto f = flow_of(phone, transport_kind::tcp);
  streams_.erase(found);
  listeners_[f.shard]->on_closed(f, time_.now());
}

bool pbx_port::shard_wire::send(const flow& to, std::string_view message) {
  if (to.kind != transport_kind::udp) {
    auto found = port->streams_.find(to.remote);
    if (found == port->streams_.end() || found->second.serial != to.connection) return false;
  }
  port->net_.send(port->own_, to.remote, to.kind, std::string(message));
  return true;
}

sip::wire::shown_address pbx_port::shard_wire::shown_to(const flow&) {
  return {port->own_.address.text(), port->own_.port};
}

void pbx_port::shard_wire::close(const flow& connection) {
  port->streams_.erase(connection.remote);
}

void pbx_port::shard_wire::trust(const flow& connection) {
  const auto found = port->streams_.find(connection.remote);
  if (found != port->streams_.end() && found->second.serial == connection.connection)
    found->second.trusted = true;
}

}  // namespace parkway::sim
