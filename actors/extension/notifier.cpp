#include "actors/extension/notifier.hpp"

#include "kernel/runtime/log.hpp"

#include <algorithm>
#include <tuple>

namespace parkway {
namespace {

/// After silence or 503; a phone that says Retry-After is believed.
constexpr auto pause_after_failure = std::chrono::seconds{10};
constexpr auto pause_max = std::chrono::seconds{3600};

/// What a final answer to a NOTIFY means for the next one.
enum class verdict { told, again, refused };

verdict verdict_of(std::uint16_t status) {
  switch (status) {
    case 401:  // A phone that wants to know who we are: no key of ours opens it.
    case 407:
    case 405:
    case 415:
    case 420:
    case 481:
    case 489:
    case 501:
      return verdict::refused;
    case 408:
    case 480:
    case 500:
    case 502:
    case 503:
    case 504:
      return verdict::again;
    default:
      // 200; or it dislikes this one for good, and will say so of the next one if it must.
      return verdict::told;
  }
}

bool same_calls(const std::vector<call_shown>& a, const std::vector<call_shown>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.leg == y.leg && x.activity == y.activity && x.peer == y.peer;
  });
}

bool among(const std::vector<std::string>& keys, const std::string& key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

}  // namespace

notifier::notifier(caf::event_based_actor* actor, context_ptr context, tenant_name tenant, number n)
  : self(actor), control(actor, std::move(context)), in(std::move(tenant)), me(std::move(n)) {
  next.tenant = in;
  next.place = me;
  // A restarted node must not count from where a phone has been: seconds grow faster than lamps.
  using std::chrono::duration_cast;
  const auto wall = control.context().wall(self->clock().now()).time_since_epoch();
  next.version = static_cast<std::uint64_t>(duration_cast<std::chrono::seconds>(wall).count());
}

caf::behavior notifier::make_behavior() {
  return {
    [this](const show_parked& s) {
      put(next.parked, s.what);
      if (s.here) put(next.here, s.what);
      publish(true);
    },
    [this](const unshow_parked& u) {
      const auto is_it = [&](const parked_shown& p) { return p.id == u.id; };
      if (std::erase_if(next.parked, is_it) == 0) return;
      std::erase_if(next.here, is_it);
      next.cleared_by = u.why;
      publish(true);
    },
    [this](const calls_are& c) {
      if (same_calls(next.calls, c.calls)) return;
      next.calls = c.calls;
      publish(false);
    },
    [this](const phones_are& p) { phones_changed(p); },
    [this](const watch_place& w) { watch(w); },
    [this](const unwatch_place& u) {
      // A phone that was told by its subscription is told unasked from here on.
      if (watchers.erase(u.id) > 0) tell_phones();
    },
    [this](const watcher_answered& a) { watcher_is(a); },
    [this](const watcher_back& b) { watcher_came_back(b); },
    [this](const phone_answered& a) { phone_is(a); },
    [this](const tick& t) {
      if (again.due(self, t)) tell_again();
    },
  };
}

// --- the state -------------------------------------------------------------------------------

void notifier::publish(bool parked_changed) {
  ++next.version;
  for (auto& [id, w] : watchers)
    if (parked_changed || w.what.kind == watch_kind::dialog) tell(w);
  if (parked_changed) tell_phones();
}

/// A member of a large group whose phones are off is told of hundreds of calls and tells nobody:
/// the state is copied when somebody is told.
const lamp_ptr& notifier::current() {
  if (now && now->version == next.version) return now;
  const auto tenant = control.context().tenants->find(in);
  next.domain = tenant ? tenant->domain : std::string{};
  next.service_number = tenant ? tenant->call_park.service_number : number{};
  now = std::make_shared<const lamp_state>(next);
  return now;
}

bool notifier::knows(const listener& who) const {
  return who.told && who.told->version == next.version;
}

/// The bare code fetches what is parked at the own extension, then what the group has; what this
/// extension has parked elsewhere it is only shown.
int notifier::rank(const parked_shown& p) const {
  if (p.terms->place == me) return 0;
  return p.terms->kind == park_kind::group ? 1 : 2;
}

void notifier::put(std::vector<parked_shown>& list, const parked_shown& what) const {
  std::erase_if(list, [&](const auto& p) { return p.id == what.id; });
  const auto order = [this](const auto& p) { return std::tuple{rank(p), p.parked_at}; };
  const auto behind =
    std::find_if(list.begin(), list.end(), [&](const auto& p) { return order(p) > order(what); });
  list.insert(behind, what);
}

// --- subscriptions ---------------------------------------------------------------------------

void notifier::watch(const watch_place& w) {
  const bool known = watchers.contains(w.id);
  if (!w.once && !known && watchers.size() >= watchers_max) {
    log(log_area::park)
      .warn("{}: more than {} watchers, one more is refused", me.text, watchers_max);
    return self->send(w.shard,
                      watch_refused{w.id, {fault_code::overloaded, 0, "too many watchers"}});
  }
  self->send(w.shard, watch_taken{w.id, self});
  if (w.once) {  // A fetch, or its last word.
    watchers.erase(w.id);
    self->send(w.shard, notify_watcher{w.id, self, current()});
    return tell_phones();
  }
  auto& mine = watchers[w.id];
  // Whoever comes from elsewhere does not answer what was sent to where it was.
  if (known && !(mine.what.phone.source == w.phone.source)) mine.outstanding = false;
  mine.what = w;
  mine.told = nullptr;  // A refresh is answered with the whole state (RFC 6665 §4.2.1.2).
  mine.refused = false;
  mine.again_at.reset();
  tell(mine);
}

void notifier::tell(watcher& w) {
  if (w.outstanding || w.refused || w.again_at || knows(w)) return;
  w.told = current();
  w.outstanding = true;
  self->send(w.what.shard, notify_watcher{w.what.id, self, w.told});
}

void notifier::watcher_is(const watcher_answered& a) {
  const auto found = watchers.find(a.id);
  if (found == watchers.end()) return;
  answered(found->second, a.status, a.retry_after);
  tell(found->second);
  if (found->second.refused) tell_phones();
}

/// A phone that comes anew may have learnt what it refused, or forgotten that it ever subscribed:
/// then it says so (481), and is told unasked.
void notifier::watcher_came_back(const watcher_back& b) {
  const auto found = watchers.find(b.id);
  if (found == watchers.end()) return;
  auto& w = found->second;
  if (!b.anew && !w.outstanding && !w.again_at) return;
  w.outstanding = false;
  w.told = nullptr;
  w.again_at.reset();
  if (b.anew) w.refused = false;
  tell(w);
}

// --- phones without a subscription -----------------------------------------------------------

void notifier::tell(phone& p) {
  if (p.outstanding || p.refused || p.again_at || knows(p)) return;
  // A screen that was filled unasked is cleared so, whatever the phone has subscribed to by now.
  const bool clears = next.parked.empty() && p.shows;
  if (!clears && !tells_unasked(p)) return;
  p.told = current();
  // One that was never filled need not be cleared.
  if (next.parked.empty() && !clears) return;
  p.shows = true;  // An empty state must have arrived before it is not.
  p.outstanding = true;
  p.ticket = ++tickets;
  self->send(transport_of(p.where.via), notify_phone{p.where, me, p.ticket, self, p.told});
}

void notifier::tell_phones() {
  for (auto& [key, p] : phones)
    tell(p);
}

void notifier::phone_is(const phone_answered& a) {
  const auto found = phones.find(a.key);
  if (found == phones.end()) return;
  auto& p = found->second;
  if (!p.outstanding || p.ticket != a.ticket) return;
  const auto verdict = verdict_of(a.status);
  if (verdict == verdict::refused)
    p.shows = false;
  else if (verdict == verdict::told)
    p.shows = !p.told->parked.empty();
  answered(p, a.status, a.retry_after);
  tell(p);
}

void notifier::phones_changed(const phones_are& p) {
  std::map<std::string, phone> kept;
  for (const auto& b : p.bindings)
    kept[b.key] = moved(b.key, b, among(p.anew, b.key));
  for (auto& [key, before] : phones) {
    if (kept.contains(key)) continue;
    left_lit = left_lit || before.shows;
    abandon(before);
  }
  phones = std::move(kept);
  tell_phones();
}

/// The phone of a contact, at its place of now. `came`: it may have forgotten everything.
notifier::phone notifier::moved(const std::string& key, const binding& to, bool came) {
  phone mine;
  const auto before = phones.find(key);
  if (before != phones.end()) {
    mine = before->second;
    // Nobody answers what was sent by the way that is no more.
    const bool lost = (mine.outstanding || mine.again_at) && !(mine.where.via == to.via);
    if (came || lost) {
      abandon(mine);
      mine.told = nullptr;
      mine.again_at.reset();
    }
    if (came) mine.refused = false;
  } else {
    mine.shows = left_lit;
  }
  mine.where = to;
  mine.channel = control.context().profiles->of(to.user_agent).channel;
  return mine;
}

void notifier::abandon(phone& p) {
  if (p.outstanding) self->send(transport_of(p.where.via), drop_notify{p.ticket, self});
  p.outstanding = false;
}

/// Whether it is the registered phone that watches. Behind a proxy all come from the same source.
bool notifier::is_of(const watcher& w, const binding& b) {
  const auto& d = w.what.phone;
  return d.same_as(b.phone);
}

bool notifier::watches_call_info(const binding& b) const {
  return std::any_of(watchers.begin(), watchers.end(), [&](const auto& entry) {
    const auto& w = entry.second;
    return w.what.kind == watch_kind::call_info && w.what.park_body && !w.refused && is_of(w, b);
  });
}

bool notifier::tells_unasked(const phone& p) const {
  switch (p.channel) {
    case park_channel::automatic:
      return !watches_call_info(p.where);
    case park_channel::park_info:
    case park_channel::both:
      return true;
    case park_channel::call_info:
    case park_channel::off:
      return false;
  }
  return false;
}

// --- answers ---------------------------------------------------------------------------------

void notifier::answered(listener& who, std::uint16_t status, std::chrono::seconds retry_after) {
  who.outstanding = false;
  const auto verdict = verdict_of(status);
  who.refused = verdict == verdict::refused;
  if (verdict != verdict::again) return;
  // It gets the state of then.
  const auto pause = retry_after.count() > 0
                       ? std::min<std::chrono::seconds>(retry_after, pause_max)
                       : pause_after_failure;
  who.told = nullptr;
  who.again_at = self->clock().now() + pause;
  if (!again.armed() || again.at() > *who.again_at) again.set(self, *who.again_at);
}

void notifier::tell_again() {
  const auto moment = self->clock().now();
  std::optional<std::chrono::steady_clock::time_point> earliest;
  const auto wake = [&](auto& who) {
    if (!who.again_at) return;
    if (*who.again_at > moment) {
      earliest = earliest ? std::min(*earliest, *who.again_at) : *who.again_at;
      return;
    }
    who.again_at.reset();
    tell(who);
  };
  for (auto& [id, w] : watchers)
    wake(w);
  for (auto& [key, p] : phones)
    wake(p);
  if (earliest) again.set(self, *earliest);
}

caf::actor notifier::transport_of(const flow& via) const {
  const auto& all = control.context().shards;
  return via.shard < all.size() ? all[via.shard] : caf::actor{};
}

caf::actor spawn_notifier(caf::event_based_actor* extension, const context_ptr& context,
                          const tenant_name& in, const number& n) {
  return spawn_child<notifier>(extension, context, in, n);
}

}  // namespace parkway
