#pragma once

#include "kernel/messages/park.hpp"
#include "kernel/party.hpp"

namespace parkway {

/// Who is shown to whom when a call is parked, taken back or moved: the one table of it.
///
///   moment                       | who sees it         | sees
///   -----------------------------+---------------------+------------------------------------------
///   park by INVITE is confirmed  | parker              | "Parked at N", number N
///   retrieve is answered         | retriever           | the parked party, in the 200 itself
///   retrieve is answered         | parked party        | the retriever (UPDATE, where allowed)
///   recall rings                 | parker              | "Recall: NAME", number of the parked
///   party park failed, parker had gone | parker              | "Park failed: NAME", same number
///   recall or final to a number  | who is rung there   | "Recall: NAME" (recall), NAME (final)
///   recall is answered           | parked party        | who answered (UPDATE, where allowed)
///   transfer, target rings       | target              | the transferred party
///   transfer is done             | transferred party   | the target (UPDATE, where allowed)
///
/// A party that withheld its name and number is "Anonymous" to everybody, whoever called whom.

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
