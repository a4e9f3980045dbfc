#pragma once

#include "kernel/values/party.hpp"
#include "sip/message/message.hpp"

namespace parkway::sip {

/// Where the response to a request goes that came from there (RFC 3261 §18.2.2, RFC 3581 §4): over
/// UDP and without rport to the port that Via names, where Via names the host it comes from.
/// Another host in Via is a phone behind NAT: back to the source.
flow response_route(const message& request, const flow& from);

/// Where later requests go to the phone that sent this one: as the response, but to the port of its
/// Contact where that names the host it comes from and no rport was asked for.
flow way_back(const message& request, const uri& contact, const flow& from);
/// The same with the request's first Contact; without one, as the response.
flow way_back(const message& request, const flow& from);

}  // namespace parkway::sip
