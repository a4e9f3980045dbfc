#include "tools/reload.hpp"

namespace parkway {

std::vector<std::string> fixed_changes(const settings& running, const settings& read) {
  std::vector<std::string> keys;
  const auto compare = [&](const char* key, auto... fields) {
    if (((running.*fields != read.*fields) || ...)) keys.emplace_back(key);
  };
  using s = settings;
  compare("node.name", &s::node_name);
  compare("node.data_dir", &s::data_dir);
  compare("sip.digest", &s::digest);
  compare("sip.listen", &s::listeners);
  compare("sip.tls", &s::tls_certificate, &s::tls_private_key);
  compare("media.mode", &s::media);
  compare("media.port_min", &s::media_port_min);
  compare("media.port_max", &s::media_port_max);
  compare("media.music", &s::music);
  compare("http", &s::http_address, &s::http_port);
  compare("store.url", &s::store_url);
  compare("limits.exempt", &s::exempt);
  compare("limits.requests_per_second", &s::requests_per_second);
  compare("limits.ban_after", &s::ban_after);
  compare("limits.ban_time", &s::ban_time);
  compare("limits.nonce_life", &s::nonce_life);
  compare("limits.calls", &s::calls_max);
  compare("plugins", &s::plugins, &s::plugin_path);
  return keys;
}

}  // namespace parkway
