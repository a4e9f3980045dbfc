#pragma once

#include "kernel/messages/park.hpp"
#include "kernel/values/party.hpp"

namespace parkway {

/// Who is shown to whom when a call is parked, taken back or moved: the one table of it.
///
///   moment                    | who sees it         | sees                         | in
///   --------------------------+---------------------+------------------------------+------------
///   park by a call, confirmed | parker              | "Parked at N", number N      | the answer
///   retrieve is answered      | retriever           | the parked party             | the answer
///   retrieve is answered      | parked party        | the retriever                | an update
///   recall rings              | parker, group, number | "Recall: NAME", its number | the call
///   failed park rings back    | parker              | "Park failed: NAME", same    | the call
///   final rings               | number in `final`   | the parked party             | the call
///   recall, final answered    | parked party        | who answered                 | an update
///   transfer, target rings    | target              | the transferred party        | the call
///   transfer, target was up   | target              | the transferred party        | an update
///   transfer is done          | transferred party   | the target                   | an update
///
/// The parked party is the same person however often it is parked again, and whoever called whom.
/// One that withheld its name and number is "Anonymous" in every row. An update reaches phones
/// that allow it. In which headers: config/doc/identity.md.

/// The name that stands for a party: its name, else its number.
std::string shown_name(const party& who);

/// The parked party as the retriever sees it.
party seen_by_retriever(const party& parked);

/// The parked party as a recalled phone sees it.
party seen_in_recall(const park_terms& terms);

/// The parked party as the number in `final` sees it.
party seen_at_the_end(const park_terms& terms);

/// What the parker sees while its confirmation stands: the place.
party seen_by_parker(const number& place);

}  // namespace parkway
