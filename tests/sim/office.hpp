#pragma once

#include "kernel/config/tenants.hpp"

#include <string>
#include <utility>
#include <vector>

namespace parkway::sim {

/// A tenant for stories: extensions in a domain.
struct office {
  std::string name = "demo";
  std::string domain = "pbx.test";
  std::string password = "secret";  ///< Of all its phones.
  bool is_default = true;
  /// Number and display name.
  std::vector<std::pair<std::string, std::string>> people{
    {"101", "Ann"},  {"102", "Bob"},   {"103", "James"}, {"104", "Carol"},
    {"105", "Dave"}, {"106", "Alice"}, {"107", "Eve"},   {"108", "Frank"},
  };
  /// The one park group, in hunting order; none when empty.
  std::vector<std::string> sales{"101", "102", "103", "104", "105"};
};

/// What the directory keeps of the password of a user of that office.
digest_secret secret_of(const std::string& user, const office& o);
/// The tenant as the directory would hold it. Change it before it is published.
tenant build_tenant(const office& o);

}  // namespace parkway::sim
