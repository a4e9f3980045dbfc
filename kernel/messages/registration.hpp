#pragma once

/// REGISTER as actors see it: sip/ has authenticated and parsed it, the extension decides.

#include "kernel/values/names.hpp"
#include "kernel/values/party.hpp"
#include "kernel/values/result.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace parkway {

/// One Contact of a REGISTER. `expires` 0 removes it.
struct contact_change {
  binding contact;  ///< expires_at is not set; `expires` counts.
  std::chrono::seconds expires{0};
};

/// A phone registers, refreshes, removes or asks (no changes). shard → extension.
struct register_phone {
  caf::actor shard;         ///< Hears phone_registered.
  std::uint64_t request;    ///< Which request it answers; the shard's own count.
  bool remove_all = false;  ///< Contact: *
  std::vector<contact_change> changes;
  std::string call_id;
  std::uint32_t sequence = 0;
};

/// What the extension has now, or why not (RFC 3261 §10.3 step 7: an older CSeq). → shard.
struct phone_registered {
  std::uint64_t request;
  std::optional<fault> why;
  std::vector<binding> bindings;
};

/// A phone has registered by another flow than before (a new connection, another port of its NAT):
/// what it takes part in follows it there. extension → every shard.
struct phone_moved {
  tenant_name tenant;
  number extension;
  flow from;
  flow to;
};

/// A phone has registered anew: it may have forgotten what it was told, or learnt what it refused.
/// extension → every shard, where it is told again all that it watches.
struct phone_came {
  tenant_name tenant;
  number extension;
  device phone;
};

/// The user has left the directory or has another password: what it was given on the old one ends.
/// publish_tenants → every shard, which ends what it watches and passes drop_phones on.
struct user_revoked {
  tenant_name tenant;
  number extension;
};

/// The phones that registered by this shard are forgotten. Behind every REGISTER that the shard has
/// let in on the old password, before any on the new one. shard → extension.
struct drop_phones {
  std::uint16_t shard = 0;
};

/// Where can this extension be rung? anybody → extension; the reply is `contacts`.
struct show_contacts {};
struct contacts {
  number extension;
  std::vector<binding> bindings;
};

}  // namespace parkway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::register_phone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::phone_registered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::phone_moved)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::phone_came)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::user_revoked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::drop_phones)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::show_contacts)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parkway::contacts)
