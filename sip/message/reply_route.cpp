#include "sip/message/reply_route.hpp"

namespace parkway::sip {

namespace {

constexpr std::uint16_t sip_port = 5060;

/// The phone says by Via that it can be reached where it comes from, at a port of its choice.
bool names_itself(const message& request, const flow& from) {
  const auto& via = request.top_via();
  return from.kind == transport_kind::udp && !via.rport_asked
         && ip_address::parse(via.host) == from.remote.address;
}

flow at_port(flow to, std::uint16_t port) {
  to.remote.port = port ? port : sip_port;
  return to;
}

}  // namespace

flow response_route(const message& request, const flow& from) {
  return names_itself(request, from) ? at_port(from, request.top_via().port) : from;
}

flow way_back(const message& request, const uri& contact, const flow& from) {
  if (!names_itself(request, from)) return from;
  if (ip_address::parse(contact.host) != from.remote.address) return response_route(request, from);
  return at_port(from, contact.port);
}

flow way_back(const message& request, const flow& from) {
  if (!names_itself(request, from)) return from;
  const auto contacts = request.contacts();
  if (!contacts || contacts->empty()) return response_route(request, from);
  return way_back(request, contacts->front().address, from);
}

}  // namespace parkway::sip
