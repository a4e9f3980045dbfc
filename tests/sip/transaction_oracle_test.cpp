/// Our transactions against libosip2's, under one virtual clock: random phones, equal traces. What
/// libosip2 does not implement (RFC 6026: 2xx to INVITE, transport errors) is in the table tests.

#include "sip/message/osip.hpp"
#include "sip/transaction/transaction_table.hpp"

#include <catch2/catch.hpp>
#include <osip2/osip.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace parkway;
using namespace parkway::sip;
using namespace std::chrono_literals;

namespace {

std::int64_t virtual_ms = 0;

}  // namespace

/// libosip2 asks for the time through the PLT, so this definition wins.
extern "C" int osip_gettimeofday(timeval* now, void*) {
  now->tv_sec = 1000 + virtual_ms / 1000;
  now->tv_usec = virtual_ms % 1000 * 1000;
  return 0;
}

namespace {

std::int64_t to_ms(const timeval& t) {
  return (t.tv_sec - 1000) * 1000 + t.tv_usec / 1000;
}

/// What a machine did and when: "500 INVITE", "720 deliver 486", "32000 end".
using trace = std::vector<std::string>;

void note(trace& into, const std::string& what) {
  into.push_back(std::to_string(virtual_ms) + " " + what);
}

/// One of the two under comparison: a server or client transaction of `method`, made at 0.
class candidate {
 public:
  virtual ~candidate() = default;
  /// The request comes in again, or its ACK does.
  virtual void receive_request(const std::string& method) = 0;
  /// A response comes in, or the TU gives one.
  virtual void response(int status) = 0;
  /// Fires timers, each at its own time, until `until`, inclusive.
  virtual void run(std::int64_t until) = 0;
  trace said;
};

struct scene {
  std::string method;
  bool server = false;
  std::string transport;

  std::string request(const std::string& of) const {
    return of + " sip:104@192.0.2.7 SIP/2.0\r\nVia: SIP/2.0/" + transport
           + " 192.0.2.10:5060;branch=z9hG4bKo\r\nMax-Forwards: 70\r\n"
             "From: <sip:103@pbx.test>;tag=a\r\nTo: <sip:104@pbx.test>\r\nCall-ID: c\r\n"
             "CSeq: 7 "
           + of + "\r\nContact: <sip:103@192.0.2.10>\r\nContent-Length: 0\r\n\r\n";
  }
  std::string response(int status) const {
    return "SIP/2.0 " + std::to_string(status) + " Said\r\nVia: SIP/2.0/" + transport
           + " 192.0.2.10:5060;branch=z9hG4bKo\r\n"
             "From: <sip:103@pbx.test>;tag=a\r\nTo: <sip:104@pbx.test>;tag=b\r\nCall-ID: c\r\n"
             "CSeq: 7 "
           + method + "\r\nContact: <sip:104@192.0.2.7>\r\nContent-Length: 0\r\n\r\n";
  }
};

/// The first word of a request, the status of a response.
std::string summary(std::string_view bytes) {
  if (bytes.starts_with("SIP/2.0 ")) return std::string(bytes.substr(8, 3));
  return std::string(bytes.substr(0, bytes.find(' ')));
}

class ours final : public candidate, transaction_user {
 public:
  explicit ours(scene s) : scene_(std::move(s)), table_({16, 1}, *this, zero) {
    const flow peer{
      0, scene_.transport == "UDP" ? transport_kind::udp : transport_kind::tcp, 0, 1, {}};
    id_ = scene_.server ? *table_.open_server(key(scene_.method), peer, 0, now())
                        : *table_.open_client("z9hG4bKo", scene_.method, peer,
                                              scene_.request(scene_.method), 0, now());
    note_end();
  }

  void receive_request(const std::string& method) override {
    if (table_.state(id_)) table_.receive(key(method), now());
    note_end();
  }
  void response(int status) override {
    const auto code = static_cast<std::uint16_t>(status);
    if (scene_.server) {
      table_.respond(id_, code, scene_.response(status), now());
    } else {
      const auto got =
        table_.receive("z9hG4bKo", scene_.method, code, "<sip:104@pbx.test>;tag=b", now());
      if (got.what == transaction_table::outcome::deliver)
        note(said, "deliver " + std::to_string(status));
    }
    note_end();
  }
  void run(std::int64_t until) override {
    while (const auto next = table_.next_timer()) {
      const std::int64_t due = (*next - zero) / 1ms;
      if (due > until) break;
      virtual_ms = std::max(virtual_ms, due);
      table_.on_time(now());
      note_end();
    }
    virtual_ms = until;
  }

 private:
  using time_point = transaction_table::time_point;
  static inline const time_point zero = time_point{} + 1000h;
  static time_point now() { return zero + std::chrono::milliseconds{virtual_ms}; }
  static request_key key(std::string_view method) {
    return {method, "z9hG4bKo", "192.0.2.10", 5060, {}, {}, {}, 7};
  }
  void note_end() {
    if (ended_ || table_.state(id_)) return;
    ended_ = true;
    note(said, "end");
  }
  bool send(const flow&, std::string_view bytes) override {
    note(said, summary(bytes));
    return true;
  }
  /// libosip2 keeps it to itself that no ACK came.
  void on_timeout(transaction_id, std::uint64_t) override {
    if (!scene_.server) note(said, "timeout");
  }
  void on_transport_error(transaction_id, std::uint64_t) override { FAIL("nothing fails here"); }

  const scene scene_;
  transaction_table table_;
  transaction_id id_;
  bool ended_ = false;
};

/// libosip2's machine, driven alone: its own list of transactions stays empty.
class theirs final : public candidate {
 public:
  explicit theirs(scene s) : scene_(std::move(s)) {
    osip_init(&osip_);
    osip_set_application_context(osip_, this);
    osip_set_cb_send_message(osip_, on_send);
    for (int i = 0; i < OSIP_MESSAGE_CALLBACK_COUNT; ++i)
      osip_set_message_callback(osip_, i, on_message);
    for (int i = 0; i < OSIP_KILL_CALLBACK_COUNT; ++i)
      osip_set_kill_transaction_callback(osip_, i, on_kill);
    for (int i = 0; i < OSIP_TRANSPORT_ERROR_CALLBACK_COUNT; ++i)
      osip_set_transport_error_callback(osip_, i, [](int, osip_transaction_t*, int) {});
    const bool invite = scene_.method == "INVITE";
    osip_event_t* e = scene_.server ? incoming(scene_.request(scene_.method))
                                    : outgoing(scene_.request(scene_.method));
    osip_transaction_init(&it_, scene_.server ? (invite ? IST : NIST) : (invite ? ICT : NICT),
                          osip_, e->sip);
    osip_remove_transaction(osip_, it_);
    if (it_->ctx_type == ICT)
      osip_ict_set_destination(it_->ict_context, osip_strdup("192.0.2.7"), 5060);
    if (it_->ctx_type == NICT)
      osip_nict_set_destination(it_->nict_context, osip_strdup("192.0.2.7"), 5060);
    execute(e);
  }
  ~theirs() override {
    osip_transaction_free2(it_);
    osip_release(osip_);
  }

  void receive_request(const std::string& method) override {
    if (!ended_) execute(incoming(scene_.request(method)));
  }
  void response(int status) override {
    if (!ended_)
      execute(scene_.server ? outgoing(scene_.response(status))
                            : incoming(scene_.response(status)));
  }
  void run(std::int64_t until) override {
    while (!ended_) {
      const auto timer = next_timer();
      if (!timer || timer->first > until) break;
      virtual_ms = std::max(virtual_ms, timer->first);
      auto* e = static_cast<osip_event_t*>(osip_malloc(sizeof(osip_event_t)));
      std::memset(e, 0, sizeof *e);
      e->type = timer->second;
      execute(e);
    }
    virtual_ms = until;
  }

 private:
  static theirs* self(osip_transaction_t* t) {
    return static_cast<theirs*>(osip_get_application_context(static_cast<osip_t*>(t->config)));
  }
  static int on_send(osip_transaction_t* t, osip_message_t* m, char*, int, int) {
    note(self(t)->said, m->sip_method ? m->sip_method : std::to_string(m->status_code));
    return 0;
  }
  static void on_message(int what, osip_transaction_t* t, osip_message_t* m) {
    switch (what) {
      case OSIP_ICT_STATUS_1XX_RECEIVED:
      case OSIP_ICT_STATUS_3XX_RECEIVED:
      case OSIP_ICT_STATUS_4XX_RECEIVED:
      case OSIP_ICT_STATUS_5XX_RECEIVED:
      case OSIP_ICT_STATUS_6XX_RECEIVED:
      case OSIP_NICT_STATUS_1XX_RECEIVED:
      case OSIP_NICT_STATUS_2XX_RECEIVED:
      case OSIP_NICT_STATUS_3XX_RECEIVED:
      case OSIP_NICT_STATUS_4XX_RECEIVED:
      case OSIP_NICT_STATUS_5XX_RECEIVED:
      case OSIP_NICT_STATUS_6XX_RECEIVED:
        note(self(t)->said, "deliver " + std::to_string(m->status_code));
        break;
      case OSIP_ICT_STATUS_TIMEOUT:
      case OSIP_NICT_STATUS_TIMEOUT:
        note(self(t)->said, "timeout");
        break;
      default:
        break;
    }
  }
  static void on_kill(int, osip_transaction_t* t) {
    theirs* me = self(t);
    me->ended_ = true;
    note(me->said, "end");
  }

  static osip_event_t* incoming(const std::string& text) {
    osip_event_t* e = osip_parse(text.data(), text.size());
    REQUIRE(e);
    return e;
  }
  static osip_event_t* outgoing(const std::string& text) {
    osip_message_t* m = nullptr;
    osip_message_init(&m);
    REQUIRE(osip_message_parse(m, text.data(), text.size()) == OSIP_SUCCESS);
    return osip_new_outgoing_sipmessage(m);
  }
  /// One step, less two habits that RFC 3261 does not have: libosip2 restarts E at each provisional
  /// response (§17.1.2.2: E runs on, and is reset to T2 when it fires), and I at each further ACK
  /// (§17.2.1: it is set on entering Confirmed).
  void execute(osip_event_t* e) {
    const bool provisional =
      e->type == RCV_STATUS_1XX && (it_->state == NICT_TRYING || it_->state == NICT_PROCEEDING);
    const bool confirmed = it_->state == IST_CONFIRMED;
    const timeval timer_e = provisional ? it_->nict_context->timer_e_start : timeval{};
    const timeval timer_i = confirmed ? it_->ist_context->timer_i_start : timeval{};
    osip_transaction_execute(it_, e);
    if (provisional) it_->nict_context->timer_e_start = timer_e;
    if (confirmed && it_->state == IST_CONFIRMED) it_->ist_context->timer_i_start = timer_i;
  }

  /// The timer its present state waits for, and when it is due.
  std::optional<std::pair<std::int64_t, type_t>> next_timer() const {
    std::optional<std::pair<std::int64_t, type_t>> first;
    const auto consider = [&](const timeval& due, type_t type) {
      if (due.tv_sec != -1 && (!first || to_ms(due) < first->first))
        first.emplace(to_ms(due), type);
    };
    switch (it_->state) {
      case ICT_CALLING:
        consider(it_->ict_context->timer_b_start, TIMEOUT_B);
        consider(it_->ict_context->timer_a_start, TIMEOUT_A);
        break;
      case ICT_COMPLETED:
        consider(it_->ict_context->timer_d_start, TIMEOUT_D);
        break;
      case IST_COMPLETED:
        consider(it_->ist_context->timer_h_start, TIMEOUT_H);
        consider(it_->ist_context->timer_g_start, TIMEOUT_G);
        break;
      case IST_CONFIRMED:
        consider(it_->ist_context->timer_i_start, TIMEOUT_I);
        break;
      case NICT_TRYING:
      case NICT_PROCEEDING:
        consider(it_->nict_context->timer_f_start, TIMEOUT_F);
        consider(it_->nict_context->timer_e_start, TIMEOUT_E);
        break;
      case NICT_COMPLETED:
        consider(it_->nict_context->timer_k_start, TIMEOUT_K);
        break;
      case NIST_COMPLETED:
        consider(it_->nist_context->timer_j_start, TIMEOUT_J);
        break;
      default:
        break;
    }
    return first;
  }

  const scene scene_;
  osip_t* osip_ = nullptr;
  osip_transaction_t* it_ = nullptr;
  bool ended_ = false;
};

/// One thing the far side or the TU does.
struct event {
  std::int64_t at = 0;
  std::string request;  ///< Method; empty: a response.
  int status = 0;
};

std::vector<event> random_events(const scene& s, std::mt19937& random) {
  constexpr int provisional[] = {100, 180, 183};
  constexpr int final[] = {302, 404, 486, 503, 603};
  const bool invite = s.method == "INVITE";
  std::vector<event> out;
  std::int64_t at = 0;
  for (std::size_t i = random() % 9; i > 0; --i) {
    at += 10 * static_cast<std::int64_t>(random() % (random() % 4 ? 150 : 3000));
    event e{at, {}, 0};
    const auto dice = random() % 10;
    if (s.server && dice < 4)
      e.request = s.method;
    else if (s.server && invite && dice < 6)
      e.request = "ACK";
    else if (dice < 8)
      e.status = provisional[random() % 3];
    else
      e.status = !invite && random() % 2 ? 200 : final[random() % 5];
    out.push_back(e);
  }
  return out;
}

trace play(candidate& c, const std::vector<event>& events) {
  for (const event& e : events) {
    c.run(e.at);
    if (e.request.empty())
      c.response(e.status);
    else
      c.receive_request(e.request);
  }
  c.run(200'000);
  return c.said;
}

template <class Candidate>
trace play(const scene& s, const std::vector<event>& events) {
  virtual_ms = 0;
  Candidate c{s};
  return play(c, events);
}

void silence_osip() {
  osip_trace_initialize_func(OSIP_FATAL,
                             [](const char*, int, osip_trace_level_t, const char*, va_list) {});
  for (int level = 0; level < END_TRACE_LEVEL; ++level)
    osip_trace_disable_level(static_cast<osip_trace_level_t>(level));
}

void compare(const scene& s, unsigned rounds) {
  silence_osip();
  std::mt19937 random{4711};
  std::size_t compared = 0;
  for (unsigned i = 0; i < rounds; ++i) {
    const auto events = random_events(s, random);
    const trace expected = play<theirs>(s, events);
    const trace found = play<ours>(s, events);
    std::string story;
    for (const event& e : events)
      story += std::to_string(e.at) + " "
               + (e.request.empty() ? std::to_string(e.status) : e.request) + "; ";
    INFO("round " << i << ": " << story);
    REQUIRE(found == expected);
    compared += expected.size();
  }
  CHECK(compared > rounds);
}

#ifdef PARKWAY_NIGHTLY
constexpr unsigned rounds = 20'000;
#else
constexpr unsigned rounds = 400;
#endif

}  // namespace

TEST_CASE("an INVITE client does what libosip2's does", "[transaction][oracle]") {
  compare({"INVITE", false, GENERATE("UDP", "TCP")}, rounds);
}

TEST_CASE("a non-INVITE client does what libosip2's does", "[transaction][oracle]") {
  compare({"NOTIFY", false, GENERATE("UDP", "TCP")}, rounds);
}

TEST_CASE("an INVITE server does what libosip2's does", "[transaction][oracle]") {
  compare({"INVITE", true, GENERATE("UDP", "TCP")}, rounds);
}

TEST_CASE("a non-INVITE server does what libosip2's does", "[transaction][oracle]") {
  compare({"NOTIFY", true, GENERATE("UDP", "TCP")}, rounds);
}
