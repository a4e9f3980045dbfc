#pragma once

#include "kernel/config/tenants.hpp"
#include "kernel/messages/park.hpp"

#include <functional>
#include <string>
#include <vector>

namespace parkway {

/// A hunting policy: members in the order in which their places are to be tried, from what they
/// report (in list order) and who parks. Pure: a plugin may bring one of its own.
using hunting_order = std::function<std::vector<number>(const std::vector<place_status>& members,
                                                        const number& parker)>;

/// The built-in policy of that name. Available = registered, with no call parked at it. First the
/// available ones as the policy orders them; when none is, the registered member with the fewest
/// parked calls, list order breaking ties; then, when nobody is registered, the first member with
/// the fewest.
hunting_order hunting_by(hunting_policy policy);

}  // namespace parkway
