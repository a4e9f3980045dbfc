#pragma once

#include "kernel/config/settings.hpp"
#include "kernel/config/tenants.hpp"
#include "sip/auth/digest.hpp"
#include "sip/message/message.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace parkway::sip {

/// Who sent a request, proved by digest. The tenant is that of the credentials, never of a header.
struct authenticated {
  tenant_ptr tenant;
  const extension_entry* extension = nullptr;  ///< Lives as long as `tenant`.
};

/// 401: try again with these headers.
struct challenge {
  std::string lines;  ///< Whole WWW-Authenticate lines, one an algorithm, in the order of settings.
  bool failed = false;  ///< A nonce of ours was answered wrongly: counts towards a ban.
};

/// No tenant has the host asked for, and there is no default tenant: 404.
struct no_tenant {};

using authentication_verdict = std::variant<authenticated, challenge, no_tenant>;

/// Challenges and checks requests (RFC 3261 §22, RFC 7616, RFC 8760). Nothing is kept a phone.
class authentication {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  authentication(const digest_guard::secret_key& key, const settings& node)
    : guard_(key, node.nonce_life), algorithms_(node.digest) {}

  /// Whose request is this? `host`, lower case, only picks the realm of a challenge; `source`
  /// sent it.
  authentication_verdict check(const message& request, std::string_view host,
                               const tenant_list& tenants, const ip_address& source,
                               time_point now) const;

 private:
  std::string challenge_lines(const tenant& t, bool stale, const ip_address& source,
                              time_point now) const;

  const digest_guard guard_;
  const std::vector<digest_algorithm> algorithms_;
};

/// The tenant a host names: the one with that domain, else the default tenant, else null.
tenant_ptr tenant_of_host(const tenant_list& tenants, std::string_view host);

}  // namespace parkway::sip
