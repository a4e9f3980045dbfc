#include "kernel/actor.hpp"

#include <caf/message.hpp>
#include <caf/message_view.hpp>
#include <caf/sec.hpp>
#include <caf/type_erased_tuple.hpp>
#include <spdlog/spdlog.h>

namespace parkway {

caf::result<caf::message> refuse_unlisted(caf::scheduled_actor* self, caf::message_view& message) {
  spdlog::debug("{} #{}: message not listed in this state: {}", self->name(), self->id(),
                message.content().stringify());
  // An error would only reach a requester; a plain sender hears nothing either way.
  return caf::sec::unexpected_message;
}

}  // namespace parkway
