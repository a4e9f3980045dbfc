#include "tools/configuration.hpp"
#include "tools/node.hpp"
#include "tools/park_command.hpp"
#include "tools/versions.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>
#include <map>
#include <string>

namespace {

using namespace parkway;

/// The command line: what is to be done, and with what.
class command_line {
 public:
  command_line();
  exit_status obey(int count, char** words);

 private:
  CLI::App* node_command(const char* name, const char* purpose);
  void add_park_commands();
  exit_status ask() const;
  exit_status explain(const CLI::ParseError& error);

  CLI::App program_{"Parkway, a PBX for call parking", "parkway"};
  CLI::App* run_ = node_command("run", "Run the PBX in the foreground");
  CLI::App* check_ =
    node_command("check", "Validate the configuration, print the effective values");
  CLI::App* park_ = node_command("park", "Ask the running node about parked calls");
  std::map<CLI::App*, park_question> questions_;
  std::string file_, id_;
  bool json_ = false;
};

command_line::command_line() {
  program_.set_version_flag("--version", versions);
  program_.require_subcommand(1);
  program_.footer(
    "parkway run --config FILE\n"
    "parkway check --config FILE\n"
    "parkway park list --config FILE\n"
    "parkway park show|explain ID --config FILE");
  add_park_commands();
}

CLI::App* command_line::node_command(const char* name, const char* purpose) {
  auto* const made = program_.add_subcommand(name, purpose);
  made->add_option("--config", file_, "Node configuration (TOML)")->required();
  return made;
}

void command_line::add_park_commands() {
  park_->add_flag("--json", json_, "Answer in JSON, for scripts");
  park_->require_subcommand(1);
  const auto question = [this](const char* name, const char* purpose, park_question what) {
    auto* const made = park_->add_subcommand(name, purpose);
    made->fallthrough();  // --config and --json may stand behind it.
    questions_[made] = what;
    return made;
  };
  question("list", "All parked calls, a line each", park_question::list);
  for (auto* const of_one :
       {question("show", "One of them, a line a field", park_question::show),
        question("explain", "Its timeline: why each decision was taken", park_question::explain)})
    of_one->add_option("ID", id_, "As `park list` shows it")->required();
}

exit_status command_line::ask() const {
  for (const auto& [command, what] : questions_)
    if (*command)
      return ask_about_parked(file_, what, json_ ? answer_shape::json : answer_shape::text, id_);
  return exit_wrong_configuration;
}

/// What nobody knows is named first: what is missing for want of it would only confuse.
exit_status command_line::explain(const CLI::ParseError& error) {
  const bool asked_for_help = error.get_exit_code() == 0;
  if (const auto unknown = program_.remaining(true); !asked_for_help && !unknown.empty()) {
    std::cerr << "parkway: \"" << unknown.front() << "\" is not known here";
    if (program_.get_subcommands().empty()) std::cerr << "; the commands are run, check and park";
    if (*park_ && park_->get_subcommands().empty())
      std::cerr << "; it can be asked to list, show ID or explain ID";
    std::cerr << "\nRun with --help for more information.\n";
    return exit_wrong_configuration;
  }
  return program_.exit(error) == 0 ? exit_done : exit_wrong_configuration;
}

exit_status command_line::obey(int count, char** words) {
  try {
    program_.parse(count, words);
  } catch (const CLI::ParseError& error) {
    return explain(error);
  }
  try {
    if (*park_) return ask();
    return *check_ ? check_configuration(file_) : run_node(file_);
  } catch (const std::exception& error) {
    std::cerr << "parkway: " << error.what() << "\n";
    return exit_cannot_run;
  }
}

}  // namespace

int main(int count, char** words) {
  return command_line{}.obey(count, words);
}
