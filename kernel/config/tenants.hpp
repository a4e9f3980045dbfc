#pragma once

#include "kernel/values/names.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace parkway {

/// Digest HA1 values (RFC 7616 §3.4.2) of an extension in its realm, as bytes.
struct digest_secret {
  std::array<std::uint8_t, 16> md5{};
  std::array<std::uint8_t, 32> sha256{};

  bool operator==(const digest_secret&) const = default;
};

/// An extension of the directory.
struct extension_entry {
  parkway::number number;
  std::string display_name;
  digest_secret secret;
};

/// How a ring group tries its members.
enum class ring_strategy : std::uint8_t { simultaneous, prioritized, cyclic };

/// A ring group: a dialable number that rings several extensions.
struct ring_group_entry {
  parkway::number number;
  std::string name;
  ring_strategy strategy = ring_strategy::simultaneous;
  std::chrono::seconds ring_time{20};
  std::vector<parkway::number> members;
};

/// Whom a recall rings.
enum class recall_target : std::uint8_t {
  user_only,
  user_first_then_ring_group,
  ring_group_only,
  fixed_number
};

/// How a group park finds its place (contract: hunting).
enum class hunting_policy : std::uint8_t { first, next_after_parker, least_parked, longest_idle };

/// Who may take a parked call.
enum class retrieve_scope : std::uint8_t { tenant, group_or_owner };

/// Recall settings: the tenant's, or a group's own.
struct recall_terms {
  recall_target target = recall_target::user_only;
  std::chrono::seconds recall_time{60};  ///< Park to first recall; 5–3600, 0: no recall.
  number recall_number;
  number ring_group;
  std::chrono::seconds ring_group_time{60};  ///< How long the parker is tried before the group.
  std::chrono::seconds ring_time{30};        ///< One attempt; 5–120.
  std::chrono::seconds retry_time{10};       ///< Pause between attempts; 5–60.
  std::chrono::seconds max_park_time{3600};  ///< Then `final`; 5–86400, 0: none.
  std::optional<number> final_number;        ///< None: hang up.
};

/// [tenant.call_park]
struct call_park_terms {
  bool enabled = true;
  number service_number{"666"};  ///< extension_number: whom call-park messages come from.
  recall_terms recall;
  std::uint32_t parked_per_extension_max = 0;  ///< 0: no limit.
  retrieve_scope scope = retrieve_scope::tenant;
  bool notify_parker = false;
  hunting_policy hunting = hunting_policy::first;
  std::string music;
};

/// A call park group: its members in hunting order, and what it sets differently from the tenant.
struct park_group_entry {
  group_name name;
  std::vector<number> members;
  recall_terms recall;  ///< Effective: the tenant's, with the group's own keys in place.
  hunting_policy hunting = hunting_policy::first;
  std::string music;
};

/// Feature access codes; none is empty, none the beginning of another.
struct feature_codes {
  std::string call_park = "*68";
  std::string group_call_park = "*58";
  std::string call_retrieve = "*88";
};

/// A phone of the directory, for provisioning.
struct phone_entry {
  std::string mac;
  std::string model;
  number extension;
};

/// One tenant, whole. Immutable once published; a change publishes another.
struct tenant {
  tenant_name name;
  std::string domain;  ///< SIP domain and digest realm, lower case.
  bool is_default = false;
  std::string admin;  ///< User name of its administrator; empty: none.
  std::string language = "en";
  call_park_terms call_park;
  feature_codes codes;
  std::unordered_map<number, extension_entry> extensions;
  std::unordered_map<number, ring_group_entry> ring_groups;
  std::vector<park_group_entry> park_groups;
  std::unordered_map<number, std::size_t> group_of;  ///< Extension → index in park_groups.
  std::vector<phone_entry> phones;

  const extension_entry* extension(const number& n) const;
  /// The park group an extension is a member of, or null.
  const park_group_entry* park_group_of(const number& n) const;
  const park_group_entry* park_group(const group_name& n) const;
};

using tenant_ptr = std::shared_ptr<const tenant>;

/// All tenants of the node, as one immutable snapshot.
struct tenant_list {
  std::unordered_map<tenant_name, tenant_ptr> by_name;
  std::unordered_map<std::string, tenant_ptr> by_domain;
  tenant_ptr fallback;       ///< The default tenant, or null.
  std::string system_admin;  ///< User name of the node's administrator; empty: none.

  void add(const tenant_ptr& t);
};

/// An extension of a tenant.
struct user_name {
  tenant_name tenant;
  number extension;

  bool operator==(const user_name&) const = default;
};

/// Who could authenticate before and cannot any more: taken out, or with another password or realm.
std::vector<user_name> revoked_users(const tenant_list& before, const tenant_list& after);

/// Where the present snapshot is found. Any thread reads; the configuration replaces.
class tenant_book {
 public:
  std::shared_ptr<const tenant_list> current() const {
    return list_.load(std::memory_order_acquire);
  }
  void replace(std::shared_ptr<const tenant_list> list) { list_.store(std::move(list)); }
  /// The tenant of that name, or null.
  tenant_ptr find(const tenant_name& name) const;

 private:
  std::atomic<std::shared_ptr<const tenant_list>> list_{std::make_shared<const tenant_list>()};
};

}  // namespace parkway
