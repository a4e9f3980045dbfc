#include "sip/message/text.hpp"
#include "sip/message/validate.hpp"
#include "sip/shard/shard_core.hpp"

namespace parkway::sip {

void shard_core::on_response(const message& response, const flow& from, std::string_view bytes) {
  // RFC 3261 §8.1.3.3: a second Via means that somebody in between has lost its way.
  if (validate(response) || response.via_count() != 1) {
    ++counts_.dropped;
    return;
  }
  const auto branch = response.top_via().branch;
  const auto home = ids_.shard_of_branch(branch);
  if (!home) {
    ++counts_.dropped;
    return;
  }
  if (post_over(*home, from, bytes)) return;
  const auto known = transactions_.receive(branch, response.cseq_method_text(), response.status(),
                                           response.to_text(), now_);
  if (known.what != transaction_table::outcome::deliver) return;
  const auto parts = cookie_parts::from(known.cookie);
  if (parts.kind == cookie_parts::none) return;
  if (auto* waiting = find(parts.serial))
    return waiting->on_response(static_cast<leg_request>(parts.kind), response);
  if (response.cseq_method() == method::notify && response.status() >= 200) {
    const auto said = response.header("Retry-After").value_or("");  // "5 (busy);duration=60"
    const auto digits = said.substr(0, said.find_first_not_of("0123456789"));
    const auto later = number_in(digits, 86400);
    return on_watcher_answer(parts.serial, response.status(),
                             std::chrono::seconds{static_cast<std::int64_t>(later.value_or(0))});
  }
  const bool success = response.status() >= 200 && response.status() < 300;
  if (success && response.cseq_method() == method::invite) dismiss(response, from);
}

}  // namespace parkway::sip
