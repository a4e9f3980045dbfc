#include "kernel/runtime/actor.hpp"

#include <caf/message.hpp>
#include <caf/message_view.hpp>
#include <caf/sec.hpp>
#include <caf/type_erased_tuple.hpp>
#include <spdlog/spdlog.h>

namespace parkway {

caf::result<caf::message> refuse_unlisted(caf::scheduled_actor* self, caf::message_view& message) {
  spdlog::debug("{} #{}: message not listed in this state: {}", self->name(), self->id(),
                message.content().stringify());
  // CAF answers plain messages too, and an actor that is sent an error it did not ask for quits:
  // only who waits for an answer is told. An empty answer to a plain message is not sent.
  const auto* waiting = self->current_mailbox_element();
  if (!waiting || !waiting->mid.is_request()) return caf::message{};
  return caf::sec::unexpected_message;
}

}  // namespace parkway
