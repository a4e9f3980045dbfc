#include "kernel/config/configuration_words.hpp"
#include "kernel/config/settings.hpp"
#include "kernel/config/toml_reader.hpp"

#include <charconv>
#include <fstream>
#include <set>
#include <system_error>

namespace parkway {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t listeners_max = 64;

/// Relative paths are relative to the folder of the configuration file.
fs::path beside(const fs::path& config, const std::string& given) {
  return (fs::absolute(config).parent_path() / given).lexically_normal();
}

bool readable_file(const fs::path& file) {
  std::error_code nothing;
  return fs::is_regular_file(file, nothing) && std::ifstream{file}.good();
}

/// A path to a file that must be there; empty stays empty.
std::string existing_file(table_reader& table, std::string_view key, const fs::path& config) {
  const auto given = table.text(key);
  if (given.empty()) return {};
  const auto file = beside(config, given);
  if (!readable_file(file)) refuse_missing_file(table, key, file);
  return file.string();
}

void refuse_any_but_address(table_reader& table, std::string_view key, const std::string& given) {
  if (!ip_address::parse(given))
    table.refuse(key, "\"" + given
                        + "\" is not an IP address; expected one such as \"0.0.0.0\", "
                          "\"192.0.2.10\" or \"::\"");
}

void read_node(table_reader table, settings& into) {
  if (table.has("name")) into.node_name = table.required_text("name");
  if (table.has("data_dir"))
    if (auto given = table.required_text("data_dir"); !given.empty()) into.data_dir = given;
  into.data_dir = beside(into.file, into.data_dir.string());
  table.refuse_unknown();
}

void read_log(table_reader table, settings& into) {
  into.level = table.choice("level", into.level, level_words);
  into.format = table.choice("format", into.format, format_words);
  table.refuse_unknown();
}

void read_digest(table_reader& table, settings& into) {
  if (!table.has("digest")) return;
  into.digest.clear();
  const auto offered = table.texts("digest");
  for (const auto& given : offered) {
    const auto* const known = std::find_if(digest_words.begin(), digest_words.end(),
                                           [&](auto& w) { return w.first == given; });
    if (known == digest_words.end())
      table.refuse("digest", "\"" + given + R"(" is not one of "MD5" or "SHA-256")");
    else if (std::find(into.digest.begin(), into.digest.end(), known->second) != into.digest.end())
      table.refuse("digest", "\"" + given + "\" stands here twice; expected once");
    else
      into.digest.push_back(known->second);
  }
  if (offered.empty())
    table.refuse("digest", R"(offers nothing; expected a list such as ["MD5", "SHA-256"])");
}

listener_settings read_listener(table_reader& table) {
  listener_settings made;
  made.transport = table.choice("transport", made.transport, transport_words);
  if (made.transport != transport_kind::udp && made.transport != transport_kind::tcp)
    table.refuse("transport", "\"" + std::string{word(made.transport, transport_words)}
                                + R"(" is not available in this version; use "udp" or "tcp")");
  made.address = table.text("address", made.address);
  refuse_any_but_address(table, "address", made.address);
  made.port = static_cast<std::uint16_t>(table.integer("port", made.port, 0, 65535));
  made.advertise = table.text("advertise");
  if (const auto shown = ip_address::parse(made.advertise); !made.advertise.empty())
    if (!shown || shown->is_any())
      table.refuse("advertise", "\"" + made.advertise
                                  + "\" is not an address a phone can send to; expected an IP "
                                    "address, or \"\" for the local one");
  table.refuse_unknown();
  return made;
}

bool same_socket(const listener_settings& a, const listener_settings& b) {
  return a.transport == b.transport && a.address == b.address && a.port == b.port && a.port != 0;
}

void read_listeners(table_reader& sip, settings& into) {
  auto blocks = sip.tables("listen");
  if (blocks.size() > listeners_max)
    sip.refuse("listen", "more than " + std::to_string(listeners_max) + " listeners");
  for (auto& block : blocks) {
    auto made = read_listener(block);
    for (const auto& other : into.listeners)
      if (same_socket(made, other))
        block.refuse(
          "port",
          "another listener has this transport, address and port already; expected another "
          "port, or 0 for any free one");
    into.listeners.push_back(std::move(made));
  }
  if (blocks.empty()) into.listeners.emplace_back();
}

void read_sip(table_reader table, settings& into) {
  read_digest(table, into);
  read_listeners(table, into);
  auto tls = table.table("tls");
  into.tls_certificate = existing_file(tls, "certificate", into.file);
  into.tls_private_key = existing_file(tls, "private_key", into.file);
  tls.refuse_unknown();
  table.refuse_unknown();
}

void read_media(table_reader table, settings& into) {
  into.media = table.choice("mode", into.media, media_words);
  const auto port = [&](std::string_view key, std::uint16_t fallback) {
    return static_cast<std::uint16_t>(table.integer(key, fallback, 1024, 65535));
  };
  into.media_port_min = port("port_min", into.media_port_min);
  into.media_port_max = port("port_max", into.media_port_max);
  if (into.media_port_max < into.media_port_min + 3)
    table.refuse("port_max",
                 std::to_string(into.media_port_max)
                   + " leaves no room above port_min = " + std::to_string(into.media_port_min)
                   + "; a call needs four ports (RTP and RTCP, two parties)");
  into.music = existing_file(table, "music", into.file);
  table.refuse_unknown();
}

void read_http(table_reader table, settings& into) {
  into.http_address = table.text("address", into.http_address);
  refuse_any_but_address(table, "address", into.http_address);
  into.http_port = static_cast<std::uint16_t>(table.integer("port", into.http_port, 0, 65535));
  table.refuse_unknown();
}

void read_store(table_reader table, settings& into) {
  into.store_url = table.text("url", into.store_url);
  if (!into.store_url.starts_with("sqlite:") && !into.store_url.starts_with("postgresql://"))
    table.refuse("url", "\"" + into.store_url
                          + R"(" is no store; expected "sqlite:FILE" or "postgresql://…")");
  table.refuse_unknown();
}

void read_seed(table_reader table, settings& into) {
  into.seed = existing_file(table, "seed", into.file);
  table.refuse_unknown();
}

std::optional<network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto base = ip_address::parse(text.substr(0, slash));
  if (!base) return std::nullopt;
  const unsigned bits = base->version == ip_version::v4 ? 32 : 128;
  if (slash == std::string_view::npos) return network{*base, static_cast<std::uint8_t>(bits)};
  const auto digits = text.substr(slash + 1);
  unsigned prefix = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), prefix);
  if (error != std::errc{} || end != digits.end() || prefix > bits) return std::nullopt;
  return network{*base, static_cast<std::uint8_t>(prefix)};
}

void read_limits(table_reader table, settings& into) {
  for (const auto& given : table.texts("exempt", {"127.0.0.0/8", "::1"})) {
    if (const auto parsed = parse_network(given))
      into.exempt.push_back(*parsed);
    else
      table.refuse("exempt", "\"" + given
                               + "\" is not a network; expected one such as \"192.0.2.0/24\" "
                                 "or \"::1\"");
  }
  const auto count = [&](std::string_view key, std::uint32_t fallback, std::int64_t max) {
    return static_cast<std::uint32_t>(table.integer(key, fallback, 1, max));
  };
  into.requests_per_second = count("requests_per_second", into.requests_per_second, 1'000'000);
  into.ban_after =
    static_cast<std::uint32_t>(table.integer("ban_after", into.ban_after, 0, 100'000));
  into.ban_time = table.seconds("ban_time", into.ban_time, 1, 86'400);
  into.nonce_life = table.seconds("nonce_life", into.nonce_life, 1, 86'400);
  into.calls_max = count("calls", into.calls_max, 1'000'000);
  table.refuse_unknown();
}

bool plugin_name(std::string_view name) {
  return !name.empty() && name.size() <= 64
         && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == name.npos;
}

void refuse_missing_plugins(table_reader& table, const settings& from) {
  std::set<std::string_view> seen;
  for (const auto& name : from.plugins) {
    const auto known = std::find(built_in_plugins.begin(), built_in_plugins.end(), name);
    if (!plugin_name(name))
      table.refuse("load", "\"" + name + "\" is no plugin name; expected a–z, 0–9, _ and -");
    else if (!seen.insert(name).second)
      table.refuse("load", "\"" + name + "\" stands here twice; expected once");
    else if (known == built_in_plugins.end() && find_plugin(name, from.plugin_path).empty())
      table.refuse("load", "\"" + name + "\" is not built in, and there is no " + name
                             + ".so in path, beside the binary or in /usr/lib/parkway/plugins; "
                               "built in: "
                             + listed({built_in_plugins.begin(), built_in_plugins.end()}));
  }
}

void read_plugins(table_reader table, settings& into) {
  std::vector<fs::path> folders;
  for (const auto& given : table.texts("path", {"plugins"}))
    folders.push_back(beside(into.file, given));
  into.plugin_path = std::move(folders);
  into.plugins_given = table.has("load");
  into.plugins = table.texts("load", into.plugins);
  if (into.plugins_given) refuse_missing_plugins(table, into);
  table.refuse_unknown();
}

}  // namespace

config_result<settings> read_settings(const fs::path& file) {
  mistakes errors{file.string()};
  const auto parsed = parse_toml(file, errors);
  if (!errors.none()) return errors.take();
  settings made;
  made.file = fs::absolute(file).lexically_normal();
  table_reader root{errors, parsed, "", 1};
  read_node(root.table("node"), made);
  read_log(root.table("log"), made);
  read_sip(root.table("sip"), made);
  read_media(root.table("media"), made);
  read_http(root.table("http"), made);
  read_store(root.table("store"), made);
  read_seed(root.table("directory"), made);
  read_limits(root.table("limits"), made);
  read_plugins(root.table("plugins"), made);
  root.refuse_unknown();
  if (!errors.none()) return errors.take();
  return made;
}

fs::path find_seed(const fs::path& file) {
  mistakes ignored{file.string()};
  const auto parsed = parse_toml(file, ignored);
  const auto given = parsed["directory"]["seed"].value_or(std::string{});
  if (given.empty()) return {};
  auto seed = beside(file, given);
  return readable_file(seed) ? seed : fs::path{};
}

result<fs::path> find_data_dir(const fs::path& file) {
  mistakes errors{file.string()};
  const auto parsed = parse_toml(file, errors);
  if (!errors.none()) return fault{fault_code::malformed, errors.take().front().text()};
  return beside(file, parsed["node"]["data_dir"].value_or(settings{}.data_dir.string()));
}

}  // namespace parkway
