#include "sip/auth/authentication.hpp"

#include "sip/message/text.hpp"

#include <algorithm>
#include <utility>

namespace parkway::sip {

namespace {

using cause = refused_credentials::cause;

/// More Authorization headers than a phone that answers every challenge it ever saw would send.
constexpr std::size_t credentials_max = 8;

tenant_ptr tenant_of_realm(const tenant_list& tenants, std::string_view realm) {
  const auto found = tenants.by_domain.find(std::string{realm});
  return found == tenants.by_domain.end() ? nullptr : found->second;
}

std::vector<digest_credentials> credentials_of(const message& request) {
  const auto values = request.headers("Authorization");
  std::vector<digest_credentials> read;
  for (std::size_t i = 0; i < std::min(values.size(), credentials_max); ++i)
    if (const auto given = parse_credentials(values[i])) read.push_back(*given);
  return read;
}

}  // namespace

tenant_ptr tenant_of_host(const tenant_list& tenants, std::string_view host) {
  auto named = tenant_of_realm(tenants, host);
  return named ? named : tenants.fallback;
}

std::vector<claimed_user> claims_of(const message& request, std::string_view host,
                                    const tenant_list& tenants) {
  std::vector<claimed_user> claims;
  for (const auto& given : credentials_of(request))
    if (tenant_of_realm(tenants, given.realm))
      claims.push_back({std::string{given.username}, std::string{given.realm}});
  if (!claims.empty()) return claims;
  const auto asked = tenant_of_host(tenants, host);
  if (asked && request.from()) claims.push_back({request.from()->address.user, asked->domain});
  return claims;
}

std::string authentication::challenge_lines(const tenant& t, bool stale, const ip_address& source,
                                            time_point now) {
  const auto serial = counts_.next_serial();
  std::string lines;
  for (const auto algorithm : algorithms_)
    lines.append("WWW-Authenticate: ")
      .append(guard_.challenge(t.domain, algorithm, stale, source, now, serial))
      .append("\r\n");
  return lines;
}

/// An answer without qop is not looked at: nobody learns from it whether a password is right.
authentication::answer authentication::check(const digest_credentials& given,
                                             const message& request, const tenant& in,
                                             const extension_entry* user, const ip_address& source,
                                             time_point now, std::optional<cause>& why) {
  if (given.qop.empty()) {
    why = cause::no_qop;
    return answer::refused;
  }
  switch (guard_.check(given, request.method_text(), in.domain, user ? &user->secret : nullptr,
                       source, now)) {
    case digest_verdict::stale:
      return answer::stale;
    case digest_verdict::wrong:
      why = user ? cause::wrong_password : cause::unknown_user;
      return answer::refused;
    case digest_verdict::ok:
      break;
  }
  const auto count = hex_number_in<std::uint32_t>(given.nonce_count).value_or(0);
  if (counts_.take(digest_guard::serial_of(given.nonce), count)) return answer::right;
  why = cause::repeated;
  return answer::stale;
}

authentication_verdict authentication::check(const message& request, std::string_view host,
                                             const tenant_list& tenants, const ip_address& source,
                                             time_point now,
                                             std::vector<refused_credentials>& refused) {
  bool stale = false;
  // Whoever names a tenant's domain means that tenant: nobody else's credentials count there.
  const auto meant = tenant_of_realm(tenants, host);
  for (const auto& given : credentials_of(request)) {
    const auto refuse = [&](cause why) {
      refused.push_back({{std::string{given.username}, std::string{given.realm}}, why});
    };
    auto t = tenant_of_realm(tenants, given.realm);
    if (!t || (meant && t != meant)) {
      refuse(cause::other_domain);
      continue;
    }
    if (std::find(algorithms_.begin(), algorithms_.end(), given.algorithm) == algorithms_.end())
      continue;
    const auto* user = t->extension(number{std::string{given.username}});
    std::optional<cause> why;
    switch (check(given, request, *t, user, source, now, why)) {
      case answer::right:
        return authenticated{std::move(t), user};
      case answer::stale:
        stale = true;
        break;
      case answer::refused:
        break;
    }
    if (why) refuse(*why);
  }
  const bool guessed = std::any_of(refused.begin(), refused.end(),
                                   [](const refused_credentials& r) { return r.is_guess(); });
  const auto t = tenant_of_host(tenants, host);
  if (!t) return no_tenant{};
  return challenge{challenge_lines(*t, stale && !guessed, source, now)};
}

}  // namespace parkway::sip
