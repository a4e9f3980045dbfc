#pragma once

#include "kernel/config/settings.hpp"
#include "kernel/config/toml_reader.hpp"

namespace parkway {

// The words of the configuration and what they mean: read and printed by the same table.

inline constexpr words_for<log_level, 5> level_words{{{"trace", log_level::trace},
                                                      {"debug", log_level::debug},
                                                      {"info", log_level::info},
                                                      {"warn", log_level::warn},
                                                      {"error", log_level::error}}};
inline constexpr words_for<log_format, 2> format_words{
  {{"text", log_format::text}, {"json", log_format::json}}};
inline constexpr words_for<digest_algorithm, 2> digest_words{
  {{"MD5", digest_algorithm::md5}, {"SHA-256", digest_algorithm::sha256}}};
inline constexpr words_for<transport_kind, 5> transport_words{{{"udp", transport_kind::udp},
                                                               {"tcp", transport_kind::tcp},
                                                               {"tls", transport_kind::tls},
                                                               {"ws", transport_kind::ws},
                                                               {"wss", transport_kind::wss}}};
inline constexpr words_for<media_mode, 2> media_words{
  {{"relay", media_mode::relay}, {"direct", media_mode::direct}}};
inline constexpr words_for<recall_target, 4> recall_words{
  {{"USER_ONLY", recall_target::user_only},
   {"USER_FIRST_THEN_RING_GROUP", recall_target::user_first_then_ring_group},
   {"RING_GROUP_ONLY", recall_target::ring_group_only},
   {"NUMBER", recall_target::fixed_number}}};
inline constexpr words_for<hunting_policy, 4> hunting_words{
  {{"FIRST", hunting_policy::first},
   {"NEXT_AFTER_PARKER", hunting_policy::next_after_parker},
   {"LEAST_PARKED", hunting_policy::least_parked},
   {"LONGEST_IDLE", hunting_policy::longest_idle}}};
inline constexpr words_for<retrieve_scope, 2> scope_words{
  {{"TENANT", retrieve_scope::tenant}, {"GROUP_OR_OWNER", retrieve_scope::group_or_owner}}};
inline constexpr words_for<ring_strategy, 3> strategy_words{
  {{"RING_SIMULTANEOUSLY", ring_strategy::simultaneous},
   {"PRIORITIZED_HUNT", ring_strategy::prioritized},
   {"CYCLIC_HUNT", ring_strategy::cyclic}}};

/// The word for a value.
template <class Enum, std::size_t N>
constexpr std::string_view word(Enum value, const words_for<Enum, N>& words) {
  for (const auto& [text, meaning] : words)
    if (meaning == value) return text;
  return {};
}

/// A text as a TOML string: in quotes, with escapes.
std::string toml_string(std::string_view text);

/// Plugins linked into the binary, in the order they are started.
inline constexpr std::array<std::string_view, 1> built_in_plugins{"media"};

/// A file of [plugins] path that holds this plugin, or empty. Looks in `path`, beside the binary
/// and in /usr/lib/parkway/plugins.
std::filesystem::path find_plugin(std::string_view name,
                                  const std::vector<std::filesystem::path>& path);

}  // namespace parkway
