#include "kernel/runtime/publish_tenants.hpp"

#include "kernel/messages/registration.hpp"

#include <caf/send.hpp>

#include <utility>

namespace parkway {

void publish_tenants(const node_context& context, std::shared_ptr<const tenant_list> now) {
  const auto before = context.tenants->current();
  const auto revoked = revoked_users(*before, *now);
  context.tenants->replace(std::move(now));
  for (const auto& user : revoked)
    for (const auto& shard : context.shards)
      caf::anon_send(shard, user_revoked{user.tenant, user.extension});
}

}  // namespace parkway
