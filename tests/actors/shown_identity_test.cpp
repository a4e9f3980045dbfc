#include "actors/park/shown_identity.hpp"

#include <catch2/catch.hpp>

using namespace parkway;

namespace {

park_terms parked_by_james(party parked) {
  park_terms t;
  t.place = number{"104"};
  t.parker = {"James", number{"103"}, false};
  t.parked = std::move(parked);
  return t;
}

const party known{"user106", number{"106"}, false};
const party nameless{"", number{"0049301234"}, false};
const party withheld{"Secret", number{"0170555"}, true};

}  // namespace

TEST_CASE("the name of a party is its name, else its number, else nothing", "[identity]") {
  CHECK(shown_name(known) == "user106");
  CHECK(shown_name(nameless) == "0049301234");
  CHECK(shown_name(withheld) == "Anonymous");
  CHECK(shown_name({}) == "");
}

TEST_CASE("the retriever sees the parked party", "[identity]") {
  CHECK(seen_by_retriever(known) == known);
  CHECK(seen_by_retriever(nameless) == nameless);
  CHECK(seen_by_retriever(withheld).withheld);
}

TEST_CASE("a recall shows its label, the name, and the number to call back", "[identity]") {
  CHECK(seen_in_recall(parked_by_james(known)) == party{"Recall: user106", number{"106"}, false});
  CHECK(seen_in_recall(parked_by_james(nameless))
        == party{"Recall: 0049301234", number{"0049301234"}, false});
}

TEST_CASE("a failed park is told by its own label", "[identity]") {
  auto terms = parked_by_james(known);
  terms.failed = "Park failed";
  CHECK(seen_in_recall(terms) == party{"Park failed: user106", number{"106"}, false});
}

TEST_CASE("who withheld name and number is anonymous in a recall, and the label is still seen",
          "[identity]") {
  const auto shown = seen_in_recall(parked_by_james(withheld));
  CHECK(shown.name == "Recall: Anonymous");
  CHECK(shown.extension.text.find("0170555") == std::string::npos);
  CHECK(shown.name.find("Secret") == std::string::npos);
  // sip/ drops the name of a withheld party, and the label with it.
  CHECK_FALSE(shown.withheld);
}

TEST_CASE("the number in final sees the parked party without a label", "[identity]") {
  CHECK(seen_at_the_end(parked_by_james(known)) == known);
  CHECK(seen_at_the_end(parked_by_james(withheld)).withheld);
}

TEST_CASE("the parker sees the place while its confirmation stands", "[identity]") {
  CHECK(seen_by_parker(number{"104"}) == party{"Parked at 104", number{"104"}, false});
}
