#pragma once

/// The catalogue: one struct a message, grouped by who hears it. What passes between the wings of
/// the house passes here. Values only; sessions are shared and immutable.

#include "kernel/messages/call.hpp"
#include "kernel/messages/events.hpp"
#include "kernel/messages/leg.hpp"
#include "kernel/messages/media.hpp"
#include "kernel/messages/park.hpp"
#include "kernel/messages/registration.hpp"
#include "kernel/messages/watch.hpp"
