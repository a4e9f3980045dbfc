#pragma once

#include "kernel/settings.hpp"

#include <filesystem>
#include <memory>
#include <variant>
#include <vector>

namespace parkway {

/// Node and directory configuration, both right.
struct configuration {
  std::shared_ptr<const settings> node;
  std::shared_ptr<const tenant_list> tenants;
};

/// Reads both, or tells every mistake of both.
std::variant<configuration, std::vector<config_error>> read_configuration(
  const std::filesystem::path& file);

/// Exit statuses of the program.
enum exit_status { exit_done = 0, exit_cannot_run = 1, exit_wrong_configuration = 2 };

/// `parkway check`: prints the effective values, or the mistakes.
exit_status check_configuration(const std::filesystem::path& file);

}  // namespace parkway
