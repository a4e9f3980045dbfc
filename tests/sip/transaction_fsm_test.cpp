#include "sip/transaction/transaction_fsm.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace parkway::sip;
using namespace std::chrono_literals;

namespace {

using state = transaction_state;
using input = transaction_input;
using kind = transaction_kind;

constexpr unsigned state_count = static_cast<unsigned>(state::terminated) + 1;
constexpr unsigned input_count = static_cast<unsigned>(input::timer_m) + 1;

/// One line of a machine's table: in this state, at this input, it goes there and does that.
struct line {
  state in;
  input at;
  state next;
  std::string does;
};

std::string said(const transaction_action& a) {
  constexpr std::string_view letters = "ABDEFGHIJKLM";
  const std::string timer{letters[static_cast<unsigned>(a.timer)]};
  switch (a.deed) {
    case transaction_deed::send_request:
      return "request";
    case transaction_deed::send_response:
      return "response";
    case transaction_deed::send_ack:
      return "ack";
    case transaction_deed::deliver:
      return "deliver";
    case transaction_deed::set_timer:
      return timer + "=" + std::to_string(a.after.count());
    case transaction_deed::cancel_timer:
      return "-" + timer;
    case transaction_deed::report_timeout:
      return "timeout";
    case transaction_deed::report_transport_error:
      return "error";
    case transaction_deed::terminate:
      return "end";
  }
  return "?";
}

std::string said(const transaction_actions& actions) {
  std::string out;
  for (const auto& a : actions)
    out += (out.empty() ? "" : " ") + said(a);
  return out;
}

/// Every state at every input: what the table lists happens, and else nothing at all.
void check(kind which, bool reliable, const std::vector<line>& table) {
  for (unsigned s = 0; s < state_count; ++s) {
    for (unsigned i = 0; i < input_count; ++i) {
      const transaction_machine before{which, static_cast<state>(s), reliable, 500ms};
      line expected{before.state, static_cast<input>(i), before.state, ""};
      for (const line& l : table)
        if (l.in == before.state && l.at == expected.at) expected = l;
      const auto step = advance(before, expected.at);
      INFO("state " << s << ", input " << i << ", reliable " << reliable);
      CHECK(said(step.actions) == expected.does);
      CHECK(step.next.state == expected.next);
      CHECK(step.next.kind == which);
      CHECK(step.next.reliable == reliable);
    }
  }
}

/// Lets a timer fire again and again: the intervals it asks for.
std::string intervals(transaction_machine m, input timer, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) {
    const auto step = advance(m, timer);
    m = step.next;
    out += said(step.actions) + " ";
  }
  return out;
}

}  // namespace

TEST_CASE("an INVITE client follows RFC 6026 figure 5 over UDP", "[transaction]") {
  check(kind::invite_client, false,
        {{state::initial, input::start, state::calling, "request A=500 B=32000"},
         {state::calling, input::timer_a, state::calling, "request A=1000"},
         {state::calling, input::timer_b, state::terminated, "timeout end"},
         {state::calling, input::transport_error, state::terminated, "error end"},
         {state::calling, input::provisional, state::proceeding, "-A -B deliver"},
         {state::calling, input::success, state::accepted, "-A -B deliver M=32000"},
         {state::calling, input::failure, state::completed, "-A -B ack deliver D=32000"},
         {state::proceeding, input::provisional, state::proceeding, "deliver"},
         {state::proceeding, input::success, state::accepted, "deliver M=32000"},
         {state::proceeding, input::failure, state::completed, "ack deliver D=32000"},
         {state::completed, input::failure, state::completed, "ack"},
         {state::completed, input::transport_error, state::terminated, "error end"},
         {state::completed, input::timer_d, state::terminated, "end"},
         {state::accepted, input::success, state::accepted, "deliver"},
         {state::accepted, input::timer_m, state::terminated, "end"}});
}

TEST_CASE("an INVITE client over TCP repeats nothing and waits for no stragglers but 2xx",
          "[transaction]") {
  check(kind::invite_client, true,
        {{state::initial, input::start, state::calling, "request B=32000"},
         {state::calling, input::timer_b, state::terminated, "timeout end"},
         {state::calling, input::transport_error, state::terminated, "error end"},
         {state::calling, input::provisional, state::proceeding, "-B deliver"},
         {state::calling, input::success, state::accepted, "-B deliver M=32000"},
         {state::calling, input::failure, state::terminated, "-B ack deliver end"},
         // Timer A is never set there; were it to fire, the table would still be the figure's.
         {state::calling, input::timer_a, state::calling, "request"},
         {state::proceeding, input::provisional, state::proceeding, "deliver"},
         {state::proceeding, input::success, state::accepted, "deliver M=32000"},
         {state::proceeding, input::failure, state::terminated, "ack deliver end"},
         {state::completed, input::failure, state::completed, "ack"},
         {state::completed, input::transport_error, state::terminated, "error end"},
         {state::completed, input::timer_d, state::terminated, "end"},
         {state::accepted, input::success, state::accepted, "deliver"},
         {state::accepted, input::timer_m, state::terminated, "end"}});
}

TEST_CASE("a non-INVITE client follows RFC 3261 figure 6 over UDP", "[transaction]") {
  check(kind::non_invite_client, false,
        {{state::initial, input::start, state::trying, "request E=500 F=32000"},
         {state::trying, input::timer_e, state::trying, "request E=1000"},
         {state::trying, input::timer_f, state::terminated, "timeout end"},
         {state::trying, input::transport_error, state::terminated, "error end"},
         {state::trying, input::provisional, state::proceeding, "deliver"},
         {state::trying, input::success, state::completed, "-E -F deliver K=5000"},
         {state::trying, input::failure, state::completed, "-E -F deliver K=5000"},
         {state::proceeding, input::timer_e, state::proceeding, "request E=4000"},
         {state::proceeding, input::timer_f, state::terminated, "timeout end"},
         {state::proceeding, input::transport_error, state::terminated, "error end"},
         {state::proceeding, input::provisional, state::proceeding, "deliver"},
         {state::proceeding, input::success, state::completed, "-E -F deliver K=5000"},
         {state::proceeding, input::failure, state::completed, "-E -F deliver K=5000"},
         {state::completed, input::timer_k, state::terminated, "end"}});
}

TEST_CASE("a non-INVITE client over TCP ends with its final response", "[transaction]") {
  check(kind::non_invite_client, true,
        {{state::initial, input::start, state::trying, "request F=32000"},
         {state::trying, input::timer_e, state::trying, "request"},
         {state::trying, input::timer_f, state::terminated, "timeout end"},
         {state::trying, input::transport_error, state::terminated, "error end"},
         {state::trying, input::provisional, state::proceeding, "deliver"},
         {state::trying, input::success, state::terminated, "-F deliver end"},
         {state::trying, input::failure, state::terminated, "-F deliver end"},
         {state::proceeding, input::timer_e, state::proceeding, "request"},
         {state::proceeding, input::timer_f, state::terminated, "timeout end"},
         {state::proceeding, input::transport_error, state::terminated, "error end"},
         {state::proceeding, input::provisional, state::proceeding, "deliver"},
         {state::proceeding, input::success, state::terminated, "-F deliver end"},
         {state::proceeding, input::failure, state::terminated, "-F deliver end"},
         {state::completed, input::timer_k, state::terminated, "end"}});
}

TEST_CASE("an INVITE server follows RFC 6026 figure 7 over UDP", "[transaction]") {
  check(kind::invite_server, false,
        {{state::initial, input::start, state::proceeding, "deliver"},
         {state::proceeding, input::request, state::proceeding, "response"},
         {state::proceeding, input::provisional, state::proceeding, "response"},
         {state::proceeding, input::success, state::accepted, "response L=32000"},
         {state::proceeding, input::failure, state::completed, "response G=500 H=32000"},
         {state::proceeding, input::transport_error, state::proceeding, "error"},
         {state::completed, input::request, state::completed, "response"},
         {state::completed, input::timer_g, state::completed, "response G=1000"},
         {state::completed, input::timer_h, state::terminated, "timeout end"},
         {state::completed, input::ack, state::confirmed, "-G -H I=5000"},
         {state::completed, input::transport_error, state::completed, "error"},
         {state::confirmed, input::timer_i, state::terminated, "end"},
         {state::accepted, input::ack, state::accepted, "deliver"},
         {state::accepted, input::success, state::accepted, "response"},
         {state::accepted, input::timer_l, state::terminated, "end"},
         {state::accepted, input::transport_error, state::accepted, "error"}});
}

TEST_CASE("an INVITE server over TCP waits for the ACK and not for its repetitions",
          "[transaction]") {
  check(kind::invite_server, true,
        {{state::initial, input::start, state::proceeding, "deliver"},
         {state::proceeding, input::request, state::proceeding, "response"},
         {state::proceeding, input::provisional, state::proceeding, "response"},
         {state::proceeding, input::success, state::accepted, "response L=32000"},
         {state::proceeding, input::failure, state::completed, "response H=32000"},
         {state::proceeding, input::transport_error, state::proceeding, "error"},
         {state::completed, input::request, state::completed, "response"},
         {state::completed, input::timer_g, state::completed, "response"},
         {state::completed, input::timer_h, state::terminated, "timeout end"},
         {state::completed, input::ack, state::terminated, "-H end"},
         {state::completed, input::transport_error, state::completed, "error"},
         {state::confirmed, input::timer_i, state::terminated, "end"},
         {state::accepted, input::ack, state::accepted, "deliver"},
         {state::accepted, input::success, state::accepted, "response"},
         {state::accepted, input::timer_l, state::terminated, "end"},
         {state::accepted, input::transport_error, state::accepted, "error"}});
}

TEST_CASE("a non-INVITE server follows RFC 3261 figure 8 over UDP", "[transaction]") {
  check(kind::non_invite_server, false,
        {{state::initial, input::start, state::trying, "deliver"},
         {state::trying, input::provisional, state::proceeding, "response"},
         {state::trying, input::success, state::completed, "response J=32000"},
         {state::trying, input::failure, state::completed, "response J=32000"},
         {state::proceeding, input::request, state::proceeding, "response"},
         {state::proceeding, input::provisional, state::proceeding, "response"},
         {state::proceeding, input::success, state::completed, "response J=32000"},
         {state::proceeding, input::failure, state::completed, "response J=32000"},
         {state::proceeding, input::transport_error, state::terminated, "error end"},
         {state::completed, input::request, state::completed, "response"},
         {state::completed, input::timer_j, state::terminated, "end"},
         {state::completed, input::transport_error, state::terminated, "error end"}});
}

TEST_CASE("a non-INVITE server over TCP ends with its final response", "[transaction]") {
  check(kind::non_invite_server, true,
        {{state::initial, input::start, state::trying, "deliver"},
         {state::trying, input::provisional, state::proceeding, "response"},
         {state::trying, input::success, state::terminated, "response end"},
         {state::trying, input::failure, state::terminated, "response end"},
         {state::proceeding, input::request, state::proceeding, "response"},
         {state::proceeding, input::provisional, state::proceeding, "response"},
         {state::proceeding, input::success, state::terminated, "response end"},
         {state::proceeding, input::failure, state::terminated, "response end"},
         {state::proceeding, input::transport_error, state::terminated, "error end"},
         {state::completed, input::request, state::completed, "response"},
         {state::completed, input::timer_j, state::terminated, "end"},
         {state::completed, input::transport_error, state::terminated, "error end"}});
}

TEST_CASE("timer A doubles without a bound", "[transaction]") {
  const auto m = advance({kind::invite_client, state::initial, false, {}}, input::start).next;
  CHECK(intervals(m, input::timer_a, 6)
        == "request A=1000 request A=2000 request A=4000 request A=8000 request A=16000 "
           "request A=32000 ");
}

TEST_CASE("timer E doubles up to T2, and stays there once a provisional came", "[transaction]") {
  const auto m = advance({kind::non_invite_client, state::initial, false, {}}, input::start).next;
  CHECK(intervals(m, input::timer_e, 5)
        == "request E=1000 request E=2000 request E=4000 request E=4000 request E=4000 ");
  CHECK(intervals(advance(m, input::provisional).next, input::timer_e, 2)
        == "request E=4000 request E=4000 ");
}

TEST_CASE("timer G doubles up to T2", "[transaction]") {
  auto m = advance({kind::invite_server, state::initial, false, {}}, input::start).next;
  m = advance(m, input::failure).next;
  CHECK(intervals(m, input::timer_g, 5)
        == "response G=1000 response G=2000 response G=4000 response G=4000 response G=4000 ");
}

TEST_CASE("a status is the input RFC 3261 says it is", "[transaction]") {
  CHECK(response_input(100) == input::provisional);
  CHECK(response_input(199) == input::provisional);
  CHECK(response_input(200) == input::success);
  CHECK(response_input(299) == input::success);
  CHECK(response_input(300) == input::failure);
  CHECK(response_input(699) == input::failure);
  CHECK(fired(transaction_timer::a) == input::timer_a);
  CHECK(fired(transaction_timer::m) == input::timer_m);
}
