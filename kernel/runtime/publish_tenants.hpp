#pragma once

#include "kernel/runtime/context.hpp"

#include <memory>

namespace parkway {

/// Makes a new directory the node's: from now on everybody reads it, and who cannot authenticate
/// any more loses what the old one gave (user_revoked to every shard). Any thread, one at a time.
void publish_tenants(const node_context& context, std::shared_ptr<const tenant_list> now);

}  // namespace parkway
