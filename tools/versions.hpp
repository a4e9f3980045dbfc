#pragma once

#include <string>

namespace parkway {

/// Of Parkway and of the libraries it runs on, a line each.
std::string versions();

}  // namespace parkway
