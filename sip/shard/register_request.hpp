#pragma once

#include "kernel/messages/registration.hpp"
#include "sip/message/message.hpp"
#include "sip/message/validate.hpp"

#include <chrono>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace parkway::sip {

/// What a registration may ask for (RFC 3261 §10.3).
struct register_bounds {
  static constexpr std::chrono::seconds expires_min{60};    ///< Below: 423.
  static constexpr std::chrono::seconds expires_max{7200};  ///< Beyond: shortened to it.
  static constexpr std::chrono::seconds expires_default{3600};
  static constexpr std::size_t contact_count_max = 10;
  static constexpr std::size_t path_count_max = 10;
};

/// What a REGISTER wants.
struct registration_wish {
  bool remove_all = false;
  std::vector<contact_change> changes;  ///< Empty and not remove_all: it only asks.
};

/// Reads a REGISTER that came in on `via`. Pure; the extension decides about CSeq order.
std::variant<registration_wish, rejection> read_register(const message& request, const flow& via);

/// The headers of the 200: one Contact a binding, with the seconds left at `now`. Whole lines.
std::string contact_lines(std::span<const binding> bindings,
                          std::chrono::steady_clock::time_point now);

}  // namespace parkway::sip
