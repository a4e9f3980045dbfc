#include "kernel/runtime/log.hpp"
#include "sip/message/status.hpp"
#include "sip/message/writer.hpp"
#include "sip/shard/shard_actor.hpp"
#include "sip/shard/shard_core.hpp"

#include <algorithm>

/// Who sent a request, what becomes of whoever cannot say, and the line of the log that tells why.

namespace parkway::sip {

namespace {

std::string name_of(const claimed_user& who) {
  return who.name + "@" + who.domain;
}

std::string reason_of(const refused_credentials& refused) {
  switch (refused.why) {
    case refused_credentials::cause::wrong_password:
      return "wrong password";
    case refused_credentials::cause::unknown_user:
      return "this tenant has no such extension";
    case refused_credentials::cause::other_domain:
      return "its credentials are for the realm \"" + refused.who.domain
             + "\", which is not the domain of the tenant it asks";
    case refused_credentials::cause::no_qop:
      return "it answers without qop, which is asked for";
    case refused_credentials::cause::repeated:
      return "its answer has been used before; it is asked anew";
  }
  return {};
}

}  // namespace

std::optional<authenticated> shard_core::authenticate(const message& request, const flow& from,
                                                      std::string_view host) {
  const auto tenants = context_->tenants->current();
  if (is_of_banned_user(request, from, host, *tenants)) {
    ++counts_.dropped;
    return std::nullopt;
  }
  std::vector<refused_credentials> refused;
  auto verdict = authentication_.check(request, host, *tenants, from.remote.address, now_, refused);
  for (const auto& one : refused)
    on_refused_credentials(one, request, from);
  if (auto* who = std::get_if<authenticated>(&verdict)) {
    if (!admission_.authenticated(from.remote.address, now_)) {
      ++counts_.overloaded;
      answer(request, from, 503, retry_later);
      return std::nullopt;
    }
    trust(from);
    return std::move(*who);
  }
  if (const auto* asked = std::get_if<challenge>(&verdict)) {
    ++counts_.challenged;
    answer(request, from, 401, asked->lines);
  } else {
    const auto who = request.from() ? request.from()->address.user : std::string{};
    complain(who + "@" + std::string{host}, from,
             "no tenant has the domain \"" + std::string{host} + "\", and none is the default");
    answer(request, from, 404);
  }
  return std::nullopt;
}

bool shard_core::is_of_banned_user(const message& request, const flow& from, std::string_view host,
                                   const tenant_list& tenants) const {
  if (!admission_.has_banned_users(now_)) return false;
  const auto claims = claims_of(request, host, tenants);
  return std::any_of(claims.begin(), claims.end(), [&](const claimed_user& who) {
    return admission_.is_banned(from.remote.address, admission_.user_of(who.name, who.domain),
                                now_);
  });
}

void shard_core::trust(const flow& proved) {
  if (proved.kind == transport_kind::udp) return;
  if (proved.shard == options_.index)
    out_.trust(proved);
  else if (proved.shard < options_.count)
    caf::anon_send(context_->shards.at(proved.shard), proved_connection{proved});
}

void shard_core::on_refused_credentials(const refused_credentials& refused, const message& request,
                                        const flow& from) {
  // Some phones count from one again and again, and do with a new nonce what they wanted to.
  const bool harmless = refused.why == refused_credentials::cause::repeated;
  complain(name_of(refused.who), from, reason_of(refused),
           harmless ? spdlog::level::info : spdlog::level::warn);
  const auto& source = from.remote.address;
  if (!refused.is_guess() || admission_.is_exempt(source)) return;
  std::string guess = source.text();
  guess.append("\n").append(request.method_text()).append("\n").append(request.top_via().branch);
  guess.append("\n").append(name_of(refused.who));
  for (const auto credentials : request.headers("Authorization"))
    guess.append("\n").append(credentials);
  if (!admission_.is_new_guess(merge_hash_(guess))) return;
  const auto user = admission_.user_of(refused.who.name, refused.who.domain);
  tell_of_ban(admission_.auth_failed(source, user, now_), refused.who, source);
  for (std::size_t i = 0; i < std::min<std::size_t>(options_.count, context_->shards.size()); ++i)
    if (i != options_.index)
      caf::anon_send(context_->shards[i], authentication_failed{source, user});
}

void shard_core::tell_of_ban(const ban_notice& notice, const claimed_user& who,
                             const ip_address& source) const {
  const auto& limits = node();
  const auto seconds = notice.span.count();
  auto& out = log(log_area::sip);
  switch (notice.whom) {
    case ban_notice::scope::nobody:
      return;
    case ban_notice::scope::user:
      return out.warn(
        "{} at {}: banned for {} s after {} wrong passwords; [limits] exempt frees a "
        "network from bans",
        name_of(who), source.text(), seconds, limits.ban_after);
    case ban_notice::scope::slowed:
      return out.warn(
        "{}: slowed for {} s: too many wrong passwords of several users; others there "
        "know theirs; [limits] exempt frees a network",
        source.text(), seconds);
    case ban_notice::scope::source:
      return out.warn(
        "{}: banned for {} s: too many wrong passwords of several users; [limits] "
        "exempt frees a network from bans",
        source.text(), seconds);
  }
}

void shard_core::complain(std::string_view who, const flow& from, std::string_view why,
                          spdlog::level::level_enum level) {
  std::string key = from.remote.address.text();
  key.append("\n").append(who).append("\n").append(why);
  if (!complaints_.is_worth_a_line(key, now_)) return;
  auto& out = log(log_area::sip);
  out.log(level, "{} at {} is refused: {}", who, from.remote.text(), why);
  if (const auto unwritten = complaints_.take_unwritten())
    out.warn("{} more were refused, which is not in the log", unwritten);
}

}  // namespace parkway::sip
