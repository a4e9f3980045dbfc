#pragma once

#include "sip/transport/wire.hpp"
#include "tests/sim/network.hpp"

#include <map>
#include <vector>

namespace parkway::sim {

/// Parkway's address in the virtual network: what arrives goes to the shard that the source address
/// chooses, as SO_REUSEPORT does; what a shard sends goes out from here.
class pbx_port {
 public:
  static constexpr std::uint16_t udp_listener = 0, tcp_listener = 1;

  pbx_port(timeline& time, virtual_network& net, const endpoint& own, std::size_t shards);
  ~pbx_port();

  const endpoint& address() const { return own_; }
  /// What the shard of that index sends through. Lives as long as the port.
  sip::wire& wire_of(std::size_t index) { return wires_.at(index); }
  /// Who hears what arrives for a shard.
  void listen(std::size_t index, sip::wire_listener* listener) { listeners_.at(index) = listener; }
  /// Cuts the stream of a phone, if it has one.
  void cut(const endpoint& phone);
  std::size_t shard_of(const endpoint& source) const {
    return std::hash<endpoint>{}(source) % listeners_.size();
  }

 private:
  struct shard_wire final : sip::wire {
    pbx_port* port = nullptr;
    bool send(const flow& to, std::string_view message) override;
    shown_address shown_to(const flow& to) override;
    void close(const flow& connection) override;
    void trust(const flow& connection) override;
    /// Phones here are behind a NAT: nobody can be called.
    std::optional<flow> reopen(const flow& known, const endpoint&) override { return known; }
  };

  void receive(const endpoint& from, transport_kind kind, std::string_view bytes);
  flow flow_of(const endpoint& from, transport_kind kind);

  timeline& time_;
  virtual_network& net_;
  endpoint own_;
  std::vector<shard_wire> wires_;
  std::vector<sip::wire_listener*> listeners_;
  /// Streams nobody has authenticated on are cut, as in production.
  static constexpr std::chrono::seconds stranger_time{30};
  struct stream {
    std::uint64_t serial = 0;
    bool trusted = false;
  };
  std::map<endpoint, stream> streams_;  ///< The connection from there.
  std::uint64_t last_stream_ = 0;
};

}  // namespace parkway::sim
