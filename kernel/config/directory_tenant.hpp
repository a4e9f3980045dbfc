#pragma once

#include "kernel/config/ha1.hpp"
#include "kernel/config/tenants.hpp"
#include "kernel/config/toml_reader.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace parkway {

/// What must be unique across all tenants of a file, and the line that took it.
struct taken_names {
  std::unordered_map<std::string, std::uint32_t> tenants, domains, macs;
  std::uint32_t default_tenant = 0;  ///< Line of the one that is; 0: none yet.
};

/// Reads and checks one [[tenant]]. `folder`: what its music files are relative to.
std::shared_ptr<tenant> read_tenant(table_reader& table, const std::filesystem::path& folder,
                                    const ha1_maker& ha1, taken_names& taken);

/// Reads the account under `key`: its user name, or empty where there is none.
std::string read_admin(table_reader& table, std::string_view key);

/// Reads [tenant.call_park], without a look at what its numbers name.
call_park_terms read_call_park(table_reader& table, const std::filesystem::path& folder);

/// Reads the recall_ keys, hunting and music of a group, over those of its tenant.
void read_group_terms(table_reader& table, const std::filesystem::path& folder,
                      const call_park_terms& base, park_group_entry& into);

/// Refuses what would leave a party in music for ever, or in a loop: numbers nobody has, feature
/// access codes, no end at all. Only keys that stand in `table` are blamed for their value.
void check_recall(table_reader& table, const recall_terms& terms, const tenant& within);

/// Three to 64 digits.
bool is_number(std::string_view text);

}  // namespace parkway
