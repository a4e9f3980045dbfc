#pragma once

#include "kernel/config/settings.hpp"
#include "kernel/config/tenants.hpp"
#include "sip/auth/digest.hpp"
#include "sip/auth/nonce_counts.hpp"
#include "sip/message/message.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
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

/// Who a request says it is from, before that is proved.
struct claimed_user {
  std::string name;
  std::string domain;  ///< The tenant's.
};

/// Credentials that a request carries for nothing.
struct refused_credentials {
  enum class cause : std::uint8_t {
    wrong_password,  ///< A nonce of ours was answered wrongly: counts towards a ban.
    unknown_user,    ///< The same, by somebody the directory does not have.
    other_domain,    ///< Of a realm that is no tenant's, or not that of the tenant asked.
    no_qop,          ///< An answer without qop, which was asked for, can be repeated at will.
    repeated,        ///< The same answer has come before.
  };
  claimed_user who;
  cause why;

  /// To be counted towards a ban.
  bool is_guess() const { return why == cause::wrong_password || why == cause::unknown_user; }
};

/// 401: try again with these headers.
struct challenge {
  std::string lines;  ///< Whole WWW-Authenticate lines, one an algorithm, in the order of settings.
};

/// No tenant has the host asked for, and there is no default tenant: 404.
struct no_tenant {};

using authentication_verdict = std::variant<authenticated, challenge, no_tenant>;

/// Challenges and checks requests (RFC 3261 §22, RFC 7616, RFC 8760). Of a phone is kept only what
/// its nonces have been used for. Confined to the shard's thread.
class authentication {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  authentication(const digest_guard::secret_key& key, std::uint16_t shard, const settings& node)
    : guard_(key, node.nonce_life, shard), algorithms_(node.digest) {}

  /// Whose request is this? `host`, lower case, only picks the realm of a challenge; `source`
  /// sent it. Appends to `refused` what of its credentials did not count, also where others did.
  authentication_verdict check(const message& request, std::string_view host,
                               const tenant_list& tenants, const ip_address& source, time_point now,
                               std::vector<refused_credentials>& refused);

 private:
  enum class answer : std::uint8_t { right, stale, refused };

  answer check(const digest_credentials& given, const message& request, const tenant& in,
               const extension_entry* user, const ip_address& source, time_point now,
               std::optional<refused_credentials::cause>& why);
  std::string challenge_lines(const tenant& t, bool stale, const ip_address& source,
                              time_point now);

  const digest_guard guard_;
  const std::vector<digest_algorithm> algorithms_;
  nonce_counts counts_;
};

/// Whom the credentials of this request name; where it has none, whom its From does.
std::vector<claimed_user> claims_of(const message& request, std::string_view host,
                                    const tenant_list& tenants);

/// The tenant a host names: the one with that domain, else the default tenant, else null.
tenant_ptr tenant_of_host(const tenant_list& tenants, std::string_view host);

}  // namespace parkway::sip
