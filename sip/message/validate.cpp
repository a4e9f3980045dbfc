#include "sip/message/validate.hpp"

#include "kernel/values/endpoint.hpp"

#include <array>

namespace parkway::sip {

namespace {

constexpr std::uint64_t cseq_max = 0x7FFFFFFF;  // RFC 3261 §8.1.1.5: below 2**31.
constexpr std::string_view magic_cookie = "z9hG4bK";

using verdict = std::optional<rejection>;

rejection refuse(std::uint16_t status, std::string why) {
  return {status, std::move(why), {}};
}

/// Each exactly once (RFC 3261 §8.1.1). libosip2 lets them be absent, and some be repeated.
verdict check_mandatory(const message& m) {
  for (const std::string_view name : {"From", "To", "Call-ID", "CSeq"}) {
    const auto count = m.count(name);
    if (count != 1) return refuse(400, (count ? "several " : "no ") + std::string(name));
  }
  for (const std::string_view name : {"Max-Forwards", "Content-Type", "Expires", "Refer-To"})
    if (m.count(name) > 1) return refuse(400, "several " + std::string(name));
  // A word may hold '<', '>' and '"' (§25.1): whoever prints a Call-ID into another text escapes
  // it.
  if (m.call_id().empty() || m.call_id().find_first_of(" \t") != std::string_view::npos)
    return refuse(400, "Call-ID is no word");
  if (m.has_bare_tag()) return refuse(400, "a tag without a value");
  return std::nullopt;
}

verdict check_cseq(const message& m) {
  auto method = *m.header("CSeq");
  const auto number = number_in(cut_to(method, ' '), cseq_max);
  if (!number) return refuse(400, "CSeq is no number below 2**31");
  if (m.is_request() && trimmed(method) != m.method_text())
    return refuse(400, "CSeq names another method");
  return std::nullopt;
}

/// The host of a Via, as it will be compared and answered.
bool sound_host(std::string_view host) {
  if (host.empty()) return false;
  if (host.find(':') != std::string_view::npos) return ip_address::parse(host).has_value();
  return host.find_first_of(" \t;/@<>") == std::string_view::npos;
}

/// Whether every quoted string in `text` ends.
bool quotes_close(std::string_view text) {
  for (auto at = text.find('"'); at != std::string_view::npos; at = text.find('"', at + 1)) {
    at = text.find_first_of("\"\\", at + 1);
    while (at < text.size() && text[at] == '\\')
      at = text.find_first_of("\"\\", at + 2);
    if (at == std::string_view::npos) return false;
  }
  return true;
}

verdict check_via(const message& m) {
  if (m.via_count() == 0) return refuse(0, "no Via");
  const auto& via = m.top_via();
  if (!sound_host(via.host)) return refuse(400, "Via without a host");
  // libosip2 is generous with quotes; what is copied into answers must read alike to everybody.
  if (via.branch.find_first_of("\"<>,; \t") != std::string_view::npos || !quotes_close(via.text))
    return refuse(400, "Via branch is no token, or a quote does not end");
  if (via.branch == magic_cookie) return refuse(400, "Via branch with nothing behind its cookie");
  return std::nullopt;
}

/// From and To may name any scheme; what they cannot be is unreadable. A From without tag is that
/// of an RFC 2543 client (§12.1.1). An open quote would swallow the tag that an answer adds.
verdict check_parties(const message& m) {
  if (!quotes_close(m.from_text())) return refuse(400, "From: a quote does not end");
  if (!quotes_close(m.to_text())) return refuse(400, "To: a quote does not end");
  for (const auto* party : {&m.from(), &m.to()}) {
    if (*party || party->error().code == fault_code::unsupported) continue;
    return refuse(400, (party == &m.from() ? "From: " : "To: ") + party->error().detail);
  }
  return std::nullopt;
}

verdict check_target(const message& m) {
  const auto& target = m.request_uri();
  if (!target && target.error().code == fault_code::unsupported)
    return refuse(416, target.error().detail);
  if (!target) return refuse(400, "Request-URI: " + target.error().detail);
  if (!target->headers.empty()) return refuse(400, "Request-URI with headers");  // §19.1.1.
  return std::nullopt;
}

/// Whether the request may open something, so that a loop could multiply it.
bool opens(const message& m) {
  const auto what = m.method();
  return m.to_tag().empty() && what != method::options && what != method::register_
         && what != method::ack && what != method::cancel;
}

verdict check_hops(const message& m) {
  const auto text = m.header("Max-Forwards");
  if (!text) return std::nullopt;  // Mandatory, but RFC 2543 had none; we are its last hop anyway.
  const auto hops = number_in(*text, 255);
  if (!hops) return refuse(400, "Max-Forwards is no number up to 255");
  if (*hops == 0 && opens(m)) return refuse(483, "Max-Forwards used up");
  return std::nullopt;
}

bool known_extension(std::string_view tag) {
  for (auto rest = supported_extensions; !rest.empty();)
    if (same_token(trimmed(cut_to(rest, ',')), tag)) return true;
  return false;
}

verdict check_required(const message& m) {
  if (m.method() == method::ack || m.method() == method::cancel) return std::nullopt;  // §8.2.2.3.
  std::string unknown;
  for (const auto tag : m.list("Require"))
    if (!known_extension(tag)) unknown.append(unknown.empty() ? "" : ", ").append(tag);
  if (unknown.empty()) return std::nullopt;
  return rejection{420, "requires " + unknown, "Unsupported: " + unknown + "\r\n"};
}

verdict check_request(const message& m) {
  if (!same_token(m.version(), "SIP/2.0")) return refuse(505, "another version");
  for (const auto check : {check_cseq, check_parties, check_target, check_hops, check_required})
    if (auto wrong = check(m)) return wrong;
  return std::nullopt;
}

verdict check_response(const message& m) {
  if (!same_token(m.version(), "SIP/2.0")) return refuse(0, "another version");
  if (m.via_count() > 1) return refuse(0, "a response for somebody else");  // §8.1.3.3.
  if (m.status() < 100 || m.status() > 699) return refuse(0, "status out of range");
  if (auto wrong = check_cseq(m)) return wrong;
  return check_parties(m);
}

}  // namespace

std::optional<rejection> validate(const message& m) {
  verdict wrong = check_via(m);
  if (!wrong) wrong = check_mandatory(m);
  if (!wrong) wrong = m.is_request() ? check_request(m) : check_response(m);
  // Neither a response nor an ACK is ever answered (RFC 3261 §18.1.2, §17.1.1.3).
  if (wrong && (!m.is_request() || m.method() == method::ack)) wrong->status = 0;
  return wrong;
}

}  // namespace parkway::sip
