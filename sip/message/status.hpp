#pragma once

#include "kernel/messages/leg.hpp"
#include "kernel/values/result.hpp"

#include <cstdint>
#include <string_view>

namespace parkway::sip {

/// The one place that knows which SIP status a fault becomes (RFC 3261 §21).
std::uint16_t status_of(fault_code code);
/// The status of a refusal: the phone's own where it gave one, else its code's.
std::uint16_t status_of(const refusal& why);
/// What a phone's final answer (300–699) means to actors; the status travels along.
refusal refusal_of(std::uint16_t status);
/// The usual reason phrase; the one of the class (x00) for a status without one.
std::string_view reason_phrase(std::uint16_t status);

/// Goes with every 503 of ours but those for a moment's crowd (RFC 3261 §21.5.4). A whole line.
inline constexpr std::string_view retry_later = "Retry-After: 10\r\n";

}  // namespace parkway::sip
