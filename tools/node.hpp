#pragma once

#include "tools/configuration.hpp"

#include <filesystem>

namespace parkway {

/// `parkway run`: a whole PBX until SIGTERM or SIGINT; SIGHUP re-reads the configuration.
exit_status run_node(const std::filesystem::path& file);

}  // namespace parkway
