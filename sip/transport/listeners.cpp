#include "sip/transport/listeners.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

namespace parkway::sip {
namespace {

/// A listener on its way: where it is to be bound, then its first socket.
struct candidate {
  const listener_settings* block = nullptr;
  endpoint wanted;
  descriptor first;

  bool is_udp() const { return block->transport == transport_kind::udp; }
  endpoint bound() const { return local_endpoint(first.get()); }
};

result<descriptor> open_socket(const candidate& c, const endpoint& at, port_use use) {
  return c.is_udp() ? bind_udp(at, use) : listen_tcp(at, use);
}

/// Reads the blocks, before any socket is made.
result<std::vector<candidate>> read_blocks(const std::vector<listener_settings>& blocks) {
  std::vector<candidate> out;
  for (const listener_settings& block : blocks) {
    if (block.transport != transport_kind::udp && block.transport != transport_kind::tcp)
      return fault{fault_code::unsupported, "sip.listen: only udp and tcp can be listened on"};
    const auto address = ip_address::parse(block.address);
    if (!address)
      return fault{fault_code::malformed, "sip.listen: \"" + block.address + "\" is no IP address"};
    out.push_back({&block, {*address, block.port}, {}});
  }
  return out;
}

/// The nth udp and the nth tcp listener of an address that ask for port 0 belong together.
std::vector<candidate*> companions(std::vector<candidate>& all, const candidate& of) {
  const auto alike = [&](const candidate& c, transport_kind kind) {
    return c.wanted == of.wanted && c.block->transport == kind;
  };
  const auto before =
    std::count_if(all.cbegin(), all.cbegin() + (&of - all.data()),
                  [&](const candidate& c) { return alike(c, of.block->transport); });
  std::vector<candidate*> out;
  for (const transport_kind kind : {transport_kind::udp, transport_kind::tcp}) {
    auto nth = before;
    for (candidate& c : all)
      if (alike(c, kind) && nth-- == 0) out.push_back(&c);
  }
  return out;
}

/// Binds listeners of one address to one free port. The first takes what the kernel gives; where a
/// companion cannot have the same number, all begin anew with another.
std::optional<fault> bind_together(const std::vector<candidate*>& group) {
  constexpr int attempts = 64;
  std::optional<fault> failed;
  std::vector<descriptor> taken;  // Kept, so that the kernel proposes something else.
  for (int i = 0; i < attempts; ++i) {
    endpoint at = group.front()->wanted;
    failed.reset();
    for (candidate* c : group) {
      auto socket = open_socket(*c, at, port_use::first);
      if (!socket) {
        failed = socket.error();
        break;
      }
      c->first = std::move(*socket);
      at.port = c->bound().port;
    }
    if (!failed || at.port == 0) return failed;
    for (candidate* c : group)
      if (c->first) taken.push_back(std::exchange(c->first, {}));
  }
  return failed;
}

std::optional<fault> bind_first(std::vector<candidate>& all) {
  // Given ports first: a free one must not be one that is asked for further down.
  for (candidate& c : all) {
    if (c.wanted.port == 0) continue;
    auto socket = open_socket(c, c.wanted, port_use::first);
    if (!socket) return socket.error();
    c.first = std::move(*socket);
  }
  for (candidate& c : all)
    if (!c.first)
      if (auto failed = bind_together(companions(all, c))) return failed;
  return std::nullopt;
}

/// Gives one shard its share of a listener.
std::optional<fault> add_share(shard_wire& wire, candidate& c, wire_identity identity,
                               const stream_limits& limits,
                               const std::shared_ptr<local_addresses>& locals) {
  descriptor socket;
  if (identity.shard == 0) {
    socket = std::move(c.first);
  } else {
    auto shared = open_socket(c, identity.bound, port_use::shared);
    if (!shared) return shared.error();
    socket = std::move(*shared);
  }
  if (c.is_udp())
    wire.add(std::make_unique<udp_wire>(std::move(socket), std::move(identity), locals));
  else
    wire.add(std::make_unique<stream_wire>(std::move(socket), std::move(identity), limits));
  return std::nullopt;
}

}  // namespace

result<listeners> bind_listeners(const std::vector<listener_settings>& blocks, std::uint16_t shards,
                                 const stream_limits& limits) {
  auto all = read_blocks(blocks);
  if (!all) return all.error();
  if (auto failed = bind_first(*all)) return *failed;
  listeners out;
  for (std::uint16_t shard = 0; shard < shards; ++shard)
    out.wires.push_back(std::make_unique<shard_wire>(shard));
  for (candidate& c : *all) {
    const endpoint at = c.bound();
    const auto index = static_cast<std::uint16_t>(out.bound.size());
    out.bound.push_back({c.block->transport, at});
    if (shards > 1) allow_sharing(c.first);
    const auto locals = at.address.is_any() ? std::make_shared<local_addresses>() : nullptr;
    for (std::uint16_t shard = 0; shard < shards; ++shard) {
      const wire_identity identity{shard, index, c.block->transport, at, c.block->advertise};
      if (auto failed = add_share(*out.wires[shard], c, identity, limits, locals)) return *failed;
    }
  }
  return out;
}

void shard_wire::add(std::unique_ptr<udp_wire> part) {
  shares_.push_back({std::move(part), nullptr});
}

void shard_wire::add(std::unique_ptr<stream_wire> part) {
  shares_.push_back({nullptr, std::move(part)});
}

void shard_wire::start(const wire_loop& loop) {
  for (share& s : shares_) {
    if (s.udp) s.udp->start(loop);
    if (s.stream) s.stream->start(loop);
  }
}

stream_wire* shard_wire::stream_of(const flow& connection) {
  if (connection.shard != shard_ || connection.listener >= shares_.size()) return nullptr;
  return shares_[connection.listener].stream.get();
}

/// Any shard may send from the port they share; a connection is its own shard's.
bool shard_wire::send(const flow& to, std::string_view message) {
  if (to.listener < shares_.size() && shares_[to.listener].udp)
    return shares_[to.listener].udp->send(to, message);
  stream_wire* stream = stream_of(to);
  return stream && stream->send(to, message);
}

wire::shown_address shard_wire::shown_to(const flow& to) {
  if (to.listener >= shares_.size()) return {};
  share& s = shares_[to.listener];
  return s.udp ? s.udp->shown_to(to) : s.stream->shown_to(to);
}

void shard_wire::close(const flow& connection) {
  if (stream_wire* stream = stream_of(connection)) stream->close(connection);
}

void shard_wire::trust(const flow& connection) {
  if (stream_wire* stream = stream_of(connection)) stream->trust(connection);
}

std::optional<flow> shard_wire::reopen(const flow& known, const endpoint& contact) {
  stream_wire* stream = stream_of(known);
  return stream ? stream->reopen(known, contact) : std::optional{known};
}

std::optional<flow> shard_wire::reach(transport_kind kind, const endpoint& remote) {
  for (share& s : shares_) {
    const wire_identity& identity = s.identity();
    if (identity.kind != kind || identity.bound.address.version != remote.address.version) continue;
    if (s.udp) return flow{shard_, kind, identity.listener, 0, remote};
    return s.stream->open(remote);
  }
  return std::nullopt;
}

void shard_wire::flush() {
  for (share& s : shares_)
    if (s.udp) s.udp->flush();
}

}  // namespace parkway::sip
