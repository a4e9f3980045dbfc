#include "tools/configuration.hpp"
#include "tools/node.hpp"
#include "tools/versions.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>
#include <string>

int main(int count, char** words) {
  CLI::App program{"Parkway, a PBX for call parking", "parkway"};
  program.set_version_flag("--version", parkway::versions);
  program.require_subcommand(1);
  program.footer("parkway run --config FILE\nparkway check --config FILE");
  std::string file;
  auto* const run = program.add_subcommand("run", "Run the PBX in the foreground");
  auto* const check =
    program.add_subcommand("check", "Validate the configuration, print the effective values");
  for (auto* const command : {run, check})
    command->add_option("--config", file, "Node configuration (TOML)")->required();
  try {
    program.parse(count, words);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? parkway::exit_done : parkway::exit_wrong_configuration;
  }
  try {
    return *check ? parkway::check_configuration(file) : parkway::run_node(file);
  } catch (const std::exception& error) {
    std::cerr << "parkway: " << error.what() << "\n";
    return parkway::exit_cannot_run;
  }
}
