#include "sip/dialog/session_timer.hpp"

#include <catch2/catch.hpp>

using namespace parkway::sip;
using namespace std::chrono_literals;

namespace {

session_terms terms(std::optional<std::chrono::seconds> expires, refresher who, bool supported,
                    std::optional<std::chrono::seconds> minimum = {}) {
  return {expires, who, minimum, supported};
}

session_timer answered(const session_terms& asked) {
  session_timer t;
  t.answer(asked);
  return t;
}

}  // namespace

TEST_CASE("as UAS: RFC 4028 table 2", "[session_timer]") {
  const auto neither = answered(terms({}, refresher::unspecified, false));
  CHECK_FALSE(neither.running());
  CHECK(neither.answer_lines().empty());
  CHECK(neither.request_lines().empty());

  const auto willing = answered(terms({}, refresher::unspecified, true));
  CHECK(willing.answer_lines() == "Session-Expires: 1800;refresher=uac\r\nRequire: timer\r\n");
  CHECK_FALSE(willing.we_refresh());

  const auto by_us = answered(terms(600s, refresher::uas, true));
  CHECK(by_us.answer_lines() == "Session-Expires: 600;refresher=uas\r\nRequire: timer\r\n");
  CHECK(by_us.we_refresh());

  // A proxy put the header in: the phone cannot refresh, nor understand Require.
  const auto proxied = answered(terms(600s, refresher::unspecified, false));
  CHECK(proxied.answer_lines() == "Session-Expires: 600;refresher=uas\r\n");
  CHECK(proxied.we_refresh());
}

TEST_CASE("an interval is shortened, but never below what anybody accepts", "[session_timer]") {
  CHECK(answered(terms(7200s, refresher::uac, true)).interval() == 1800s);
  CHECK(answered(terms(7200s, refresher::uac, true, 3600s)).interval() == 3600s);
  CHECK(answered(terms(30s, refresher::uac, false)).interval() == 90s);
  CHECK(session_timer::too_brief(terms(89s, refresher::uac, true)));
  CHECK_FALSE(session_timer::too_brief(terms(90s, refresher::uac, true)));
  CHECK_FALSE(session_timer::too_brief(terms(60s, refresher::uac, false)));
}

TEST_CASE("as UAC the answer decides", "[session_timer]") {
  session_timer t;
  t.learn(terms(600s, refresher::uas, true));
  CHECK(t.interval() == 600s);
  CHECK_FALSE(t.we_refresh());
  CHECK(t.request_lines() == "Session-Expires: 600;refresher=uas\r\nMin-SE: 90\r\n");
  t.learn(terms(600s, refresher::unspecified, true));
  CHECK(t.we_refresh());
  CHECK(t.request_lines() == "Session-Expires: 600;refresher=uac\r\nMin-SE: 90\r\n");
  t.learn(terms(1s, refresher::uac, true));
  CHECK(t.interval() == 90s);
  t.learn(terms({}, refresher::unspecified, true));
  CHECK_FALSE(t.running());
}

TEST_CASE("who refreshes does so halfway, who waits gives up shortly before the end",
          "[session_timer]") {
  session_timer t;
  t.learn(terms(1800s, refresher::uac, true));
  CHECK(t.due_after() == 900s);
  t.learn(terms(1800s, refresher::uas, true));
  CHECK(t.due_after() == 1768s);
  t.learn(terms(90s, refresher::uas, true));
  CHECK(t.due_after() == 60s);
}

TEST_CASE("the first INVITE proposes, and obeys a 422", "[session_timer]") {
  CHECK(session_timer::initial_lines() == "Session-Expires: 1800\r\nMin-SE: 90\r\n");
  CHECK(session_timer::initial_lines(3600s) == "Session-Expires: 3600\r\nMin-SE: 3600\r\n");
}
