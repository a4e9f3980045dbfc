#include "kernel/directory.hpp"
#include "sip/registrar.hpp"
#include "sip/shard_core.hpp"
#include "sip/translate.hpp"
#include "sip/writer.hpp"

/// REGISTER (RFC 3261 §10.3): proved and read here, decided by the extension.

namespace parkway::sip {

namespace {

using namespace std::chrono_literals;

/// An extension answers within microseconds, or the store is slow, or it is gone.
constexpr auto extension_patience = 5s;
constexpr std::string_view retry_soon = "Retry-After: 5\r\n";

}  // namespace

void shard_core::on_register(message request, const flow& from, const request_key& key) {
  const auto& to = request.to();
  if (!to) return answer(request, from, 404);
  const auto who = authenticate(request, from, to->address.host);
  if (!who) return;
  if (to->address.user != who->extension->number.text) return answer(request, from, 403);
  auto wish = read_register(request, from);
  if (const auto* wrong = std::get_if<rejection>(&wish))
    return answer(request, from, wrong->status, wrong->headers);
  if (admission_.begin_work() != admission_verdict::admitted) {
    ++counts_.overloaded;
    return answer(request, from, 503, retry_soon);
  }
  const auto transaction = transactions_.open_server(key, from, cookie_parts{}.pack(), now_);
  if (!transaction) {
    admission_.work_done();
    ++counts_.overloaded;
    return answer(request, from, 503, retry_soon);
  }
  const auto number = ++last_registration_;
  auto& asked = std::get<registration_wish>(wish);
  caf::anon_send(lent_->names->extension(who->tenant->name, who->extension->number),
                 register_phone{face(), number, asked.remove_all, std::move(asked.changes),
                                std::string{request.call_id()}, request.cseq()});
  const auto timer =
    wheel_.add(now_ + extension_patience, cookie_parts{number, registration_timer}.pack());
  registrations_.emplace(number,
                         pending_registration{std::move(request), *transaction, from, timer});
}

void shard_core::on_registered(const phone_registered& c) {
  const auto node = registrations_.extract(c.request);
  if (node.empty()) return;
  admission_.work_done();
  const auto& waiting = node.mapped();
  wheel_.cancel(waiting.patience);
  const auto tag = ids_.stateless_tag(waiting.request.call_id(), waiting.request.from_tag(),
                                      waiting.request.top_via().branch);
  const auto status = c.why ? status_of(c.why->code) : std::uint16_t{200};
  auto text = writer::response(waiting.request, status, tag, waiting.from.remote);
  if (!c.why) {
    text.lines(contact_lines(c.bindings, now_));
    // RFC 3327 §5.3: the phone sees by which way it is reached.
    for (const auto path : waiting.request.headers("Path"))
      text.header("Path", path);
  }
  if (status == 503) text.lines(retry_soon);
  respond(waiting.transaction, status, text.finish());
}

void shard_core::on_registration_timeout(std::uint64_t number) {
  on_registered({number, fault{fault_code::unavailable, "the extension does not answer"}, {}});
}

}  // namespace parkway::sip
