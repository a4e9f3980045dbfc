#include "kernel/config/configuration_words.hpp"
#include "kernel/config/settings.hpp"

#include <sstream>

namespace parkway {

namespace {

template <class List, class Text>
std::string string_list(const List& values, Text text) {
  std::string out = "[";
  for (const auto& value : values) {
    if (out.size() > 1) out += ", ";
    out += toml_string(text(value));
  }
  return out + "]";
}

std::string network_text(const network& n) {
  return n.base.text() + "/" + std::to_string(n.prefix);
}

bool exists(const settings& s, const std::string& plugin) {
  return std::find(built_in_plugins.begin(), built_in_plugins.end(), plugin)
           != built_in_plugins.end()
         || !find_plugin(plugin, s.plugin_path).empty();
}

/// What a table without its plugin is marked with.
std::string_view inert_without(const settings& s, const std::string& plugin,
                               std::string_view remark) {
  return exists(s, plugin) ? std::string_view{} : remark;
}

void print_listeners(std::ostream& out, const settings& s) {
  for (const auto& l : s.listeners)
    out << "\n[[sip.listen]]\ntransport = " << toml_string(word(l.transport, transport_words))
        << "\naddress = " << toml_string(l.address) << "\nport = " << l.port
        << "\nadvertise = " << toml_string(l.advertise) << "\n";
  out << "\n[sip.tls] # inert: no tls in this version\ncertificate = "
      << toml_string(s.tls_certificate) << "\nprivate_key = " << toml_string(s.tls_private_key)
      << "\n";
}

void print_plugins(std::ostream& out, const settings& s) {
  const auto same = [](const std::string& name) { return name; };
  out << "\n[plugins]\nload = " << string_list(s.plugins, same);
  std::string missing;
  for (const auto& name : s.plugins)
    if (!exists(s, name)) missing += (missing.empty() ? "" : ", ") + name;
  if (!missing.empty()) out << " # inert, not in this version: " << missing;
  out << "\npath = "
      << string_list(s.plugin_path, [](const auto& folder) { return folder.string(); }) << "\n";
}

}  // namespace

std::string toml_string(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\';
    if (byte >= 0x20 && c != 0x7F)
      out += c;
    else
      out.append("\\u00").append({digits[byte >> 4], digits[byte & 15]});
  }
  return out + '"';
}

std::string print_settings(const settings& s) {
  std::ostringstream out;
  out << "# " << s.file.string() << "\n[node]\nname = " << toml_string(s.node_name)
      << "\ndata_dir = " << toml_string(s.data_dir.string())
      << "\n\n[log]\nlevel = " << toml_string(word(s.level, level_words))
      << "\nformat = " << toml_string(word(s.format, format_words)) << "\n\n[sip]\ndigest = "
      << string_list(s.digest, [](auto algorithm) { return word(algorithm, digest_words); })
      << "\n";
  print_listeners(out, s);
  out << "\n[media]\nmode = " << toml_string(word(s.media, media_words))
      << "\nport_min = " << s.media_port_min << "\nport_max = " << s.media_port_max
      << "\nmusic = " << toml_string(s.music) << "\n\n[http]"
      << inert_without(s, "http", " # inert: no http plugin in this version")
      << "\naddress = " << toml_string(s.http_address) << "\nport = " << s.http_port
      << "\n\n[store]" << inert_without(s, "store", " # inert: no store plugin in this version")
      << "\nurl = " << toml_string(s.store_url)
      << "\n\n[directory]\nseed = " << toml_string(s.seed.string())
      << "\n\n[limits]\nexempt = " << string_list(s.exempt, network_text)
      << "\nrequests_per_second = " << s.requests_per_second << "\nban_after = " << s.ban_after
      << "\nban_time = " << s.ban_time.count() << "\nnonce_life = " << s.nonce_life.count()
      << "\ncalls = " << s.calls_max << "\n";
  print_plugins(out, s);
  return out.str();
}

}  // namespace parkway
