#include "kernel/config/dial_plan.hpp"
#include "sip/message/status.hpp"
#include "sip/message/writer.hpp"
#include "sip/shard/shard_core.hpp"

/// REFER outside of every dialog (RFC 3515, RFC 5359 §2.15): a phone asks the park server to take
/// the peer of one of its calls. It makes a dialog of its own, for its reports.

namespace parkway::sip {

namespace {

/// REFERs under way in a shard: each ends within seconds, so more is a flood.
constexpr std::size_t referrals_max = 4096;

bool is_park(const route& r) {
  return std::holds_alternative<dials_park>(r) || std::holds_alternative<dials_group_park>(r);
}

/// What the phone wants: the Request-URI says where to park, or, where that names only the park
/// server, Refer-To may; one that names the party to be parked (RFC 5359 §2.15) means the own
/// extension.
outside_transfer describe(const uri& asked, const transfer_requested& wish, const tenant& in) {
  outside_transfer what;
  what.replaces_leg = wish.replaces_leg;
  const auto* orbit = asked.parameter_value("orbit");
  const bool bare = asked.user.empty() || (asked.user == "park" && !orbit);
  if (bare && is_park(dial(in, wish.dialled, wish.orbit))) {
    what.dialled = wish.dialled;
    what.orbit = wish.orbit;
    return what;
  }
  what.dialled = bare ? "park" : asked.user;
  if (orbit) what.orbit = *orbit;
  return what;
}

/// The place asked for, as an orbit of draft-procter-bliss-call-park-extension: N of *68N too, the
/// own extension where none is named. Empty: no place is asked for, or the PBX chooses it.
std::string orbit_of(const outside_transfer& what, const tenant& in, const number& own) {
  const auto meant = dial(in, what.dialled, what.orbit);
  const auto* const park = std::get_if<dials_park>(&meant);
  return park ? park->place.value_or(own).text : std::string{};
}

}  // namespace

void shard_core::on_refer(message request, const flow& from, const request_key& key) {
  const auto who = authenticate(request, from, request.request_uri()->host);
  if (!who) return;
  if (!speaks_for(request, who->extension->number)) return answer(request, from, 403);
  const auto wish = read_refer(request);
  if (!wish) return answer(request, from, 400);
  if (!wish->replaces) return answer(request, from, 403);
  if (referrals_.size() >= referrals_max) return answer(request, from, 503, retry_later);
  const auto id = context_->fresh_leg(options_.index);
  auto made = dialog::from_request(request, ids_.leg_tag(id.serial));
  if (!made) return answer(request, from, status_of(made.error().code));
  const auto transaction = transactions_.open_server(key, from, cookie_parts{}.pack(), now_);
  if (!transaction) return answer(request, from, 503, retry_later);
  auto what = describe(*request.request_uri(), *wish, *who->tenant);
  const bool silent = wants_silence(request);
  auto text = writer::response(request, 202, made->local_tag, from.remote);
  const auto orbit = orbit_of(what, *who->tenant, who->extension->number);
  if (orbit.empty())
    text.lines(contact_of(shown_to(from), from.kind));
  else
    text.header("Contact", "<sip:park@" + who->tenant->domain + ";orbit=" + orbit + ">");
  text.lines(silent ? std::string_view{"Refer-Sub: false\r\n"} : report_expires);
  respond(*transaction, 202, text.finish());
  auto& r = referrals_[id.serial];
  r.via = from;
  r.names = *std::move(made);
  r.reports.open(0, silent);
  r.reports.add(0, 100, false);
  send_report(id.serial);
  what.id = id;
  what.shard = face();
  what.tenant = who->tenant->name;
  what.by = {who->extension->display_name, who->extension->number, false};
  what.silent = silent;
  // Ahead of a BYE that the phone has sent back to back.
  r.about = {what.replaces_leg, what.tenant, what.by.extension, false};
  tell_of_park(r.about);
  caf::anon_send(switchboard_, std::move(what));
}

void shard_core::report(const report_transfer& c) {
  const auto found = referrals_.find(c.leg.serial);
  if (found == referrals_.end()) return;
  const auto status = c.why ? status_of(*c.why) : std::uint16_t{200};
  if (found->second.reports.add(0, status, c.final))
    end_referral(c.leg.serial);
  else
    send_report(c.leg.serial);
}

void shard_core::end_referral(std::uint64_t serial) {
  auto node = referrals_.extract(serial);
  if (node.empty()) return;
  node.mapped().about.reported = true;
  tell_of_park(node.mapped().about);
}

/// The shard that has the leg tells its owner: in the order in which the leg's own events come.
void shard_core::tell_of_park(const outside_park& p) {
  if (!p.leg || p.leg.shard >= options_.count) return;
  if (p.leg.shard == options_.index) return on_outside_park(p);
  caf::anon_send(context_->shards.at(p.leg.shard), p);
}

void shard_core::on_outside_park(const outside_park& p) {
  const auto* meant = find(p.leg);
  if (!meant || meant->tenant_of() != p.tenant || meant->extension() != p.by) return;
  if (p.reported)
    caf::anon_send(meant->owner(), transfer_reported{p.leg, 0});
  else
    caf::anon_send(meant->owner(), park_announced{p.leg});
}

void shard_core::send_report(std::uint64_t serial) {
  auto& r = referrals_.at(serial);
  const auto next = r.reports.next();
  if (!next) return;
  const auto text = print_report(*next, contact_of(shown_to(r.via), r.via.kind));
  const auto branch = ids_.branch();
  const auto bytes =
    begin_request(*this, r.via, r.names, "NOTIFY", ++r.names.local_sequence, branch)
      .lines(text.lines)
      .finish(sipfrag_type, text.fragment);
  const cookie_parts cookie{serial, static_cast<std::uint8_t>(leg_request::notify)};
  if (!transactions_.open_client(branch, "NOTIFY", r.via, bytes, cookie.pack(), now_))
    on_report_answer(serial, 503);
}

/// True: it was the answer to one of these reports.
bool shard_core::on_report_answer(std::uint64_t serial, std::uint16_t status) {
  const auto found = referrals_.find(serial);
  if (found == referrals_.end()) return false;
  if (!found->second.reports.answered(status >= 300).empty())
    end_referral(serial);
  else
    send_report(serial);
  return true;
}

}  // namespace parkway::sip
