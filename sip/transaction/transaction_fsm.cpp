#include "sip/transaction/transaction_fsm.hpp"

#include <algorithm>

namespace parkway::sip {
namespace {

using deed = transaction_deed;
using input = transaction_input;
using kind = transaction_kind;
using state = transaction_state;
using timer = transaction_timer;
using times = transaction_times;
using std::chrono::milliseconds;

/// Builds one step: the machine changes while the actions are listed.
class stepper {
 public:
  explicit stepper(const transaction_machine& m) : step_{m, {}} {}

  transaction_machine& machine() { return step_.next; }
  bool reliable() const { return step_.next.reliable; }
  transaction_step result() const { return step_; }

  stepper& enter(state s) { return step_.next.state = s, *this; }
  stepper& act(deed d) { return step_.actions.add({d, {}, {}}), *this; }
  stepper& cancel(timer t) { return step_.actions.add({deed::cancel_timer, t, {}}), *this; }
  stepper& set(timer t, milliseconds after) {
    return step_.actions.add({deed::set_timer, t, after}), *this;
  }
  /// Starts a timer that repeats something; `after` is its first interval. Not on a reliable
  /// transport, which repeats by itself.
  stepper& repeat(timer t, milliseconds after) {
    if (reliable()) return *this;
    step_.next.retransmit_after = after;
    return set(t, after);
  }
  stepper& stop_repeating(timer t) { return reliable() ? *this : cancel(t); }
  /// Stays for as long as copies may still be under way: not at all on a reliable transport.
  stepper& linger(state s, timer t, milliseconds after) {
    return reliable() ? terminate() : enter(s).set(t, after);
  }
  stepper& terminate() { return enter(state::terminated).act(deed::terminate); }

 private:
  transaction_step step_;
};

/// The next interval of a timer that backs off up to T2.
milliseconds doubled(const transaction_machine& m) {
  return std::min(2 * m.retransmit_after, times::t2);
}

/// RFC 3261 §17.1.1, as replaced by RFC 6026 §8.4.
void invite_calling(stepper& s, input i) {
  switch (i) {
    case input::timer_a: {
      // §17.1.1.2: A doubles without a bound; B ends it.
      const milliseconds next = 2 * s.machine().retransmit_after;
      s.act(deed::send_request).repeat(timer::a, next);
      return;
    }
    case input::provisional:
      s.stop_repeating(timer::a).cancel(timer::b).act(deed::deliver).enter(state::proceeding);
      return;
    case input::success:
      s.stop_repeating(timer::a).cancel(timer::b).act(deed::deliver).enter(state::accepted);
      s.set(timer::m, times::patience);
      return;
    case input::failure:
      s.stop_repeating(timer::a).cancel(timer::b).act(deed::send_ack).act(deed::deliver);
      s.linger(state::completed, timer::d, times::d);
      return;
    case input::timer_b:
      s.act(deed::report_timeout).terminate();
      return;
    case input::transport_error:
      s.act(deed::report_transport_error).terminate();
      return;
    default:
      return;
  }
}

void invite_client_proceeding(stepper& s, input i) {
  switch (i) {
    case input::provisional:
      s.act(deed::deliver);
      return;
    case input::success:
      s.act(deed::deliver).enter(state::accepted).set(timer::m, times::patience);
      return;
    case input::failure:
      s.act(deed::send_ack).act(deed::deliver).linger(state::completed, timer::d, times::d);
      return;
    default:
      return;
  }
}

void invite_client_completed(stepper& s, input i) {
  switch (i) {
    case input::failure:
      s.act(deed::send_ack);
      return;
    case input::transport_error:
      s.act(deed::report_transport_error).terminate();
      return;
    case input::timer_d:
      s.terminate();
      return;
    default:
      return;
  }
}

/// RFC 6026 §8.4: every 2xx, of whichever fork, is the TU's until M fires.
void invite_client_accepted(stepper& s, input i) {
  if (i == input::success) s.act(deed::deliver);
  if (i == input::timer_m) s.terminate();
}

void invite_client(stepper& s, input i) {
  switch (s.machine().state) {
    case state::initial:
      if (i != input::start) return;
      s.enter(state::calling).act(deed::send_request);
      s.repeat(timer::a, times::t1).set(timer::b, times::patience);
      return;
    case state::calling:
      return invite_calling(s, i);
    case state::proceeding:
      return invite_client_proceeding(s, i);
    case state::completed:
      return invite_client_completed(s, i);
    case state::accepted:
      return invite_client_accepted(s, i);
    case state::trying:
    case state::confirmed:
    case state::terminated:
      return;
  }
}

/// Trying and Proceeding of §17.1.2.2 differ in how E goes on, and in nothing else.
void non_invite_waiting(stepper& s, input i) {
  const bool trying = s.machine().state == state::trying;
  switch (i) {
    case input::timer_e:
      s.act(deed::send_request).repeat(timer::e, trying ? doubled(s.machine()) : times::t2);
      return;
    case input::provisional:
      s.act(deed::deliver).enter(state::proceeding);
      return;
    case input::success:
    case input::failure:
      s.stop_repeating(timer::e).cancel(timer::f).act(deed::deliver);
      s.linger(state::completed, timer::k, times::t4);
      return;
    case input::timer_f:
      s.act(deed::report_timeout).terminate();
      return;
    case input::transport_error:
      s.act(deed::report_transport_error).terminate();
      return;
    default:
      return;
  }
}

void non_invite_client(stepper& s, input i) {
  switch (s.machine().state) {
    case state::initial:
      if (i != input::start) return;
      s.enter(state::trying).act(deed::send_request);
      s.repeat(timer::e, times::t1).set(timer::f, times::patience);
      return;
    case state::trying:
    case state::proceeding:
      return non_invite_waiting(s, i);
    case state::completed:
      if (i == input::timer_k) s.terminate();
      return;
    case state::calling:
    case state::confirmed:
    case state::accepted:
    case state::terminated:
      return;
  }
}

/// §17.2.1, as replaced by RFC 6026 §8.5: a transport error is reported and ends nothing.
void invite_server_proceeding(stepper& s, input i) {
  switch (i) {
    case input::request:
    case input::provisional:
      s.act(deed::send_response);
      return;
    case input::success:
      s.act(deed::send_response).enter(state::accepted).set(timer::l, times::patience);
      return;
    case input::failure:
      s.act(deed::send_response).enter(state::completed);
      s.repeat(timer::g, times::t1).set(timer::h, times::patience);
      return;
    case input::transport_error:
      s.act(deed::report_transport_error);
      return;
    default:
      return;
  }
}

void invite_server_completed(stepper& s, input i) {
  switch (i) {
    case input::request:
      s.act(deed::send_response);
      return;
    case input::timer_g:
      s.act(deed::send_response).repeat(timer::g, doubled(s.machine()));
      return;
    case input::ack:
      s.stop_repeating(timer::g).cancel(timer::h).linger(state::confirmed, timer::i, times::t4);
      return;
    case input::timer_h:
      s.act(deed::report_timeout).terminate();
      return;
    case input::transport_error:
      s.act(deed::report_transport_error);
      return;
    default:
      return;
  }
}

/// RFC 6026 §8.5: swallows repetitions of the INVITE; 2xx come from the TU, again and again.
void invite_server_accepted(stepper& s, input i) {
  switch (i) {
    case input::ack:
      s.act(deed::deliver);
      return;
    case input::success:
      s.act(deed::send_response);
      return;
    case input::timer_l:
      s.terminate();
      return;
    case input::transport_error:
      s.act(deed::report_transport_error);
      return;
    default:
      return;
  }
}

void invite_server(stepper& s, input i) {
  switch (s.machine().state) {
    case state::initial:
      if (i == input::start) s.enter(state::proceeding).act(deed::deliver);
      return;
    case state::proceeding:
      return invite_server_proceeding(s, i);
    case state::completed:
      return invite_server_completed(s, i);
    case state::confirmed:
      if (i == input::timer_i) s.terminate();
      return;
    case state::accepted:
      return invite_server_accepted(s, i);
    case state::calling:
    case state::trying:
    case state::terminated:
      return;
  }
}

/// Trying and Proceeding of §17.2.2: the former has nothing yet to answer a repetition with.
void non_invite_serving(stepper& s, input i) {
  const bool trying = s.machine().state == state::trying;
  switch (i) {
    case input::request:
      if (!trying) s.act(deed::send_response);
      return;
    case input::provisional:
      s.act(deed::send_response).enter(state::proceeding);
      return;
    case input::success:
    case input::failure:
      s.act(deed::send_response).linger(state::completed, timer::j, times::patience);
      return;
    case input::transport_error:
      if (!trying) s.act(deed::report_transport_error).terminate();
      return;
    default:
      return;
  }
}

void non_invite_server(stepper& s, input i) {
  switch (s.machine().state) {
    case state::initial:
      if (i == input::start) s.enter(state::trying).act(deed::deliver);
      return;
    case state::trying:
    case state::proceeding:
      return non_invite_serving(s, i);
    case state::completed:
      if (i == input::request) s.act(deed::send_response);
      if (i == input::timer_j) s.terminate();
      if (i == input::transport_error) s.act(deed::report_transport_error).terminate();
      return;
    case state::calling:
    case state::confirmed:
    case state::accepted:
    case state::terminated:
      return;
  }
}

}  // namespace

bool transaction_actions::has(transaction_deed wanted) const {
  return std::any_of(begin(), end(), [&](const auto& a) { return a.deed == wanted; });
}

transaction_step advance(const transaction_machine& m, transaction_input i) {
  stepper s{m};
  switch (m.kind) {
    case kind::invite_client:
      invite_client(s, i);
      break;
    case kind::non_invite_client:
      non_invite_client(s, i);
      break;
    case kind::invite_server:
      invite_server(s, i);
      break;
    case kind::non_invite_server:
      non_invite_server(s, i);
      break;
  }
  return s.result();
}

}  // namespace parkway::sip
