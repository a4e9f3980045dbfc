#pragma once

#include "kernel/values/endpoint.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace parkway::sip {

/// The addresses of this machine at which datagrams have reached a listener of all of them, each by
/// a number that a flow carries: what goes to a phone leaves from the address it sent to (RFC 3581
/// §4), or its NAT lets nothing in. Shared by the shards; any thread. Nothing is ever removed.
class local_addresses {
 public:
  /// From 1 on. 0, where max are known already: the route decides.
  std::uint64_t number_of(const ip_address& address);
  /// Null: no address has that number.
  const ip_address* numbered(std::uint64_t number) const;

 private:
  static constexpr std::size_t max = 255;  ///< Of one machine; a search is a walk through them.

  std::size_t place(const ip_address& address, std::size_t count) const;

  std::array<ip_address, max> known_;
  std::atomic<std::size_t> count_{0};
  std::mutex adding_;
};

}  // namespace parkway::sip
