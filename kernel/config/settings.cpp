#include "kernel/config/settings.hpp"

#include "kernel/config/configuration_words.hpp"

#include <algorithm>
#include <system_error>

namespace parkway {

namespace fs = std::filesystem;

bool network::contains(const ip_address& a) const {
  if (a.version != base.version) return false;
  const unsigned whole = prefix / 8, rest = prefix % 8;
  if (!std::equal(a.bytes.begin(), a.bytes.begin() + whole, base.bytes.begin())) return false;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xFF00U >> rest);
  return (a.bytes[whole] & mask) == (base.bytes[whole] & mask);
}

std::string config_error::text() const {
  auto all = file;
  if (line != 0) all += ":" + std::to_string(line);
  all += ": " + (key.empty() ? wrong : key + ": " + wrong);
  // What stands in the file may hold control characters: one mistake is one line of a terminal.
  std::replace_if(
    all.begin(), all.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
  return all;
}

fs::path find_plugin(std::string_view name, const std::vector<fs::path>& path) {
  auto folders = path;
  std::error_code nothing;
  const auto binary = fs::read_symlink("/proc/self/exe", nothing);
  if (!binary.empty()) folders.push_back(binary.parent_path());
  folders.emplace_back("/usr/lib/parkway/plugins");
  for (const auto& folder : folders) {
    auto file = folder / (std::string{name} + ".so");
    if (fs::is_regular_file(file, nothing)) return file;
  }
  return {};
}

}  // namespace parkway
