#include "kernel/runtime/pinned.hpp"

#include <caf/detail/sync_request_bouncer.hpp>
#include <caf/sec.hpp>

namespace parkway {

pinned_actor::pinned_actor(caf::actor_config& config, loop_worker* worker)
  : caf::event_based_actor(config), worker_(worker) {
}

void pinned_actor::enqueue(caf::mailbox_element_ptr content, caf::execution_unit* host) {
  if (!worker_) return caf::event_based_actor::enqueue(std::move(content), host);
  const auto id = content->mid;
  const auto asker = content->sender;
  switch (mailbox().push_back(std::move(content))) {
    case caf::intrusive::inbox_result::success:
      return;
    case caf::intrusive::inbox_result::unblocked_reader:
      caf::intrusive_ptr_add_ref(ctrl());  // The worker's; it releases it after the resume.
      worker_->push(this);
      return;
    case caf::intrusive::inbox_result::queue_closed:
      if (id.is_request())
        caf::detail::sync_request_bouncer{caf::sec::request_receiver_down}(asker, id);
      return;
  }
}

void pinned_actor::launch(caf::execution_unit* host, bool lazy, bool hide) {
  if (!worker_) return caf::event_based_actor::launch(host, lazy, hide);
  if (!hide) register_at_system();
  if (lazy && mailbox().try_block()) return;
  caf::intrusive_ptr_add_ref(ctrl());
  worker_->push(this);
}

}  // namespace parkway
