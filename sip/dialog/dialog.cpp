#include "sip/dialog/dialog.hpp"

#include <algorithm>

namespace parkway::sip {

namespace {

/// The URI of the only entry of Contact (RFC 3261 §8.1.1.8); empty: none that can be used.
std::string contact_uri(const message& m) {
  auto contacts = m.contacts();
  if (!contacts || contacts->size() != 1) return {};
  auto& contact = contacts->front();
  const auto scheme = contact.address.scheme;
  if (scheme != uri_scheme::sip && scheme != uri_scheme::sips) return {};
  return std::move(contact.address_text);
}

std::vector<std::string> copied(const std::vector<std::string_view>& entries) {
  return {entries.begin(), entries.end()};
}

std::string_view inside_brackets(std::string_view route) {
  const auto open = route.find('<');
  const auto close = route.rfind('>');
  if (open == route.npos || close == route.npos || close < open) return route;
  return route.substr(open + 1, close - open - 1);
}

/// A loose router marks its URI with "lr" (RFC 3261 §19.1.1).
bool is_loose(std::string_view route) {
  const auto parsed = uri::parse(inside_brackets(route));
  return !parsed || parsed->parameter_value("lr") != nullptr;
}

}  // namespace

result<dialog> dialog::from_request(const message& request, std::string tag) {
  const auto hops = request.record_routes();
  if (hops.size() > route_count_max) return fault{fault_code::too_big, "route set"};
  dialog made;
  made.target = contact_uri(request);
  if (made.target.empty()) return fault{fault_code::malformed, "Contact"};
  made.call_id = request.call_id();
  made.local = request.to_text();
  made.local.append(";tag=").append(tag);
  made.local_tag = std::move(tag);
  made.remote = request.from_text();
  made.remote_tag = request.from_tag();
  made.remote_sequence = request.cseq();
  made.routes = copied(hops);
  return made;
}

bool dialog::complete(const message& response) {
  auto hops = response.record_routes();
  if (hops.size() > route_count_max) return false;
  refresh_target(response);
  remote = response.to_text();
  remote_tag = response.to_tag();
  std::reverse(hops.begin(), hops.end());
  routes = copied(hops);
  return true;
}

void dialog::refresh_target(const message& m) {
  if (auto contact = contact_uri(m); !contact.empty()) target = std::move(contact);
}

bool dialog::accept_sequence(std::uint32_t cseq) {
  if (remote_sequence != 0 && cseq <= remote_sequence) return false;
  remote_sequence = cseq;
  return true;
}

dialog_route dialog::route() const {
  if (routes.empty() || is_loose(routes.front())) return {target, routes, {}};
  dialog_route strict;
  strict.request_uri = inside_brackets(routes.front());
  strict.rearranged.assign(routes.begin() + 1, routes.end());
  strict.rearranged.push_back("<" + target + ">");
  strict.routes = strict.rearranged;
  return strict;
}

}  // namespace parkway::sip
