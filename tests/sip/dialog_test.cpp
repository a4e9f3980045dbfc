#include "sip/dialog/dialog.hpp"

#include "sip/dialog/refer_reports.hpp"
#include "sip/message/ids.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace parkway;
using namespace parkway::sip;

namespace {

message parsed(const std::string& start_line, const std::string& lines) {
  init_osip();
  auto m = message::parse(start_line + "\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\n"
                          "From: \"J\" <sip:103@pbx.test>;tag=theirs\r\nTo: <sip:104@pbx.test>"
                          + (start_line.starts_with("SIP") ? ";tag=answer" : "")
                          + "\r\nCall-ID: c\r\nCSeq: 7 INVITE\r\n" + lines + "\r\n");
  REQUIRE(m);
  return *std::move(m);
}

dialog from_invite(const std::string& lines) {
  auto made = dialog::from_request(parsed("INVITE sip:104@pbx.test SIP/2.0", lines), "ours");
  REQUIRE(made);
  return *std::move(made);
}

}  // namespace

TEST_CASE("an INVITE makes the dialog of its answer", "[dialog]") {
  auto d =
    from_invite("Contact: <sip:103@192.0.2.103>\r\nRecord-Route: <sip:a;lr>, <sip:b;lr>\r\n");
  CHECK(d.local == "<sip:104@pbx.test>;tag=ours");
  CHECK(d.remote == "\"J\" <sip:103@pbx.test>;tag=theirs");
  CHECK(d.matches("c", "ours", "theirs"));
  CHECK_FALSE(d.matches("c", "ours", "else"));
  const auto route = d.route();
  CHECK(route.request_uri == "sip:103@192.0.2.103");
  CHECK(std::vector<std::string>(route.routes.begin(), route.routes.end())
        == std::vector<std::string>{"<sip:a;lr>", "<sip:b;lr>"});
}

TEST_CASE("an INVITE without one usable Contact makes none", "[dialog]") {
  for (const std::string lines :
       {"", "Contact: *\r\n", "Contact: <tel:103>\r\n", "Contact: <sip:a@b>, <sip:c@d>\r\n"}) {
    INFO(lines);
    const auto made = dialog::from_request(parsed("INVITE sip:104@pbx.test SIP/2.0", lines), "t");
    REQUIRE_FALSE(made);
    CHECK(made.error().code == fault_code::malformed);
  }
}

TEST_CASE("a longer route set than any network has is refused", "[dialog]") {
  std::string lines = "Contact: <sip:103@h>\r\n";
  for (int i = 0; i < 17; ++i)
    lines += "Record-Route: <sip:h" + std::to_string(i) + ";lr>\r\n";
  const auto made = dialog::from_request(parsed("INVITE sip:104@pbx.test SIP/2.0", lines), "t");
  REQUIRE_FALSE(made);
  CHECK(made.error().code == fault_code::too_big);
}

TEST_CASE("an answer turns the route set around", "[dialog]") {
  dialog d;
  d.target = "sip:104@registered";
  REQUIRE(d.complete(parsed("SIP/2.0 200 OK",
                            "Contact: <sip:104@192.0.2.104:5070>\r\n"
                            "Record-Route: <sip:near;lr>\r\n"
                            "Record-Route: <sip:far;lr>\r\n")));
  CHECK(d.remote_tag == "answer");
  CHECK(d.target == "sip:104@192.0.2.104:5070");
  CHECK(d.routes == std::vector<std::string>{"<sip:far;lr>", "<sip:near;lr>"});
  REQUIRE(d.complete(parsed("SIP/2.0 200 OK", "")));
  CHECK(d.target == "sip:104@192.0.2.104:5070");
}

TEST_CASE("a strict router gets its own URI as Request-URI", "[dialog]") {
  const auto d =
    from_invite("Contact: <sip:103@phone>\r\nRecord-Route: <sip:strict>, <sip:b;lr>\r\n");
  const auto route = d.route();
  CHECK(route.request_uri == "sip:strict");
  CHECK(std::vector<std::string>(route.routes.begin(), route.routes.end())
        == std::vector<std::string>{"<sip:b;lr>", "<sip:103@phone>"});
}

TEST_CASE("sequence numbers only grow", "[dialog]") {
  auto d = from_invite("Contact: <sip:103@h>\r\n");
  CHECK_FALSE(d.accept_sequence(6));
  CHECK_FALSE(d.accept_sequence(7));
  CHECK(d.accept_sequence(8));
  CHECK(d.accept_sequence(100));
  CHECK_FALSE(d.accept_sequence(99));
}

TEST_CASE("tags and branches say which shard made them", "[ids]") {
  id_source ids{0xAB, 1};
  CHECK(ids.shard_of_branch(ids.branch()) == 0xAB);
  const auto origin = id_source::read_tag(ids.leg_tag(0x123456789));
  REQUIRE(origin);
  CHECK(origin->shard == 0xAB);
  CHECK(origin->serial == 0x123456789);
  CHECK(id_source::read_tag(ids.stateless_tag("c", "f", "b"))->serial == 0);
  for (const auto* strange : {"", "-", "00ab", "00ab-", "xyz1-00000000", "as7d8f7a-sd87f", "12345"})
    CHECK_FALSE(id_source::read_tag(strange));
  CHECK_FALSE(ids.shard_of_branch("z9hG4bKnobody"));
}

TEST_CASE("a tag or branch that no shard of ours has made is known for what it is", "[ids]") {
  id_source here{0, 1, 5}, there{1, 2, 5}, stranger{1, 2, 6};
  const auto tag = there.leg_tag(7);
  const auto branch = there.branch();
  REQUIRE(here.origin_of(tag));
  CHECK(here.origin_of(tag)->shard == 1);
  CHECK(here.shard_of_branch(branch) == 1);
  CHECK_FALSE(here.origin_of(stranger.leg_tag(7)));
  CHECK_FALSE(here.shard_of_branch(stranger.branch()));
  CHECK_FALSE(here.origin_of(here.stateless_tag("c", "f", "b")));
  for (std::size_t i = 0; i < tag.size(); ++i) {
    auto altered = tag;
    altered[i] = altered[i] == '1' ? '2' : '1';
    CHECK_FALSE(here.origin_of(altered));
  }
  for (std::size_t i = 0; i < branch.size(); ++i) {
    auto altered = branch;
    altered[i] = altered[i] == '1' ? '2' : '1';
    CHECK_FALSE(here.shard_of_branch(altered));
  }
  for (const auto* made_up : {"", "-", "00001-12345678", "000015-1234567812345678", "12345678"})
    CHECK_FALSE(here.origin_of(made_up));
  CHECK(
    here.may_hold_branch("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=" + branch + ";rport\r\n"));
  CHECK_FALSE(here.may_hold_branch("Via: SIP/2.0/UDP h;branch=" + stranger.branch() + "\r\n"));
  CHECK_FALSE(here.may_hold_branch("Via: SIP/2.0/UDP h;branch=z9hG4bK"));
}

TEST_CASE("words are not given twice; an answer that keeps nothing has one tag a request",
          "[ids]") {
  id_source ids{1, 0};
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    CHECK(seen.insert(ids.branch()).second);
    CHECK(seen.insert(ids.call_id()).second);
    CHECK(seen.insert(ids.leg_tag(7)).second);
    CHECK(ids.below(10) < 10);
  }
  CHECK(ids.stateless_tag("c", "f", "b") == ids.stateless_tag("c", "f", "b"));
  CHECK(ids.stateless_tag("c", "f", "b") != ids.stateless_tag("c", "f", "b2"));
  CHECK(ids.stateless_tag("c", "f", "b") != id_source(1, 0).stateless_tag("c", "f", "b"));
}

TEST_CASE("of reports that wait only the latest of a transfer is sent, the final one last",
          "[transfers]") {
  transfer_reports reports;
  REQUIRE(reports.open(1, false));
  reports.add(1, 100, false);
  CHECK(reports.next()->status == 100);
  reports.add(1, 180, false);
  reports.add(1, 183, false);
  CHECK_FALSE(reports.next());
  reports.add(1, 200, true);
  reports.add(1, 180, false);
  CHECK(reports.answered(false).empty());
  const auto last = reports.next();
  REQUIRE(last);
  CHECK(last->status == 200);
  CHECK(reports.answered(false) == std::vector<transfer_id>{1});
  CHECK_FALSE(reports.next());
}

TEST_CASE("a phone that refuses a report hears no more of that transfer", "[transfers]") {
  transfer_reports reports;
  REQUIRE(reports.open(1, false));
  reports.add(1, 100, false);
  reports.next();
  CHECK(reports.answered(true).empty());
  CHECK(reports.add(1, 200, true));
  CHECK_FALSE(reports.next());
}

TEST_CASE("a call that ends before its transfers leaves each its last report", "[transfers]") {
  transfer_reports reports;
  REQUIRE(reports.open(1, false));
  REQUIRE(reports.open(2, false));
  REQUIRE(reports.open(3, true));
  reports.add(1, 100, false);
  reports.next();
  reports.add(1, 200, true);
  const auto last = reports.last_words(487);
  REQUIRE(last.size() == 2);
  CHECK(last[0].id == 1);
  CHECK(last[0].status == 200);
  CHECK(last[1].id == 2);
  CHECK(last[1].status == 487);
  CHECK((last[0].final && last[1].final));
  CHECK(reports.last_words(487).empty());
  CHECK(reports.answered(false).empty());
}
