#include "tests/sim/office.hpp"

#include <openssl/evp.h>

namespace parkway::sim {

digest_secret secret_of(const std::string& user, const office& o) {
  auto text = user + ":" + o.domain + ":" + o.password;
  digest_secret secret;
  EVP_Digest(text.data(), text.size(), secret.md5.data(), nullptr, EVP_md5(), nullptr);
  EVP_Digest(text.data(), text.size(), secret.sha256.data(), nullptr, EVP_sha256(), nullptr);
  return secret;
}

tenant build_tenant(const office& o) {
  tenant t;
  t.name = tenant_name{o.name};
  t.domain = o.domain;
  t.is_default = o.is_default;
  for (auto& [n, display] : o.people)
    t.extensions[number{n}] = {number{n}, display, secret_of(n, o)};
  if (o.sales.empty()) return t;
  park_group_entry group;
  group.name = group_name{"Sales"};
  for (auto& n : o.sales) {
    group.members.emplace_back(n);
    t.group_of[number{n}] = 0;
  }
  group.recall = t.call_park.recall;
  t.park_groups.push_back(group);
  return t;
}

}  // namespace parkway::sim
