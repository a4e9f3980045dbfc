#include "tools/park_command.hpp"

#include <iostream>

namespace parkway {

namespace {

exit_status sorry(const std::string& why) {
  std::cerr << "parkway: " << why << "\n";
  return exit_cannot_run;
}

}  // namespace

exit_status ask_about_parked(const std::filesystem::path& file, park_question what,
                             answer_shape shape, const std::string& id) {
  if (id.find_first_of(" \n") != id.npos) return sorry("no such parked call: " + id);
  const auto folder = find_data_dir(file);
  if (!folder) return sorry(folder.error().detail);
  const auto said = ask_node(*folder, park_request(what, shape, id));
  if (!said) return sorry(said.error().detail);
  if (!said->done) return sorry(said->text);
  std::cout << said->text << std::flush;
  return exit_done;
}

}  // namespace parkway
