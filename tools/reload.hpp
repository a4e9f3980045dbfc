#pragma once

#include "kernel/config/settings.hpp"

#include <string>
#include <vector>

namespace parkway {

/// Keys that differ and cannot change while the node runs.
std::vector<std::string> fixed_changes(const settings& running, const settings& read);

}  // namespace parkway
