#include "actors/notifier.hpp"

#include "kernel/log.hpp"

#include <algorithm>

namespace parkway {
namespace {

/// After silence or 503; a phone that says Retry-After is believed.
constexpr auto pause_after_failure = std::chrono::seconds{10};
constexpr auto pause_max = std::chrono::seconds{3600};

/// Final answers by which a phone says that it will never understand this channel.
bool is_refusal(std::uint16_t status) {
  switch (status) {
    case 405:
    case 415:
    case 420:
    case 481:
    case 489:
    case 501:
      return true;
    default:
      return false;
  }
}

bool same_calls(const std::vector<call_shown>& a, const std::vector<call_shown>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.leg == y.leg && x.activity == y.activity && x.peer == y.peer;
  });
}

void put(std::vector<parked_shown>& list, const parked_shown& what) {
  const auto found =
    std::find_if(list.begin(), list.end(), [&](const auto& p) { return p.id == what.id; });
  if (found != list.end()) {
    *found = what;
    return;
  }
  const auto behind = std::find_if(list.begin(), list.end(),
                                   [&](const auto& p) { return p.parked_at > what.parked_at; });
  list.insert(behind, what);
}

}  // namespace

notifier::notifier(caf::event_based_actor* actor, context_ptr house, tenant_name tenant, number n)
  : self(actor), line(actor, std::move(house)), in(std::move(tenant)), me(std::move(n)) {
  next.tenant = in;
  next.place = me;
  // A restarted node must not count from where a phone has been: seconds grow faster than lamps.
  using std::chrono::duration_cast;
  const auto wall = line.house().wall(self->clock().now()).time_since_epoch();
  next.version = static_cast<std::uint64_t>(duration_cast<std::chrono::seconds>(wall).count());
  now = std::make_shared<const lamp_state>(next);
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
    [this](const unwatch_place& u) { watchers.erase(u.id); },
    [this](const watcher_answered& a) {
      const auto found = watchers.find(a.id);
      if (found == watchers.end()) return;
      answered(found->second, a.status, a.retry_after);
      tell(found->second);
    },
    [this](const phone_answered& a) {
      const auto found = phones.find(a.key);
      if (found == phones.end()) return;
      answered(found->second, a.status, a.retry_after);
      tell(found->second);
    },
    [this](const tick& t) {
      if (again.due(self, t)) tell_again();
    },
  };
}

void notifier::publish(bool parked_changed) {
  const auto tenant = line.house().tenants->find(in);
  next.domain = tenant ? tenant->domain : std::string{};
  next.service_number = tenant ? tenant->call_park.service_number : number{};
  ++next.version;
  now = std::make_shared<const lamp_state>(next);
  for (auto& [id, w] : watchers)
    if (parked_changed || w.what.kind == watch_kind::dialog) tell(w);
  if (!parked_changed) return;
  for (auto& [key, p] : phones)
    tell(p);
}

void notifier::watch(const watch_place& w) {
  if (w.once) {
    watcher fetch;
    fetch.what = w;
    return tell(fetch);
  }
  const bool known = watchers.contains(w.id);
  if (!known && watchers.size() >= watchers_max) {
    log(log_area::park)
      .warn("{}: more than {} watchers, one more is not told", me.text, watchers_max);
    return;
  }
  auto& mine = watchers[w.id];
  mine.what = w;
  mine.told = nullptr;  // A refresh is answered with the whole state (RFC 6665 §4.2.1.2).
  mine.again_at.reset();
  tell(mine);
}

void notifier::tell(watcher& w) {
  if (w.outstanding || w.refused || w.again_at || w.told == now) return;
  w.told = now;
  w.outstanding = !w.what.once;
  self->send(w.what.transport, notify_watcher{w.what.id, self, now});
}

void notifier::tell(phone& p) {
  if (p.outstanding || p.refused || p.again_at || p.told == now || !tells_unasked(p)) return;
  p.told = now;
  // A screen that was never filled need not be cleared.
  if (now->parked.empty() && !p.shows) return;
  p.shows = !now->parked.empty();
  p.outstanding = true;
  self->send(transport_of(p.where.via), notify_phone{p.where, me, self, now});
}

void notifier::answered(listener& who, std::uint16_t status, std::chrono::seconds retry_after) {
  who.outstanding = false;
  if (status >= 200 && status < 300) return;
  if (is_refusal(status)) {
    who.refused = true;
    return;
  }
  // Not a refusal: it gets the state of then. The next answer or tick decides.
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

void notifier::phones_changed(const phones_are& p) {
  std::map<std::string, phone> kept;
  for (const auto& b : p.bindings) {
    const bool came = std::find(p.anew.begin(), p.anew.end(), b.key) != p.anew.end();
    auto& mine = kept[b.key];
    if (const auto before = phones.find(b.key); before != phones.end()) {
      mine = std::move(before->second);
      if (came) {
        // It may have forgotten everything, and may have learnt the channel it refused.
        const bool outstanding = mine.outstanding;
        const bool shows = mine.shows;
        mine = phone{};
        mine.outstanding = outstanding;
        mine.shows = shows;
      }
    }
    mine.where = b;
    mine.profile = line.house().profiles->of(b.user_agent);
  }
  phones = std::move(kept);
  for (auto& [key, one] : phones)
    tell(one);
}

bool notifier::watches_call_info(const device& d) const {
  return std::any_of(watchers.begin(), watchers.end(), [&](const auto& entry) {
    const auto& w = entry.second;
    return w.what.kind == watch_kind::call_info && w.what.park_body && !w.refused
           && w.what.phone.same_as(d);
  });
}

bool notifier::tells_unasked(const phone& p) const {
  switch (p.profile.channel) {
    case park_channel::automatic:
      return !watches_call_info(p.where.phone);
    case park_channel::park_info:
    case park_channel::both:
      return true;
    case park_channel::call_info:
    case park_channel::off:
      return false;
  }
  return false;
}

caf::actor notifier::transport_of(const flow& via) const {
  const auto& all = line.house().transports;
  return via.shard < all.size() ? all[via.shard] : caf::actor{};
}

caf::actor spawn_notifier(caf::event_based_actor* extension, const context_ptr& house,
                          const tenant_name& in, const number& n) {
  return spawn_child<notifier>(extension, house, in, n);
}

}  // namespace parkway
