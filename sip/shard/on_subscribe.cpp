#include "kernel/runtime/log.hpp"
#include "kernel/runtime/registry.hpp"
#include "sip/event/dialog_info.hpp"
#include "sip/event/park_info.hpp"
#include "sip/message/reply_route.hpp"
#include "sip/message/status.hpp"
#include "sip/message/text.hpp"
#include "sip/message/writer.hpp"
#include "sip/shard/shard_core.hpp"

#include <algorithm>
#include <utility>

/// SUBSCRIBE and NOTIFY (RFC 6665): who watches is kept here, what there is to see is the
/// extension's.
///
///   SUBSCRIBE --401, 489, 423--> end     SUBSCRIBE --> watch_asked --watch_refused--> 4xx
///   watch_asked --watch_taken--> 200, active --notify_watcher--> NOTIFY --200--> active …
///   active --SUBSCRIBE--> watch_asked …  active --expiry, Expires: 0, 481--> NOTIFY (last), over

namespace parkway::sip {

namespace {

using namespace std::chrono_literals;

/// The switchboard and the extension answer within microseconds, or are gone.
constexpr auto word_comes_within = 5s;
/// Keys on the panels of one desk, many times over; a flood ends here.
constexpr std::uint32_t per_watcher_max = 500;
/// All of a shard: each costs about a kilobyte, where its phone writes headers as phones do.
constexpr std::size_t all_max = 200'000;
constexpr std::size_t per_watcher_held_max = 2u << 20;
constexpr std::size_t all_held_max = 256u << 20;

constexpr std::string_view events_line = "Allow-Events: refer, dialog, call-info, line-seize\r\n";

std::string watcher_key(const tenant_name& tenant, const number& who) {
  return tenant.text + "/" + who.text;
}

/// RFC 6665 §4.2.2, RFC 5057 §5.1: a subscriber that answers so knows nothing of the subscription
/// any more.
bool ends_subscription(std::uint16_t status) {
  return status == 481 || status == 404 || status == 410 || status == 416 || status == 604;
}

/// To a key on a place, which shows no ordinary calls.
bool shows_the_same(const lamp_state& before, const lamp_state& now) {
  return std::equal(before.here.begin(), before.here.end(), now.here.begin(), now.here.end(),
                    [](const parked_shown& a, const parked_shown& b) {
                      return a.id == b.id && a.recalling == b.recalling;
                    });
}

}  // namespace

void shard_core::on_subscribe(message request, const flow& from, const request_key& key) {
  const auto who = authenticate(request, from, request.request_uri()->host);
  if (!who) return;
  if (!speaks_for(request, who->extension->number)) return answer(request, from, 403);
  const auto read = read_subscribe(request);
  if (const auto* status = std::get_if<std::uint16_t>(&read))
    return answer(request, from, *status, *status == 423 ? "Min-Expires: 60\r\n" : events_line);
  const auto watcher = watcher_key(who->tenant->name, who->extension->number);
  if (!has_room_for_key(watcher) || admission_.begin_work() != admission_verdict::admitted) {
    ++counts_.overloaded;
    return answer(request, from, 503, retry_later);
  }
  const auto id = context_->fresh_leg(options_.index);
  auto made = dialog::from_request(request, ids_.leg_tag(id.serial));
  const auto transaction =
    made ? transactions_.open_server(key, from, cookie_parts{}.pack(), now_) : std::nullopt;
  if (!transaction) {
    admission_.work_done();
    return answer(request, from, made ? 503 : status_of(made.error().code),
                  made ? retry_later : std::string_view{});
  }
  watchers_[watcher].serials.insert(id.serial);
  auto& s = subscriptions_[id.serial];
  s.id = id;
  s.via = from;
  s.names = *std::move(made);
  const auto& profile = context_->profiles->of(request.header("User-Agent").value_or(""));
  s.takes_park_body =
    profile.channel != park_channel::park_info && profile.channel != park_channel::off;
  s.style = profile.lamp;
  s.tenant = who->tenant->name;
  s.watcher = who->extension->number;
  const auto& target = *request.request_uri();
  s.dialled = target.user;
  if (const auto* orbit = target.parameter_value("orbit")) s.orbit = *orbit;
  // A key on a place, not on a person: it expects a call it could pick up.
  s.place_only = !who->tenant->extensions.contains(number{s.dialled});
  if (s.style == lamp_style::bw && s.place_only) s.style = lamp_style::early;
  s.entity = request.request_uri_text();
  await_notifier(s, std::get<subscribe_wish>(read), std::move(request), from, *transaction);
}

bool shard_core::has_room_for_key(const std::string& watcher) const {
  if (subscriptions_.size() >= all_max || subscriptions_held_ >= all_held_max) return false;
  const auto counted = watchers_.find(watcher);
  return counted == watchers_.end()
         || (counted->second.serials.size() < per_watcher_max
             && counted->second.held < per_watcher_held_max);
}

/// What it holds has changed.
void shard_core::count_held(subscription& s) {
  const auto now = held_by(s);
  auto& all = watchers_[watcher_key(s.tenant, s.watcher)];
  subscriptions_held_ += now - s.held;
  all.held += now - s.held;
  s.held = now;
}

void shard_core::on_resubscribe(subscription& s, message request, const flow& from,
                                transaction_id transaction) {
  const auto refuse = [&](std::uint16_t status, std::string_view lines) {
    respond(
      transaction, status,
      writer::response(request, status, s.names.local_tag, from.remote).lines(lines).finish());
  };
  if (!s.names.accept_sequence(request.cseq())) return refuse(500, {});
  if (request.method() != method::subscribe) return refuse(405, events_line);
  if (s.pending) return refuse(500, retry_later);
  const auto read = read_subscribe(request);
  if (const auto* status = std::get_if<std::uint16_t>(&read))
    return refuse(*status, *status == 423 ? "Min-Expires: 60\r\n" : events_line);
  auto wish = std::get<subscribe_wish>(read);
  if (wish.kind != s.wish.kind) return refuse(489, events_line);
  // Some phones say what they accept only once.
  if (!request.header("Accept")) wish.park_body = s.wish.park_body;
  if (admission_.begin_work() != admission_verdict::admitted) {
    ++counts_.overloaded;
    return refuse(503, retry_later);
  }
  s.names.refresh_target(request);
  await_notifier(s, wish, std::move(request), from, transaction);
}

/// The answer waits for who is to take it: work that has begun.
void shard_core::await_notifier(subscription& s, const subscribe_wish& wish, message request,
                                const flow& from, transaction_id transaction) {
  s.wish = wish;
  s.wish.park_body = wish.park_body && s.takes_park_body;
  s.via = way_back(request, from);
  s.phone = device_of(request, from);
  count_held(s);
  const auto patience =
    wheel_.add(now_ + word_comes_within, cookie_parts{s.id.serial, word_timer}.pack());
  s.pending.emplace(pending_subscribe{std::move(request), transaction, patience});
  caf::anon_send(switchboard_,
                 watch_asked{s.id, face(), s.tenant, s.watcher, s.dialled, s.orbit, s.wish.kind,
                             s.wish.park_body, s.phone, s.wish.expires.count() == 0});
}

void shard_core::on_watch_taken(const watch_taken& t) {
  const auto found = subscriptions_.find(t.id.serial);
  if (found == subscriptions_.end()) {
    caf::anon_send(t.notifier, unwatch_place{t.id});
    return;
  }
  auto& s = found->second;
  s.notifier = t.notifier;
  s.owed = true;  // RFC 6665 §4.2.1.2
  if (!s.pending) return;
  answer_subscribe(s, 200);
  if (s.wish.expires.count() == 0)
    s.end = s.wish.line_seize ? subscription_end::no_resource : subscription_end::timeout;
  s.expires_at = now_ + s.wish.expires;
  wheel_.cancel(s.expiry);
  s.expiry = wheel_.add(s.over() ? now_ + word_comes_within : s.expires_at,
                        cookie_parts{s.id.serial, subscription_timer}.pack());
}

void shard_core::on_watch_refused(const watch_refused& r) {
  const auto found = subscriptions_.find(r.id.serial);
  if (found == subscriptions_.end() || !found->second.pending) return;
  answer_subscribe(found->second, status_of(r.why));
  end_subscription(r.id.serial);
}

void shard_core::answer_subscribe(subscription& s, std::uint16_t status) {
  auto& waiting = *s.pending;
  wheel_.cancel(waiting.patience);
  auto text = writer::response(waiting.request, status, s.names.local_tag, s.via.remote);
  if (status == 200) {
    text.record_routes(waiting.request).lines(contact_of(shown_to(s.via), s.via.kind));
    text.header("Expires", static_cast<std::uint64_t>(s.wish.expires.count()));
  }
  if (status == 503) text.lines(retry_later);
  respond(waiting.transaction, status, text.lines(events_line).finish());
  s.pending.reset();
  admission_.work_done();
}

void shard_core::on_notify_watcher(const notify_watcher& n) {
  const auto found = subscriptions_.find(n.id.serial);
  if (found == subscriptions_.end()) {
    caf::anon_send(n.notifier, unwatch_place{n.id});
    return;
  }
  auto& s = found->second;
  if (!s.owed && s.place_only && s.shown && shows_the_same(*s.shown, *n.state)) {
    caf::anon_send(n.notifier, watcher_answered{n.id, 200});
    return;
  }
  send_notify(s, n.state);
}

void shard_core::send_notify(subscription& s, const lamp_ptr& state) {
  const auto way = s.names.routes.empty() ? way_to(s.via, s.names.target) : s.via;
  const auto text = notify_of(s, state, now_, contact_of(shown_to(way), way.kind));
  const auto branch = ids_.branch();
  const auto bytes = begin_request(*this, way, s.names, "NOTIFY", ++s.names.local_sequence, branch)
                       .lines(text.lines)
                       .finish(text.type, text.body);
  const auto serial = s.id.serial;
  const bool last = s.over();
  const cookie_parts cookie{serial, static_cast<std::uint8_t>(leg_request::notify)};
  const auto sent = transactions_.open_client(branch, "NOTIFY", way, bytes, cookie.pack(), now_);
  if (sent) note_if_dialled(way, *sent, cookie.pack());
  s.out = sent.value_or(transaction_id{});
  s.owed = false;
  if (last)
    end_subscription(serial);
  else if (!sent)
    on_watcher_answer(serial, 503, 0s);
}

/// What a phone watches follows it when it registers by another flow.
void shard_core::follow_with_keys(const phone_moved& c) {
  const auto mine = watchers_.find(watcher_key(c.tenant, c.extension));
  if (mine == watchers_.end()) return;
  for (const auto serial : mine->second.serials)
    if (auto& s = subscriptions_.at(serial); s.via == c.from) {
      s.via = c.to;
      tell_back(s, false);
    }
}

void shard_core::on_came(const phone_came& c) {
  const auto mine = watchers_.find(watcher_key(c.tenant, c.extension));
  if (mine == watchers_.end()) return;
  for (const auto serial : mine->second.serials) {
    auto& s = subscriptions_.at(serial);
    if (s.phone.same_as(c.phone)) tell_back(s, true);
  }
}

/// Nobody answers what was sent to where the phone is no more.
void shard_core::tell_back(subscription& s, bool anew) {
  if (!s.notifier || s.over()) return;
  transactions_.forget(std::exchange(s.out, {}));
  s.owed = true;
  caf::anon_send(s.notifier, watcher_back{s.id, anew});
}

void shard_core::on_watcher_answer(std::uint64_t serial, std::uint16_t status,
                                   std::chrono::seconds retry_after) {
  if (on_report_answer(serial, status)) return;
  if (const auto unasked = unasked_.extract(serial)) {
    const auto& n = unasked.mapped();
    caf::anon_send(n.notifier, phone_answered{n.key, n.ticket, status, retry_after});
    return;
  }
  const auto found = subscriptions_.find(serial);
  if (found == subscriptions_.end() || !found->second.notifier) return;
  found->second.out = {};
  if (status >= 300) found->second.owed = true;
  caf::anon_send(found->second.notifier, watcher_answered{found->second.id, status, retry_after});
  if (ends_subscription(status)) end_subscription(serial);
}

/// Nobody took it: a new one is over, one that was refreshed goes on as it was.
void shard_core::on_notifier_timeout(std::uint64_t serial) {
  const auto found = subscriptions_.find(serial);
  if (found == subscriptions_.end() || !found->second.pending) return;
  auto& s = found->second;
  answer_subscribe(s, 503);
  if (!s.notifier)
    end_subscription(serial);
  else if (now_ >= s.expires_at)
    on_subscription_expiry(serial);
}

void shard_core::on_subscription_expiry(std::uint64_t serial) {
  const auto found = subscriptions_.find(serial);
  if (found == subscriptions_.end()) return;
  auto& s = found->second;
  if (s.pending) return;  // Refreshed at the last moment: its answer decides.
  send_last_notify(s, subscription_end::timeout);
}

void shard_core::send_last_notify(subscription& s, subscription_end why) {
  s.end = why;
  if (s.shown)
    send_notify(s, s.shown);
  else
    end_subscription(s.id.serial);
}

/// What it watches ends now, not with its next refresh, which is not asked for credentials. The
/// actors hear of it behind all that this shard has sent them for that user.
void shard_core::on_user_revoked(const user_revoked& r) {
  const auto known = context_->actors->living(registry_kind::extension, r.tenant, r.extension.text);
  if (known) caf::anon_send(known, drop_phones{options_.index});
  const auto mine = watchers_.find(watcher_key(r.tenant, r.extension));
  if (mine == watchers_.end()) return;
  for (const auto serial : std::vector(mine->second.serials.begin(), mine->second.serials.end())) {
    const auto found = subscriptions_.find(serial);
    if (found == subscriptions_.end()) continue;
    auto& s = found->second;
    if (s.pending) answer_subscribe(s, 403);
    send_last_notify(s, subscription_end::rejected);
  }
}

void shard_core::end_subscription(std::uint64_t serial) {
  const auto node = subscriptions_.extract(serial);
  if (node.empty()) return;
  const auto& s = node.mapped();
  wheel_.cancel(s.expiry);
  if (s.pending) {
    wheel_.cancel(s.pending->patience);
    admission_.work_done();
  }
  subscriptions_held_ -= s.held;
  if (const auto all = watchers_.find(watcher_key(s.tenant, s.watcher)); all != watchers_.end()) {
    all->second.held -= s.held;
    all->second.serials.erase(serial);
    if (all->second.serials.empty()) watchers_.erase(all);
  }
  if (s.notifier) caf::anon_send(s.notifier, unwatch_place{s.id});
}

/// A phone without a subscription is told at the contact it registered.
void shard_core::on_notify_phone(const notify_phone& n) {
  const auto& state = *n.state;
  const auto id = context_->fresh_leg(options_.index);
  const auto to = n.to.path.empty() ? way_to(n.to.via, n.to.uri) : n.to.via;
  const auto shown = shown_to(to);
  dialog names;
  names.call_id = ids_.call_id();
  names.local_tag = ids_.leg_tag(id.serial);
  const auto service = escape_user(state.service_number.text);
  names.local = "\"Call Park\" <sip:" + service + "@" + state.domain + ">;tag=" + names.local_tag;
  names.remote = "<sip:" + escape_user(n.extension.text) + "@" + state.domain + ">";
  names.target = n.to.uri;
  names.routes = n.to.path;
  const auto text = unasked_notify_of(state, context_->profiles->of(n.to.user_agent),
                                      context_->wall(now_), contact_of(shown, to.kind, service));
  const auto branch = ids_.branch();
  const auto bytes = begin_request(*this, to, names, "NOTIFY", 1, branch)
                       .lines(text.lines)
                       .finish(text.type, text.body);
  unasked_.emplace(id.serial, unasked_notify{n.to.key, n.ticket, n.notifier, {}});
  const cookie_parts cookie{id.serial, static_cast<std::uint8_t>(leg_request::notify)};
  const auto opened = transactions_.open_client(branch, "NOTIFY", to, bytes, cookie.pack(), now_);
  if (!opened) return on_watcher_answer(id.serial, 503, 0s);
  note_if_dialled(to, *opened, cookie.pack());
  // A send that fails is reported from within: then it is over already.
  if (const auto out = unasked_.find(id.serial); out != unasked_.end())
    out->second.transaction = *opened;
}

void shard_core::on_drop_notify(const drop_notify& d) {
  const auto found = std::find_if(unasked_.begin(), unasked_.end(), [&](const auto& out) {
    return out.second.ticket == d.ticket && out.second.notifier == d.notifier;
  });
  if (found == unasked_.end()) return;
  transactions_.forget(found->second.transaction);
  unasked_.erase(found);
}

}  // namespace parkway::sip
