#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace parkway {

/// Length of the UTF-8 character at the beginning of `text`, which is not empty; 0: it is none
/// (RFC 3629 §4).
std::size_t utf8_length(std::string_view text);

/// `text` with every byte that is no UTF-8 replaced by U+FFFD: displays, XML and JSON choke on it.
std::string clean_utf8(std::string_view text);

}  // namespace parkway
