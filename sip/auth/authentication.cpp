#include "sip/auth/authentication.hpp"

#include <algorithm>

namespace parkway::sip {

namespace {

/// More Authorization headers than a phone that answers every challenge it ever saw would send.
constexpr std::size_t credentials_max = 8;

tenant_ptr tenant_of_realm(const tenant_list& tenants, std::string_view realm) {
  const auto found = tenants.by_domain.find(std::string{realm});
  return found == tenants.by_domain.end() ? nullptr : found->second;
}

}  // namespace

tenant_ptr tenant_of_host(const tenant_list& tenants, std::string_view host) {
  auto named = tenant_of_realm(tenants, host);
  return named ? named : tenants.fallback;
}

std::string authentication::challenge_lines(const tenant& t, bool stale, const ip_address& source,
                                            time_point now) const {
  std::string lines;
  for (const auto algorithm : algorithms_)
    lines.append("WWW-Authenticate: ")
      .append(guard_.challenge(t.domain, algorithm, stale, source, now))
      .append("\r\n");
  return lines;
}

authentication_verdict authentication::check(const message& request, std::string_view host,
                                             const tenant_list& tenants, const ip_address& source,
                                             time_point now) const {
  bool stale = false, failed = false;
  // Whoever names a tenant's domain means that tenant: nobody else's credentials count there.
  const auto meant = tenant_of_realm(tenants, host);
  const auto values = request.headers("Authorization");
  for (std::size_t i = 0; i < std::min(values.size(), credentials_max); ++i) {
    const auto given = parse_credentials(values[i]);
    if (!given
        || std::find(algorithms_.begin(), algorithms_.end(), given->algorithm) == algorithms_.end())
      continue;
    auto t = tenant_of_realm(tenants, given->realm);
    if (!t || (meant && t != meant)) continue;  // Meant for somebody else.
    const auto* user = t->extension(number{std::string{given->username}});
    switch (guard_.check(*given, request.method_text(), t->domain, user ? &user->secret : nullptr,
                         source, now)) {
      case digest_verdict::ok:
        return authenticated{std::move(t), user};
      case digest_verdict::stale:
        stale = true;
        break;
      case digest_verdict::wrong:
        failed = true;
        break;
    }
  }
  const auto t = tenant_of_host(tenants, host);
  if (!t) return no_tenant{};
  return challenge{challenge_lines(*t, stale && !failed, source, now), failed};
}

}  // namespace parkway::sip
