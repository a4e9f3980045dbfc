#include "kernel/config/dial_plan.hpp"
#include "sip/message/prescan.hpp"
#include "sip/message/reply_route.hpp"
#include "sip/message/status.hpp"
#include "sip/message/text.hpp"
#include "sip/message/validate.hpp"
#include "sip/message/writer.hpp"
#include "sip/shard/shard_actor.hpp"
#include "sip/shard/shard_core.hpp"

#include <algorithm>

namespace parkway::sip {

namespace {

constexpr std::string_view retry_soon = "Retry-After: 1\r\n";

/// Each request is a transaction that is kept for half a minute, and work for the owner of a call.
/// Whoever presses keys (INFO), holds and refreshes is far from it.
constexpr request_rate asked_in_call{20, 60};
/// A key is refreshed once a minute at most.
constexpr request_rate asked_of_key{1, 10};

/// The From of somebody who does not want to be known (RFC 3323 §4.1.1.3).
bool is_anonymous(const name_addr& from) {
  return same_token(from.address.user, "anonymous") || from.address.host == "anonymous.invalid";
}

bool wants_privacy(const message& m) {
  auto rest = m.header("Privacy").value_or("");
  while (!rest.empty()) {
    const auto wish = trimmed(cut_to(rest, ';'));
    if (same_token(wish, "id") || same_token(wish, "user")) return true;
  }
  return false;
}

/// To an answer of ours that made no dialog and for which nothing is kept.
bool is_ack_of_refusal(const message& m) {
  if (m.method() != method::ack) return false;
  const auto said = id_source::read_tag(m.to_tag());
  return said && said->serial == 0;
}

/// What a message that libosip2 cannot read is answered, where it can be.
std::string answer_unread(const scan& read, std::uint16_t status, const flow& from) {
  return answer_unparsed(read.header, status, from.remote);
}

}  // namespace

bool speaks_for(const message& request, const number& user) {
  const auto& from = request.from();
  return from && (is_anonymous(*from) || from->address.user == user.text);
}

request_key key_of(const message& request) {
  const auto& via = request.top_via();
  return {request.method_text(),      via.branch,        via.host,           via.port,
          request.request_uri_text(), request.call_id(), request.from_tag(), request.cseq()};
}

void shard_core::answer(const message& request, const flow& from, std::uint16_t status,
                        std::string_view lines) {
  const auto tag =
    ids_.stateless_tag(request.call_id(), request.from_tag(), request.top_via().branch);
  send(from, writer::response(request, status, tag, from.remote).lines(lines).finish());
}

void shard_core::answer_stray(const message& request, const flow& from, std::uint16_t status,
                              std::string_view lines) {
  if (ids_.origin_of(request.to_tag()) && !admit(from)) return;
  answer(request, from, status, lines);
}

bool shard_core::post_over(std::uint16_t shard, const flow& from, std::string_view bytes) {
  if (shard == options_.index || shard >= options_.count) return false;
  if (auto counted = stray_lanes_[shard].enter(bytes.size()))
    caf::anon_send(context_->shards.at(shard),
                   stray_message{from, std::string{bytes}, std::move(counted)});
  else
    ++counts_.crowded_out;
  return true;
}

void shard_core::on_message(const flow& from, std::string_view bytes) {
  ++counts_.messages;
  if (!dialled_.empty()) dialled_.erase(number_of(from));  // It has taken our call.
  const auto read = prescan(bytes);
  if (read.verdict == scan_verdict::keep_alive) return;
  auto status = read.status();
  if (read.verdict == scan_verdict::message) {
    if (read.header.starts_with("SIP/") && !ids_.may_hold_branch(read.header)) {
      ++counts_.dropped;  // An answer to nothing that we have asked.
      return;
    }
    auto parsed = message::parse(read);
    if (parsed) {
      if (parsed->is_request()) return on_request(*std::move(parsed), from, bytes);
      return on_response(*parsed, from, bytes);
    }
    status = 400;
  }
  ++counts_.dropped;
  if (!admit(from)) return;
  const auto text = answer_unread(read, status, from);
  if (!text.empty()) send(from, text);
}

void shard_core::on_request(message request, const flow& source, std::string_view bytes) {
  const auto from = response_route(request, source);
  const auto ours = ids_.origin_of(request.to_tag());
  if (!ours && is_ack_of_refusal(request)) return;
  if (!ours && !admit(from)) {
    ++counts_.dropped;
    return;
  }
  if (const auto wrong = validate(request)) {
    ++counts_.dropped;
    if (wrong->status != 0) answer_stray(request, from, wrong->status, wrong->headers);
    return;
  }
  if (has_come_back(request)) return on_own_request(request, from);
  if (ours && post_over(ours->shard, source, bytes)) return;
  const auto key = key_of(request);
  if (transactions_.receive(key, now_).what == transaction_table::outcome::absorbed) return;
  if (request.method() == method::ack) return on_ack(request);
  if (request.method() == method::cancel) return on_cancel(request, from, key);
  if (!request.to_tag().empty()) return on_request_in_dialog(std::move(request), from, key);
  on_request_outside(std::move(request), from, key);
}

/// One of its Vias is ours.
bool shard_core::has_come_back(const message& request) const {
  const auto is_ours = [this](std::string_view branch) {
    return ids_.shard_of_branch(branch).has_value();
  };
  if (is_ours(request.top_via().branch)) return true;
  if (request.via_count() == 1) return false;
  for (const auto via : request.list("Via")) {
    constexpr std::string_view name = "branch=";
    const auto at = via.find(name);
    if (at == via.npos) continue;
    const auto rest = via.substr(at + name.size());
    if (is_ours(rest.substr(0, rest.find_first_of(";, \t")))) return true;
  }
  return false;
}

/// A request of ours that has come back, from a phone that mirrors what it is sent or by a proxy
/// that goes in circles (RFC 3261 §16.3). Where it comes straight back, whoever waits for its
/// answer need not wait for the mirror.
void shard_core::on_own_request(const message& request, const flow& from) {
  ++counts_.dropped;
  if (request.method() == method::ack) return;
  if (ids_.origin_of(request.to_tag()) && !admit(from)) return;
  const auto tag =
    ids_.stateless_tag(request.call_id(), request.from_tag(), request.top_via().branch);
  const auto looped = writer::response(request, 482, tag, from.remote).finish();
  send(from, looped);
  if (request.via_count() == 1) on_message(from, looped);
}

void shard_core::on_ack(const message& ack) {
  const auto ours = id_source::read_tag(ack.to_tag());
  auto* addressed = ours ? find(ours->serial) : nullptr;
  if (addressed && addressed->is(ack)) addressed->on_ack(ack);
}

void shard_core::on_cancel(const message& cancel, const flow& from, const request_key& key) {
  const auto invite = transactions_.invite_of(key);
  if (!invite) return answer_stray(cancel, from, 481);
  auto* addressed = find(cookie_parts::from(invite->cookie).serial);
  if (!addressed) return answer_stray(cancel, from, 200);
  // With the tag of the INVITE's own answers (RFC 3261 §9.2).
  send(from, writer::response(cancel, 200, addressed->names().local_tag, from.remote).finish());
  addressed->on_cancel(invite->id);
}

void shard_core::on_request_in_dialog(message request, const flow& from, const request_key& key) {
  const auto ours = id_source::read_tag(request.to_tag());
  auto* addressed = ours ? find(ours->serial) : nullptr;
  const auto watched = ours ? subscriptions_.find(ours->serial) : subscriptions_.end();
  if (watched != subscriptions_.end()
      && watched->second.names.matches(request.call_id(), request.to_tag(), request.from_tag())) {
    if (!watched->second.asked.take(asked_of_key, now_)) return refuse_flood(request, from);
    const auto transaction = transactions_.open_server(key, from, cookie_parts{}.pack(), now_);
    if (!transaction) return answer(request, from, 503, retry_later);
    trust(from);  // The tags prove it.
    return on_resubscribe(watched->second, std::move(request), from, *transaction);
  }
  if (!addressed || !addressed->is(request)) return answer_stray(request, from, 481);
  // Whatever came before, a call can be ended.
  if (request.method() != method::bye && !addressed->asked.take(asked_in_call, now_))
    return refuse_flood(request, from);
  const cookie_parts cookie{ours->serial, cookie_parts::none};
  const auto transaction = transactions_.open_server(key, from, cookie.pack(), now_);
  if (!transaction) return answer(request, from, 503, retry_later);
  trust(from);
  addressed->on_request(std::move(request), *transaction, from);
}

/// Nothing is kept of it: the dialog goes on, and its phone may ask again.
void shard_core::refuse_flood(const message& request, const flow& from) {
  ++counts_.overloaded;
  answer(request, from, 503, retry_soon);
}

/// Everything without a dialog: the table that new methods and event packages go into.
void shard_core::on_request_outside(message request, const flow& from, const request_key& key) {
  if (stopping_) return answer(request, from, 503, retry_later);
  switch (request.method()) {
    case method::register_:
      return on_register(std::move(request), from, key);
    case method::invite:
      return on_invite(std::move(request), from, key);
    case method::options:
      return on_options(request, from);
    case method::subscribe:
      return on_subscribe(std::move(request), from, key);
    case method::refer:
      return on_refer(std::move(request), from, key);
    case method::notify:
    case method::bye:
    case method::prack:
    case method::update:
    case method::info:
      return answer(request, from, 481);
    case method::message:
    case method::publish:
      return answer(request, from, 405, allow_line);
    case method::other:
      return answer(request, from, 501, allow_line);
    case method::ack:
    case method::cancel:
      return;  // Dealt with before.
  }
}

void shard_core::on_options(const message& request, const flow& from) {
  const auto tag =
    ids_.stateless_tag(request.call_id(), request.from_tag(), request.top_via().branch);
  send(from, writer::response(request, 200, tag, from.remote)
               .lines(allow_line)
               .lines("Accept: application/sdp\r\n")
               .header("Supported", supported_extensions)
               .finish());
}

std::optional<incoming_call> shard_core::describe_call(const message& invite, const flow& from,
                                                       const authenticated& who) {
  const bool anonymous = invite.from() && is_anonymous(*invite.from());
  if (!speaks_for(invite, who.extension->number)) {
    complain(who.extension->number.text, from, "its From is somebody else");
    answer(invite, from, 403);
    return std::nullopt;
  }
  incoming_call call;
  call.tenant = who.tenant->name;
  call.caller = {who.extension->display_name, who.extension->number,
                 anonymous || wants_privacy(invite)};
  const auto& target = *invite.request_uri();
  call.dialled = target.user;
  if (const auto* orbit = target.parameter_value("orbit")) call.orbit = *orbit;
  const auto replaces = invite.headers("Replaces");
  if (replaces.empty()) return call;
  auto named = parse_replaces(replaces.front());
  if (replaces.size() > 1 || !named) {  // RFC 3891 §3
    answer(invite, from, 400);
    return std::nullopt;
  }
  call.replaces = *std::move(named);
  call.replaces_leg = leg_named_by(*call.replaces);
  return call;
}

std::uint64_t shard_core::merge_key(const message& invite) const {
  std::string text{invite.call_id()};
  text.append("\n").append(invite.from_tag()).append("\n");
  append_number(text, invite.cseq());
  return merge_hash_(text);
}

/// Whoever is parked is fetched, however full the node is: beyond the bound there is room for calls
/// that park or fetch another or take its place. To each that is up these are three at most: who
/// has fetched it, who parks it again, and who fetches that while the former is still told where
/// it is. A code that finds no call ends its own at once.
bool shard_core::has_room_for(const incoming_call& call, const tenant& in) const {
  const std::uint64_t up = *options_.calls;
  const std::uint64_t bound = node().calls_max;
  if (up < bound) return true;
  if (up >= 4 * bound) return false;
  return call.replaces || is_feature(dial(in, call.dialled, call.orbit));
}

void shard_core::on_invite(message invite, const flow& from, const request_key& key) {
  // A copy has the credentials of the other, which are good once.
  const auto copies = merge_key(invite);
  if (invites_.contains(copies)) return answer(invite, from, 482);
  const auto who = authenticate(invite, from, invite.request_uri()->host);
  if (!who) return;
  auto call = describe_call(invite, from, *who);
  if (!call) return;
  const bool room = has_room_for(*call, *who->tenant);
  const auto id = context_->fresh_leg(options_.index);
  const cookie_parts cookie{id.serial, cookie_parts::none};
  const auto transaction =
    room ? transactions_.open_server(key, from, cookie.pack(), now_) : std::nullopt;
  if (!transaction) {
    ++counts_.overloaded;
    return answer(invite, from, 503, retry_later);
  }
  respond(*transaction, 100, writer::response(invite, 100, {}, from.remote).finish());
  ++*options_.calls;
  invites_.insert(copies);
  auto& made = make_leg(id, switchboard_, who->tenant, way_back(invite, from));
  made.merge_key = copies;
  made.receive_call(std::move(invite), *transaction, *std::move(call));
}

}  // namespace parkway::sip
