#pragma once

#include "kernel/values/endpoint.hpp"
#include "kernel/values/names.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace parkway {

/// Somebody in a call, as shown to others.
struct party {
  std::string name;       ///< Display name, UTF-8; empty: show the number.
  number extension;       ///< Number of the tenant, or of the outside world.
  bool withheld = false;  ///< Asked not to be shown (RFC 3323): others see "Anonymous".

  bool operator==(const party&) const = default;
};

/// How a message travels.
enum class transport_kind : std::uint8_t { udp, tcp, tls, ws, wss };

/// The way back to a phone: the socket and address its registration came in on. A value handle:
/// what it names may be gone, then the phone is not reachable.
struct flow {
  std::uint16_t shard = 0;
  transport_kind kind = transport_kind::udp;
  std::uint16_t listener = 0;  ///< Index of the listener in the configuration.
  /// Serial of the connection. UDP: number of the address of ours it came to; 0: the only one.
  std::uint64_t connection = 0;
  endpoint remote;

  bool operator==(const flow&) const = default;
};

/// What tells one phone of an extension from another: its instance, else its Contact. Where it
/// comes from says nothing: behind a session border controller all phones come from one address and
/// port.
struct device {
  std::string contact;   ///< user@host:port of its Contact, the host in lower case.
  endpoint source;       ///< Where its packets come from.
  std::string instance = {};  ///< +sip.instance (RFC 5626 §4.1), lower case; empty: none.

  bool same_as(const device& other) const {
    if (!instance.empty() && !other.instance.empty()) return instance == other.instance;
    if (!contact.empty() && !other.contact.empty()) return contact == other.contact;
    return source == other.source;
  }
};

/// One registered contact of an extension (RFC 3261 §10). Actors compare `key`, never `uri`.
struct binding {
  std::string uri;  ///< Contact URI as registered.
  /// Equal keys are one phone: its instance and reg-id (RFC 5626 §6), else the canonical form of
  /// the URI and, where that names another host than the phone comes from, the way to it.
  std::string key;
  std::uint32_t reg_id = 0;       ///< RFC 5626 §4.2; 0: none.
  float preference = 1.0F;        ///< q, 0–1.
  std::vector<std::string> path;  ///< Path (RFC 3327), topmost first.
  flow via;
  device phone;
  std::string call_id;         ///< Of the REGISTER that made or refreshed it.
  std::uint32_t sequence = 0;  ///< Its CSeq.
  std::string user_agent;
  std::chrono::steady_clock::time_point expires_at;  ///< By the actor clock.
};

}  // namespace parkway
