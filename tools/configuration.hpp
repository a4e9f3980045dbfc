#pragma once

#include "kernel/config/device_profiles.hpp"
#include "kernel/config/settings.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace parkway {

/// How kinds of phones are told of parked calls: device-profiles.toml beside the configuration, or
/// what is built in.
struct phone_profiles {
  std::shared_ptr<const device_profiles> all = device_profiles::built_in();
  std::string text;  ///< Of the file; empty: there is none.
};

/// Node and directory configuration and device profiles, all right.
struct configuration {
  std::shared_ptr<const settings> node;
  std::shared_ptr<const tenant_list> tenants;
  phone_profiles phones;
};

/// Reads all of it, or tells every mistake.
std::variant<configuration, std::vector<config_error>> read_configuration(
  const std::filesystem::path& file);

/// Exit statuses of the program.
enum exit_status { exit_done = 0, exit_cannot_run = 1, exit_wrong_configuration = 2 };

/// `parkway check`: prints the effective values, or the mistakes.
exit_status check_configuration(const std::filesystem::path& file);

}  // namespace parkway
