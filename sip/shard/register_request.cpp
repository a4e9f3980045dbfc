#include "sip/shard/register_request.hpp"

#include "sip/message/reply_route.hpp"

#include <algorithm>
#include <cmath>

namespace parkway::sip {

namespace {

using bounds = register_bounds;
using std::chrono::seconds;

rejection refuse(std::uint16_t status, std::string why) {
  return {status, std::move(why), {}};
}

/// What an Expires text asks for; values that make no sense mean the default (RFC 3261 §10.2.1.1).
seconds expires_in(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos)
    return bounds::expires_default;
  // More digits than a number holds are a long time.
  return seconds(number_in(text, UINT32_MAX).value_or(UINT32_MAX));
}

/// qvalue: 0, 0.5, 1.000 (RFC 3261 §25.1). Anything else is no preference.
float preference_in(const std::string* text) {
  if (!text) return 1.0F;
  std::string_view rest = *text;
  const auto whole = number_in(cut_to(rest, '.'), 1);
  const auto thousandths = [&]() -> std::optional<std::uint64_t> {
    if (rest.empty()) return 0;
    if (rest.size() > 3) return std::nullopt;
    const auto digits = number_in(rest, 999);
    if (!digits) return std::nullopt;
    return *digits * (rest.size() == 1 ? 100 : rest.size() == 2 ? 10 : 1);
  }();
  if (!whole || !thousandths) return 1.0F;
  return std::min(1.0F, static_cast<float>(*whole * 1000 + *thousandths) / 1000.0F);
}

/// One Contact as a change. `header`: what Expires says for all.
std::variant<contact_change, rejection> read_contact(const name_addr& entry, seconds header) {
  if (entry.address.scheme == uri_scheme::tel) return refuse(416, "Contact is no SIP URI");
  contact_change out;
  const auto* own = entry.parameter_value("expires");
  out.expires = own ? expires_in(*own) : header;
  if (out.expires > seconds(0) && out.expires < bounds::expires_min)
    return rejection{423, "Expires too small",
                     "Min-Expires: " + std::to_string(bounds::expires_min.count()) + "\r\n"};
  out.expires = std::min(out.expires, bounds::expires_max);
  out.contact.uri = entry.address_text;
  out.contact.key = entry.address.key();
  if (const auto* id = entry.parameter_value("reg-id"))
    out.contact.reg_id = static_cast<std::uint32_t>(number_in(*id, UINT32_MAX).value_or(0));
  out.contact.preference = preference_in(entry.parameter_value("q"));
  const auto* instance = entry.parameter_value("+sip.instance");
  if (instance) out.contact.phone.instance = lower(*instance);
  out.contact.phone.contact = entry.address.user_host_port();
  return out;
}

/// What the phone is told by. `alone`: it registers no other contact, so that an instance without
/// reg-id means this one.
void write_key(binding& contact, const std::string& host, const flow& via, bool alone) {
  const auto& instance = contact.phone.instance;
  if (!instance.empty() && (contact.reg_id != 0 || alone)) {
    contact.key = instance + ";" + std::to_string(contact.reg_id);
    return;
  }
  if (!contact.path.empty()) {
    contact.key.append(" by ").append(contact.path.front());
  } else if (const auto literal = ip_address::parse(host); literal != via.remote.address) {
    contact.key.append(" at ").append(via.remote.address.text());
  }
}

/// Contact: * removes all, alone and with Expires: 0 (RFC 3261 §10.2.2, §10.3 step 6).
std::variant<registration_wish, rejection> read_star(const message& request, std::size_t count) {
  if (count != 1) return refuse(400, "Contact: * beside others");
  if (request.header("Expires") != "0") return refuse(400, "Contact: * without Expires: 0");
  registration_wish out;
  out.remove_all = true;
  return out;
}

std::optional<std::vector<std::string>> read_path(const message& request) {
  std::vector<std::string> out;
  for (const auto entry : request.list("Path")) {
    if (out.size() == bounds::path_count_max || !name_addr::parse(entry)) return std::nullopt;
    out.emplace_back(entry);
  }
  return out;
}

}  // namespace

std::variant<registration_wish, rejection> read_register(const message& request, const flow& via) {
  const auto texts = request.contact_texts();
  if (std::find(texts.begin(), texts.end(), "*") != texts.end())
    return read_star(request, texts.size());
  if (texts.size() > bounds::contact_count_max) return refuse(403, "too many contacts");
  for (const auto text : texts)  // §20.10: such a URI must stand in brackets.
    if (text.find('?') < text.find('<'))
      return refuse(400, "Contact with headers, not in brackets");
  const auto entries = request.contacts();
  if (!entries) return refuse(400, "Contact: " + entries.error().detail);
  const auto path = read_path(request);
  if (!path) return refuse(400, "Path is not readable, or too long");
  const auto header = request.header("Expires");
  const auto expires = header ? expires_in(*header) : bounds::expires_default;
  registration_wish out;
  out.changes.reserve(entries->size());
  for (const auto& entry : *entries) {
    auto change = read_contact(entry, expires);
    if (auto* wrong = std::get_if<rejection>(&change)) return std::move(*wrong);
    auto& contact = std::get<contact_change>(change).contact;
    contact.path = *path;
    contact.via = way_back(request, entry.address, via);
    write_key(contact, entry.address.host, via, entries->size() == 1);
    contact.phone.source = via.remote;
    contact.call_id = request.call_id();
    contact.sequence = request.cseq();
    contact.user_agent = request.header("User-Agent").value_or(std::string_view());
    out.changes.push_back(std::get<contact_change>(std::move(change)));
  }
  return out;
}

std::string contact_lines(std::span<const binding> bindings,
                          std::chrono::steady_clock::time_point now) {
  std::string out;
  out.reserve(bindings.size() * 96);
  for (const auto& b : bindings) {
    const auto left = std::chrono::ceil<seconds>(b.expires_at - now).count();
    if (left <= 0) continue;
    out.append("Contact: <").append(b.uri).append(">;expires=");
    append_number(out, static_cast<std::uint64_t>(left));
    if (const auto thousandths = std::lround(b.preference * 1000.0F); thousandths < 1000) {
      const auto digits = std::to_string(1000 + thousandths);
      out.append(";q=0.").append(digits, 1, 3);
    }
    if (!b.phone.instance.empty())  // RFC 5626 §4.1
      out.append(";+sip.instance=").append(quoted(b.phone.instance));
    if (b.reg_id != 0) {
      out += ";reg-id=";
      append_number(out, b.reg_id);
    }
    out += "\r\n";
  }
  return out;
}

}  // namespace parkway::sip
