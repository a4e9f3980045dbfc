#pragma once

#include "tools/configuration.hpp"
#include "tools/park_answers.hpp"

#include <filesystem>
#include <string>

namespace parkway {

/// `parkway park …`: asks the node that runs with this configuration, and prints what it says.
/// exit_cannot_run: no node runs, or there is no such call.
exit_status ask_about_parked(const std::filesystem::path& file, park_question what,
                             answer_shape shape, const std::string& id);

}  // namespace parkway
