#include "tools/configuration.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <utility>

namespace parkway {
namespace {

namespace fs = std::filesystem;

phone_profiles read_profiles(const fs::path& config, std::vector<config_error>& errors) {
  const auto file = fs::absolute(config).parent_path() / "device-profiles.toml";
  phone_profiles phones;
  std::error_code nothing;
  if (!fs::exists(file, nothing)) return phones;
  std::ifstream in{file};
  phones.text.assign(std::istreambuf_iterator<char>{in}, {});
  if (!in) {
    errors.push_back({file.string(), 0, "", "cannot be read"});
    return phones;
  }
  auto read = device_profiles::read(phones.text, file.string());
  if (auto* const wrong = std::get_if<1>(&read))
    std::move(wrong->begin(), wrong->end(), std::back_inserter(errors));
  else
    phones.all = std::get<0>(std::move(read));
  return phones;
}

}  // namespace

std::variant<configuration, std::vector<config_error>> read_configuration(
  const std::filesystem::path& file) {
  std::vector<config_error> errors;
  configuration made;
  auto node = read_settings(file);
  if (auto* const wrong = std::get_if<1>(&node))
    errors = std::move(*wrong);
  else
    made.node = std::make_shared<const settings>(std::get<0>(std::move(node)));

  made.tenants = std::make_shared<const tenant_list>();
  if (const auto seed = made.node ? made.node->seed : find_seed(file); !seed.empty()) {
    auto tenants = read_directory(seed);
    if (auto* const wrong = std::get_if<1>(&tenants))
      std::move(wrong->begin(), wrong->end(), std::back_inserter(errors));
    else
      made.tenants = std::get<0>(std::move(tenants));
  }
  made.phones = read_profiles(file, errors);
  if (!errors.empty()) return errors;
  return made;
}

exit_status check_configuration(const std::filesystem::path& file) {
  const auto read = read_configuration(file);
  if (const auto* const errors = std::get_if<1>(&read)) {
    for (const auto& error : *errors)
      std::cerr << error.text() << "\n";
    return exit_wrong_configuration;
  }
  const auto& [node, tenants, phones] = std::get<0>(read);
  std::cout << print_settings(*node);
  std::cout << "\n# device profiles: "
            << (phones.text.empty() ? "built in" : "device-profiles.toml beside this file") << "\n";
  if (!node->seed.empty()) std::cout << "\n# " << node->seed.string() << "\n";
  std::cout << print_directory(*tenants);
  return exit_done;
}

}  // namespace parkway
