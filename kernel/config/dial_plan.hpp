#pragma once

#include "kernel/config/tenants.hpp"
#include "kernel/values/names.hpp"

#include <optional>
#include <string_view>
#include <variant>

namespace parkway {

/// What a dialled text means in a tenant.
struct dials_extension {
  number called;
};
struct dials_ring_group {
  number called;
};
/// Park code; `place` none: the parker's own extension. It need not exist.
struct dials_park {
  std::optional<number> place;
};
struct dials_group_park {};
/// Retrieve code; `place` none: own extension, then own group. It need not exist.
struct dials_retrieve {
  std::optional<number> place;
};
/// Nobody has this number.
struct dials_nobody {};

using route = std::variant<dials_nobody, dials_extension, dials_ring_group, dials_park,
                           dials_group_park, dials_retrieve>;

/// Reads what was dialled: feature access codes first (a number may follow, '#' may end it), then
/// numbers of the tenant. `orbit`: URI parameter of sip:park@domain;orbit=N. Visual separators
/// "-.()" are passed over. Pure.
route dial(const tenant& in, std::string_view dialled, std::string_view orbit = {});

/// Whether it is a feature of the PBX, and no number that rings.
bool is_feature(const route& r);

}  // namespace parkway
