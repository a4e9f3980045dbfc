#include "actors/park/shown_identity.hpp"

namespace parkway {
namespace {

party labelled(const std::string& label, const party& who) {
  // The label must be seen even where the name and the number must not.
  if (who.withheld) return {label + ": " + shown_name(who), number{"anonymous"}, false};
  return {label + ": " + shown_name(who), who.extension, false};
}

}  // namespace

std::string shown_name(const party& who) {
  if (who.withheld) return "Anonymous";
  return who.name.empty() ? who.extension.text : who.name;
}

party seen_by_retriever(const party& parked) {
  return parked;
}

party seen_in_recall(const park_terms& terms) {
  return labelled(terms.failed.empty() ? "Recall" : terms.failed, terms.parked);
}

party seen_at_the_end(const park_terms& terms) {
  return terms.parked;
}

party seen_by_parker(const number& place) {
  return {"Parked at " + place.text, place, false};
}

}  // namespace parkway
