#include "sip/shard/shard.hpp"

#include "kernel/runtime/log.hpp"
#include "sip/message/uri.hpp"
#include "sip/message/writer.hpp"
#include "sip/shard/shard_actor.hpp"
#include "sip/shard/shard_core.hpp"

#include <algorithm>
#include <exception>

namespace parkway::sip {

namespace {

/// Requests to one phone while a connection to it is made.
constexpr std::size_t dialled_max = 64;

/// Phones keep to one address and port, so that few messages land on the wrong shard.
constexpr lane::bounds stray_bounds{1000, 4u << 20};
/// A busy line that many watch is told of to all of them at once, some by another shard's
/// connections.
constexpr lane::bounds outbound_bounds{10'000, 16u << 20};

shard_options completed(shard_options options) {
  if (options.nonce_key == digest_guard::secret_key{})
    options.nonce_key = digest_guard::fresh_key();
  if (!options.calls) options.calls = std::make_shared<std::atomic<std::uint32_t>>(0);
  if (!options.proved) options.proved = std::make_shared<proved_sources>();
  return options;
}

std::vector<lane> lanes(std::uint16_t count, const lane::bounds& most) {
  std::vector<lane> made;
  for (std::uint16_t i = 0; i < count; ++i)
    made.emplace_back(most);
  return made;
}

}  // namespace

shard_core::shard_core(const shard_options& options, wire& out, context_ptr context,
                       caf::actor switchboard, time_point now)
  : options_(completed(options)),
    stray_lanes_(lanes(options.count, stray_bounds)),
    outbound_lanes_(lanes(options.count, outbound_bounds)),
    out_(out),
    context_(std::move(context)),
    switchboard_(std::move(switchboard)),
    now_(now),
    ids_(options.index, options.random_seed, derived_seed(options_.nonce_key, "words")),
    merge_hash_(ids_.random()),
    authentication_(options_.nonce_key, options_.index, node()),
    admission_(admission_limits::from(node()), derived_seed(options_.nonce_key, "sources"), now,
               options_.proved),
    complaints_(ids_.random()),
    transactions_({.hash_seed = ids_.random()}, *this, now),
    wheel_(now) {
  init_osip();
}

// --- legs ------------------------------------------------------------------------------------

leg& shard_core::make_leg(leg_id id, caf::actor owner, tenant_ptr whose, const flow& via) {
  auto made = std::make_unique<leg>(*this, id, std::move(owner), std::move(whose), via);
  auto& place = legs_[id.serial];
  place = std::move(made);
  return *place;
}

leg* shard_core::find(std::uint64_t serial) {
  const auto found = legs_.find(serial);
  return found == legs_.end() ? nullptr : found->second.get();
}

leg* shard_core::find(leg_id id) {
  return id.shard == options_.index ? find(id.serial) : nullptr;
}

std::vector<leg*> shard_core::all_legs() {
  std::vector<leg*> all;
  all.reserve(legs_.size());
  for (const auto& [serial, one] : legs_)
    all.push_back(one.get());
  return all;
}

void shard_core::bury(const leg& dead) {
  const auto found = legs_.find(dead.id.serial);
  if (found == legs_.end() || found->second.get() != &dead) return;
  if (dead.is_inbound()) {
    --*options_.calls;
    invites_.erase(dead.merge_key);
  }
  graves_.push_back(std::move(found->second));
  legs_.erase(found);
}

// --- what legs want --------------------------------------------------------------------------

bool shard_core::send(const flow& to, std::string_view bytes) {
  if (to.shard == options_.index) return out_.send(to, bytes);
  if (to.kind == transport_kind::udp) {  // The port is the same in all shards.
    auto from_here = to;
    from_here.shard = options_.index;
    return out_.send(from_here, bytes);
  }
  if (to.shard >= options_.count) return false;
  auto counted = outbound_lanes_[to.shard].enter(bytes.size());
  if (!counted) return ++counts_.crowded_out, false;
  caf::anon_send(context_->shards.at(to.shard),
                 outbound_message{to, std::string{bytes}, std::move(counted)});
  return true;
}

void shard_core::respond(transaction_id server, std::uint16_t status, std::string_view bytes) {
  transactions_.respond(server, status, bytes, now_);
}

transaction_id shard_core::request(const leg& from, leg_request what, std::string_view method,
                                   std::string_view branch, std::string_view bytes) {
  const auto cookie = cookie_parts{from.id.serial, static_cast<std::uint8_t>(what)}.pack();
  const auto opened = transactions_.open_client(branch, method, from.via(), bytes, cookie, now_);
  if (!opened) return {};
  note_if_dialled(from.via(), *opened, cookie);
  return *opened;
}

/// A connection that we are making may not come about: then nobody answers what was sent by it.
void shard_core::note_if_dialled(const flow& via, transaction_id sent, std::uint64_t cookie) {
  if (const auto dialled = dialled_.find(number_of(via));
      dialled != dialled_.end() && dialled->second.size() < dialled_max)
    dialled->second.emplace_back(sent, cookie);
}

flow shard_core::way_to(const flow& known, std::string_view contact) {
  if (known.kind == transport_kind::udp || known.shard != options_.index) return known;
  const auto target = uri::parse(contact);
  const auto host = target ? ip_address::parse(target->host) : std::nullopt;
  if (!host || *host != known.remote.address) return known;  // Behind a NAT: nobody to be called.
  const std::uint16_t port = target->port ? target->port : sip_port;
  const auto way = out_.reopen(known, {*host, port}).value_or(known);
  if (way != known) dialled_.try_emplace(number_of(way));
  return way;
}

/// Legs outlive connections: the phone comes back on another, or its refresh fails. But what was
/// sent to a phone that did not take our call will not be answered.
void shard_core::on_closed(const flow& connection) {
  const auto dialled = dialled_.extract(number_of(connection));
  if (dialled.empty()) return;
  for (const auto& [id, cookie] : dialled.mapped()) {
    if (!transactions_.state(id)) continue;
    transactions_.forget(id);
    on_transport_error(id, cookie);
  }
}

void shard_core::cancel(transaction_id invite, std::string_view extra) {
  transactions_.cancel(invite, extra, cookie_parts{}.pack(), now_);
}

/// The BYE numbers itself past every PRACK that may have gone before: a gap is allowed, a number
/// that has been seen is answered 500, and the phone would stay up with nobody (RFC 3261 §12.2.2).
/// Whoever has seen a branch of ours and repeats such answers at will is given no more than his
/// rate.
void shard_core::dismiss(const message& success, const flow& from) {
  if (!admit(from)) return;
  constexpr std::uint32_t past_all_pracks = 10000;
  dialog stray;
  stray.call_id = success.call_id();
  stray.local = success.from_text();
  if (!stray.complete(success) || stray.target.empty()) return;
  const auto ack = begin_request(*this, from, stray, "ACK", success.cseq(), ids_.branch()).finish();
  send(from, ack);
  const auto branch = ids_.branch();
  const auto number = success.cseq() + past_all_pracks;
  const auto bye = begin_request(*this, from, stray, "BYE", number, branch).finish();
  transactions_.open_client(branch, "BYE", from, bye, cookie_parts{}.pack(), now_);
}

timer_id shard_core::arm(const leg& whose, leg_timer what, time_point due) {
  return wheel_.add(due, cookie_parts{whose.id.serial, static_cast<std::uint8_t>(what)}.pack());
}

// --- time ------------------------------------------------------------------------------------

void shard_core::on_timeout(transaction_id, std::uint64_t cookie) {
  const auto parts = cookie_parts::from(cookie);
  if (parts.kind == cookie_parts::none) return;
  if (auto* waiting = find(parts.serial))
    return waiting->on_no_response(static_cast<leg_request>(parts.kind), 408);
  on_watcher_answer(parts.serial, 408, {});
}

void shard_core::on_transport_error(transaction_id, std::uint64_t cookie) {
  const auto parts = cookie_parts::from(cookie);
  if (parts.kind == cookie_parts::none) return;
  if (auto* waiting = find(parts.serial))
    return waiting->on_no_response(static_cast<leg_request>(parts.kind), 503);
  on_watcher_answer(parts.serial, 503, {});
}

void shard_core::on_timer(std::uint64_t cookie) {
  const auto parts = cookie_parts::from(cookie);
  if (parts.kind == registration_timer) return on_registration_timeout(parts.serial);
  if (parts.kind == subscription_timer) return on_subscription_expiry(parts.serial);
  if (parts.kind == word_timer) return on_notifier_timeout(parts.serial);
  if (parts.kind == move_timer) return follow_moves();
  if (auto* waiting = find(parts.serial)) waiting->on_timer(static_cast<leg_timer>(parts.kind));
}

// --- the face --------------------------------------------------------------------------------

namespace {

/// One entry into the shard: at its time, and no exception leaves it, because what is above may be
/// a C callback. What has thrown has lost one message.
template <class Work>
void enter(shard_core& core, shard::time_point now, Work work) {
  core.now_ = std::max(core.now_, now);
  try {
    work();
  } catch (const std::exception& e) {
    log(log_area::sip).error("shard {}: a message is lost: {}", core.options_.index, e.what());
  }
  core.sweep();
}

}  // namespace

shard::shard(const shard_options& options, wire& out, context_ptr context, caf::actor switchboard,
             time_point now)
  : core_(
    std::make_unique<shard_core>(options, out, std::move(context), std::move(switchboard), now)) {
}

shard::~shard() = default;

void shard::on_message(const flow& from, std::string_view bytes, time_point now) {
  enter(*core_, now, [&] { core_->on_message(from, bytes); });
}

void shard::on_closed(const flow& connection, time_point now) {
  enter(*core_, now, [&] { core_->on_closed(connection); });
}

std::optional<shard::time_point> shard::next_timer() const {
  const auto ours = core_->wheel_.next_due();
  const auto theirs = core_->transactions_.next_timer();
  if (ours && theirs) return std::min(*ours, *theirs);
  return ours ? ours : theirs;
}

void shard::on_time(time_point now) {
  enter(*core_, now, [&] { core_->transactions_.on_time(now); });
  while (const auto cookie = core_->wheel_.pop_due(now))
    enter(*core_, now, [&] { core_->on_timer(*cookie); });
}

void shard::on_authentication_failure(const ip_address& source, std::uint64_t user,
                                      time_point now) {
  core_->admission_.auth_failed(source, user, now);
}

void shard::send_for_other(const flow& to, std::string_view bytes) {
  if (to.shard == core_->options_.index) core_->out_.send(to, bytes);
}

void shard::trust_for_other(const flow& proved) {
  if (proved.shard == core_->options_.index) core_->out_.trust(proved);
}

std::size_t shard::unanswered() const {
  return core_->transactions_.unanswered();
}

shard_counts shard::counts() const {
  auto counts = core_->counts_;
  counts.legs = core_->legs_.size();
  counts.transactions = core_->transactions_.live();
  counts.registrations_pending = core_->registrations_.size();
  counts.subscriptions = core_->subscriptions_.size();
  for (const auto* lanes : {&core_->stray_lanes_, &core_->outbound_lanes_})
    for (const auto& one : *lanes)
      counts.under_way += one.under_way();
  return counts;
}

// --- commands --------------------------------------------------------------------------------

namespace {

/// What is said to one leg.
template <class Command>
void obey(shard_core& core, const Command& c) {
  if (auto* addressed = core.find(c.leg)) addressed->command(c);
}
void obey(shard_core& core, const report_transfer& c) {
  if (auto* addressed = core.find(c.leg)) return addressed->command(c);
  core.report(c);
}
void obey(shard_core& core, const adopt& c) {
  if (auto* addressed = core.find(c.leg)) return addressed->command(c);
  caf::anon_send(c.owner, leg_ended{c.leg, end_cause::lost, false});
}
void obey(shard_core& core, const place_call& c) {
  core.place(c);
}
void obey(shard_core& core, const owner_died& c) {
  core.end_legs_of(c.owner);
}
void obey(shard_core& core, const shut_down&) {
  core.shut_down();
}
void obey(shard_core& core, const phone_registered& c) {
  core.on_registered(c);
}
void obey(shard_core& core, const watch_taken& c) {
  core.on_watch_taken(c);
}
void obey(shard_core& core, const watch_refused& c) {
  core.on_watch_refused(c);
}
void obey(shard_core& core, const phone_moved& c) {
  core.on_moved(c);
}
void obey(shard_core& core, const phone_came& c) {
  core.on_came(c);
}
void obey(shard_core& core, const user_revoked& c) {
  core.on_user_revoked(c);
}
void obey(shard_core& core, const outside_park& c) {
  core.on_outside_park(c);
}
void obey(shard_core& core, const notify_watcher& c) {
  core.on_notify_watcher(c);
}
void obey(shard_core& core, const notify_phone& c) {
  core.on_notify_phone(c);
}
void obey(shard_core& core, const drop_notify& c) {
  core.on_drop_notify(c);
}

}  // namespace

template <class Command>
void shard::command(const Command& c, time_point now) {
  enter(*core_, now, [&] { obey(*core_, c); });
}

template void shard::command(const place_call&, time_point);
template void shard::command(const send_ringing&, time_point);
template void shard::command(const answer_call&, time_point);
template void shard::command(const reject_call&, time_point);
template void shard::command(const hang_up&, time_point);
template void shard::command(const send_offer&, time_point);
template void shard::command(const answer_offer&, time_point);
template void shard::command(const refuse_offer&, time_point);
template void shard::command(const confirm&, time_point);
template void shard::command(const show_identity&, time_point);
template void shard::command(const send_info&, time_point);
template void shard::command(const report_transfer&, time_point);
template void shard::command(const adopt&, time_point);
template void shard::command(const owner_died&, time_point);
template void shard::command(const shut_down&, time_point);
template void shard::command(const phone_registered&, time_point);
template void shard::command(const watch_taken&, time_point);
template void shard::command(const watch_refused&, time_point);
template void shard::command(const phone_moved&, time_point);
template void shard::command(const phone_came&, time_point);
template void shard::command(const user_revoked&, time_point);
template void shard::command(const outside_park&, time_point);
template void shard::command(const notify_watcher&, time_point);
template void shard::command(const notify_phone&, time_point);
template void shard::command(const drop_notify&, time_point);

}  // namespace parkway::sip
