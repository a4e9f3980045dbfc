#include "kernel/runtime/registry.hpp"
#include "sip/message/status.hpp"
#include "sip/message/writer.hpp"
#include "sip/shard/register_request.hpp"
#include "sip/shard/shard_core.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

/// REGISTER (RFC 3261 §10.3): proved and read here, decided by the extension.

namespace parkway::sip {

namespace {

using namespace std::chrono_literals;

/// An extension answers within microseconds, or the store is slow, or it is gone.
constexpr auto extension_patience = 5s;
/// How long phones that move are collected, and how many at most.
constexpr auto moves_wait = 50ms;
constexpr std::size_t moves_max = 4096;
/// Of one phone in that time; it cannot have come back where it was and be followed for ever.
constexpr int moves_of_one_max = 4;
constexpr std::string_view retry_soon = "Retry-After: 5\r\n";

/// The phone keeps flows open and says so (RFC 5626 §4.2.1, §6).
bool is_outbound(const message& request) {
  if (!request.lists("Supported", "outbound")) return false;
  const auto contacts = request.contact_texts();
  return std::any_of(contacts.begin(), contacts.end(),
                     [](std::string_view c) { return c.find("reg-id=") != c.npos; });
}

}  // namespace

void shard_core::on_register(message request, const flow& from, const request_key& key) {
  const auto& to = request.to();
  if (!to) return answer(request, from, 404);
  const auto who = authenticate(request, from, to->address.host);
  if (!who) return;
  const auto& own = who->extension->number.text;
  if (to->address.user != own) {
    complain(own, from, "it registers \"" + to->address.user + "\" with its own password");
    return answer(request, from, 403);
  }
  auto wish = read_register(request, from);
  if (const auto* wrong = std::get_if<rejection>(&wish))
    return answer(request, from, wrong->status, wrong->headers);
  for (const auto& change : std::get<registration_wish>(wish).changes)
    if (change.expires.count() != 0 && is_our_own(change.contact, from)) {
      complain(own, from, "its Contact is this PBX");
      return answer(request, from, 403);
    }
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
  caf::anon_send(context_->actors->extension(who->tenant->name, who->extension->number),
                 register_phone{face(), number, asked.remove_all, std::move(asked.changes),
                                std::string{request.call_id()}, request.cseq()});
  const auto timer =
    wheel_.add(now_ + extension_patience, cookie_parts{number, registration_timer}.pack());
  registrations_.emplace(number,
                         pending_registration{std::move(request), *transaction, from, timer});
}

/// Whoever is called at one of our listeners would be ourselves.
bool shard_core::is_our_own(const binding& contact, const flow& from) {
  const std::string_view named = contact.phone.contact;
  const auto at = named.substr(named.rfind('@') + 1);
  auto through = from;
  for (std::size_t i = 0; i < std::max<std::size_t>(node().listeners.size(), 1); ++i) {
    through.listener = static_cast<std::uint16_t>(i);
    const auto [host, port] = out_.shown_to(through);
    std::string ours = host.find(':') == host.npos ? host : "[" + host + "]";
    if (port == sip_port && at == ours) return true;
    if (at == ours.append(":").append(std::to_string(port))) return true;
  }
  return false;
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
    if (is_outbound(waiting.request)) text.header("Require", "outbound");
  }
  if (status == 503) text.lines(retry_soon);
  respond(waiting.transaction, status, text.finish());
}

/// Every leg of the shard is looked through for them: at once for one that comes alone, later for
/// all together that come soon after it.
void shard_core::on_moved(const phone_moved& c) {
  follow_with_keys(c);
  const bool first = moves_.empty();
  moves_.push_back(c);
  if (now_ >= moves_due_ || moves_.size() == moves_max) return follow_moves();
  if (first) wheel_.add(moves_due_, cookie_parts{0, move_timer}.pack());
}

void shard_core::follow_moves() {
  const auto moves = std::exchange(moves_, {});
  if (moves.empty()) return;
  moves_due_ = now_ + moves_wait;
  std::unordered_multimap<endpoint, const phone_moved*> by_remote;
  for (const auto& m : moves)
    by_remote.emplace(m.from.remote, &m);
  const auto next_of = [&](const flow& via, const tenant_name& tenant, const number& extension) {
    const auto [first, last] = by_remote.equal_range(via.remote);
    const auto found = std::find_if(first, last, [&](const auto& m) {
      const auto& move = *m.second;
      return move.from == via && move.tenant == tenant && move.extension == extension;
    });
    return found == last ? nullptr : &found->second->to;
  };
  const auto now_at = [&](const flow& via, const tenant_name& tenant, const number& extension) {
    const flow* at = nullptr;
    for (int hop = 0; hop < moves_of_one_max; ++hop) {
      const auto* const next = next_of(at ? *at : via, tenant, extension);
      if (!next) break;
      at = next;
    }
    return at;
  };
  for (const auto& [serial, one] : legs_)
    if (const auto* to = now_at(one->home(), one->tenant_of(), one->extension())) one->follow(*to);
}

void shard_core::on_registration_timeout(std::uint64_t number) {
  on_registered({number, fault{fault_code::unavailable, "the extension does not answer"}, {}});
}

}  // namespace parkway::sip
