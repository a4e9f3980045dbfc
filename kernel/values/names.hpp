#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace parkway {

/// A string that means one thing only: a tenant's name cannot be passed where a number belongs.
template <class Tag>
struct named {
  std::string text;

  named() = default;
  explicit named(std::string value) : text(std::move(value)) {}
  bool empty() const { return text.empty(); }
  auto operator<=>(const named&) const = default;
};

/// Name of a tenant, unique on the node.
using tenant_name = named<struct tenant_name_tag>;
/// A dialable number of a tenant: an extension, a ring group. A string, so leading zeros count.
using number = named<struct number_tag>;
/// Name of a park group, unique in its tenant.
using group_name = named<struct group_name_tag>;
/// Name of one parked call; never used twice, not even after a restart.
using park_id = named<struct park_id_tag>;

/// A leg: one dialog between Parkway and one phone, as actors see it. `shard` says which transport
/// owns it; `serial` is never used twice in a process, so a stale id finds nothing.
struct leg_id {
  std::uint16_t shard = 0;
  std::uint64_t serial = 0;

  explicit operator bool() const { return serial != 0; }
  auto operator<=>(const leg_id&) const = default;
};

/// A media port: where one party's RTP arrives. Serial 0: none.
struct media_id {
  std::uint16_t engine = 0;
  std::uint64_t serial = 0;

  explicit operator bool() const { return serial != 0; }
  auto operator<=>(const media_id&) const = default;
};

}  // namespace parkway

template <class Tag>
struct std::hash<parkway::named<Tag>> {
  std::size_t operator()(const parkway::named<Tag>& name) const noexcept {
    return std::hash<std::string>{}(name.text);
  }
};

template <>
struct std::hash<parkway::leg_id> {
  std::size_t operator()(const parkway::leg_id& id) const noexcept {
    return std::hash<std::uint64_t>{}(id.serial * 0x9E3779B97F4A7C15u ^ id.shard);
  }
};

template <>
struct std::hash<parkway::media_id> {
  std::size_t operator()(const parkway::media_id& id) const noexcept {
    return std::hash<std::uint64_t>{}(id.serial * 0x9E3779B97F4A7C15u ^ id.engine);
  }
};
