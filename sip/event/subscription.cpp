#include "sip/event/subscription.hpp"

#include "sip/message/text.hpp"

#include <algorithm>

namespace parkway::sip {

namespace {

using std::chrono::seconds;

constexpr seconds shortest{60};
constexpr seconds longest{3600};
/// What any phone reads into one buffer; about ten parked calls.
constexpr std::size_t unasked_body_max = 4096;

/// What a shared line would show: nothing ever seizes one here.
std::string idle_line(std::string_view domain) {
  return std::string{"Call-Info: <sip:"}.append(domain).append(
    ">;appearance-index=*;appearance-state=idle\r\n");
}

/// The id parameter of an Event header behind its package (RFC 6665 §8.2.1).
std::string event_id_in(std::string_view parameters) {
  while (!parameters.empty()) {
    auto value = trimmed(cut_parameter(parameters));
    if (same_token(trimmed(cut_to(value, '=')), "id")) return std::string{trimmed(value)};
  }
  return {};
}

std::string_view package_of(const subscribe_wish& wish) {
  if (wish.line_seize) return "line-seize";
  return wish.kind == watch_kind::dialog ? "dialog" : "call-info";
}

std::string_view reason_of(subscription_end end) {
  switch (end) {
    case subscription_end::none:
      break;
    case subscription_end::timeout:
      return "timeout";
    case subscription_end::no_resource:
      return "noresource";
    case subscription_end::rejected:
      return "rejected";
  }
  return {};
}

bool accepts(const message& request, std::string_view type) {
  const auto wanted = lower(type);
  for (const auto value : request.headers("Accept"))
    if (lower(value).find(wanted) != std::string::npos) return true;
  return false;
}

/// How long an unasked state is said to be good for: until the recall; nobody renews it.
seconds said_to_last(const lamp_state& state) {
  if (state.parked.empty()) return shortest;
  const auto& recall = state.parked.front().terms->recall;
  return recall.recall_time.count() > 0 ? recall.recall_time : longest;
}

}  // namespace

std::variant<subscribe_wish, std::uint16_t> read_subscribe(const message& request) {
  auto event = request.header("Event").value_or("");
  const auto package = trimmed(cut_to(event, ';'));
  subscribe_wish wish;
  wish.event_id = event_id_in(event);
  if (same_token(package, "dialog")) {
    wish.kind = watch_kind::dialog;
  } else if (same_token(package, "call-info")) {
    wish.kind = watch_kind::call_info;
    wish.park_body = accepts(request, park_body_type);
  } else if (same_token(package, "line-seize")) {
    wish.kind = watch_kind::call_info;
    wish.line_seize = true;
  } else {
    return std::uint16_t{489};
  }
  if (const auto given = request.header("Expires")) {
    const auto asked = number_in(trimmed(*given), 0xFFFFFFFF);
    if (!asked) return std::uint16_t{400};
    wish.expires = std::min<seconds>(seconds{static_cast<std::int64_t>(*asked)}, longest);
    const bool brief = wish.expires.count() != 0 && wish.expires < shortest;
    if (brief && !wish.line_seize) return std::uint16_t{423};
  }
  if (wish.line_seize) wish.expires = seconds{0};
  return wish;
}

std::size_t held_by(const subscription& s) {
  std::size_t sum = sizeof s;
  for (const auto* text : {&s.names.call_id, &s.names.local, &s.names.remote, &s.names.local_tag,
                           &s.names.remote_tag, &s.names.target, &s.wish.event_id, &s.dialled,
                           &s.orbit, &s.entity, &s.phone.instance, &s.phone.contact})
    sum += text->size();
  for (const auto& route : s.names.routes)
    sum += sizeof route + route.size();
  return sum;
}

notify_text notify_of(subscription& s, const lamp_ptr& state,
                      std::chrono::steady_clock::time_point now, std::string_view contact) {
  notify_text text;
  text.lines.append(contact).append("Event: ").append(package_of(s.wish));
  if (!s.wish.event_id.empty()) text.lines.append(";id=").append(s.wish.event_id);
  if (s.over()) {
    text.lines.append("\r\nSubscription-State: terminated;reason=");
    text.lines.append(reason_of(s.end)).append("\r\n");
  } else {
    const auto left = std::chrono::ceil<seconds>(s.expires_at - now).count();
    text.lines.append("\r\nSubscription-State: active;expires=");
    append_number(text.lines, static_cast<std::uint64_t>(std::max<std::int64_t>(left, 0)));
    text.lines.append("\r\n");
  }
  if (s.wish.kind == watch_kind::call_info) {
    text.lines.append(idle_line(state->domain));
    if (s.wish.park_body) {
      text.type = park_body_type;
      text.body = park_body(*state, {});
    }
  } else {
    text.type = dialog_body_type;
    text.body = dialog_body(*state, s.shown.get(), {s.style, s.place_only, s.entity, s.version});
  }
  ++s.version;
  s.shown = state;
  return text;
}

notify_text unasked_notify_of(const lamp_state& state, const device_profile& profile,
                              std::chrono::system_clock::time_point at, std::string_view contact) {
  notify_text text;
  text.lines.append(contact).append("Event: park-info\r\nSubscription-State: ");
  if (profile.terminated) {
    text.lines.append("terminated;reason=noresource");
  } else {
    text.lines.append("active;expires=");
    append_number(text.lines, static_cast<std::uint64_t>(said_to_last(state).count()));
  }
  text.lines.append("\r\n").append(idle_line(state.domain));
  text.type = park_body_type;
  text.body = park_body(state, {profile.extended_body, at, unasked_body_max});
  return text;
}

}  // namespace parkway::sip
