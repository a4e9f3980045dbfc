#pragma once

#include "kernel/config/tenants.hpp"
#include "kernel/values/party.hpp"
#include "kernel/values/result.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

namespace parkway {

/// Level and shape of the log.
enum class log_level : std::uint8_t { trace, debug, info, warn, error };
enum class log_format : std::uint8_t { text, json };

/// A digest algorithm that can be offered (RFC 8760).
enum class digest_algorithm : std::uint8_t { md5, sha256 };

/// One [[sip.listen]] block.
struct listener_settings {
  transport_kind transport = transport_kind::udp;
  std::string address = "0.0.0.0";
  std::uint16_t port = 5060;
  std::string advertise;  ///< Address shown to phones; empty: the local one of the route.

  bool operator==(const listener_settings&) const = default;
};

/// A network in CIDR notation.
struct network {
  ip_address base;
  std::uint8_t prefix = 0;
  bool contains(const ip_address& a) const;
  bool operator==(const network&) const = default;
};

/// Whether RTP passes through Parkway.
enum class media_mode : std::uint8_t { relay, direct };

/// The node configuration, typed; every value has its default. Field comments: config/parkway.toml.
struct settings {
  std::filesystem::path file;  ///< Where it was read; relative paths are relative to its folder.
  std::string node_name = "parkway";
  std::filesystem::path data_dir = "data";
  log_level level = log_level::info;
  log_format format = log_format::text;
  std::vector<digest_algorithm> digest{digest_algorithm::md5, digest_algorithm::sha256};
  std::vector<listener_settings> listeners;
  std::string tls_certificate, tls_private_key;
  media_mode media = media_mode::relay;
  std::uint16_t media_port_min = 20000, media_port_max = 29999;
  std::string music;  ///< File; empty: the built-in tune.
  std::string http_address = "127.0.0.1";
  std::uint16_t http_port = 8080;
  std::string store_url = "sqlite:parkway.db";
  std::filesystem::path seed;  ///< The directory file; empty: none.
  std::vector<network> exempt;
  std::uint32_t requests_per_second = 200;
  std::uint32_t ban_after = 10;  ///< 0: never.
  std::chrono::seconds ban_time{60};
  std::chrono::seconds nonce_life{300};
  std::uint32_t calls_max = 10000;
  std::vector<std::string> plugins{"media",        "store",   "http", "portal",
                                   "provisioning", "metrics", "cdr"};
  bool plugins_given = false;  ///< [plugins] load stands in the file: each must exist.
  std::vector<std::filesystem::path> plugin_path{"plugins"};
};

/// One mistake in a configuration file, in words for its author.
struct config_error {
  std::string file;
  std::uint32_t line = 0;  ///< 0: the file as a whole.
  std::string key;         ///< "sip.listen[1].port"; empty: none in particular.
  std::string wrong;       ///< What is wrong, and what would be right.

  /// "demo.toml:12: tenant.call_park.recal_time: unknown key; nearest known key: recall_time"
  std::string text() const;
};

/// A configuration, or all its mistakes at once.
template <class T>
using config_result = std::variant<T, std::vector<config_error>>;

/// Reads and checks the node configuration. Relative paths come back absolute.
config_result<settings> read_settings(const std::filesystem::path& file);

/// The directory file a node configuration names, even where the rest of it is wrong; empty: none
/// that can be read. So that the mistakes of both can be told in one go.
std::filesystem::path find_seed(const std::filesystem::path& file);

/// Where the state of a node lives, even where the rest of its configuration is wrong: a running
/// node is found although its file was broken meanwhile. Fault malformed: the file is no TOML.
result<std::filesystem::path> find_data_dir(const std::filesystem::path& file);

/// Reads and checks a directory file (contract: seed/apply file).
config_result<std::shared_ptr<const tenant_list>> read_directory(const std::filesystem::path& file);

/// The effective values, secrets masked, as `parkway check` prints them.
std::string print_settings(const settings& s);
std::string print_directory(const tenant_list& list);

}  // namespace parkway
