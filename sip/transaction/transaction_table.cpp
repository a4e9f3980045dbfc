#include "sip/transaction/transaction_table.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace parkway::sip {
namespace {

constexpr std::uint32_t none = 0xFFFFFFFFu;
constexpr unsigned chunk_bits = 8;
constexpr std::uint32_t chunk_size = 1u << chunk_bits;

bool is_client(transaction_kind kind) {
  return kind == transaction_kind::invite_client || kind == transaction_kind::non_invite_client;
}

/// A timer's cookie says which transaction, and which of all timers; its generation is not needed,
/// as the timers of a transaction are cancelled when it ends.
std::uint64_t timer_cookie(std::uint32_t index, transaction_timer timer) {
  return std::uint64_t{index} << 8 | static_cast<unsigned>(timer);
}

/// No message of a transaction in this state is ever sent again.
bool repeats_nothing(const transaction_machine& m) {
  switch (m.state) {
    case transaction_state::accepted:  // A 2xx to INVITE is the dialog's to repeat.
    case transaction_state::confirmed:
    case transaction_state::terminated:
      return true;
    case transaction_state::completed:
      return m.kind == transaction_kind::non_invite_client;
    case transaction_state::initial:
    case transaction_state::calling:
    case transaction_state::trying:
    case transaction_state::proceeding:
      return false;
  }
  return false;
}

/// A client that has no final answer.
bool waits(const transaction_machine& m) {
  const bool client =
    m.kind == transaction_kind::invite_client || m.kind == transaction_kind::non_invite_client;
  return client
         && (m.state == transaction_state::calling || m.state == transaction_state::trying
             || m.state == transaction_state::proceeding);
}

}  // namespace

struct transaction_table::record {
  std::string key;
  std::string stored;  ///< Client: the request, once completed its ACK. Server: the last response.
  flow peer;
  std::uint64_t cookie = 0;
  std::uint64_t hash = 0;
  timer_id repeat_timer, end_timer;
  std::uint32_t index = 0;
  std::uint32_t generation = 1;
  std::uint32_t next = none;  ///< In its bucket, or among the free.
  bool alive = false;
  transaction_machine machine;

  transaction_id id() const { return {index, generation}; }
};

transaction_table::transaction_table(const options& chosen, transaction_user& user,
                                     time_point start)
  : user_(user),
    live_max_(std::clamp<std::size_t>(chosen.live_max, 1, 1u << 23)),
    hash_(chosen.hash_seed),
    start_(start),
    wheel_(start),
    free_(none),
    bucket_mask_(static_cast<std::uint32_t>(std::bit_ceil(live_max_)) - 1),
    buckets_(std::make_unique_for_overwrite<std::uint32_t[]>(bucket_mask_ + 1)) {
  std::fill_n(buckets_.get(), bucket_mask_ + 1, none);
}

transaction_table::~transaction_table() = default;

transaction_table::record& transaction_table::at(std::uint32_t index) const {
  return chunks_[index >> chunk_bits][index & (chunk_size - 1)];
}

transaction_table::record* transaction_table::find(transaction_id id) const {
  if (!id || id.index >> chunk_bits >= chunks_.size()) return nullptr;
  record& r = at(id.index);
  return r.alive && r.generation == id.generation ? &r : nullptr;
}

transaction_table::record* transaction_table::find(std::uint64_t hash, std::string_view key) const {
  for (std::uint32_t i = buckets_[hash & bucket_mask_]; i != none;) {
    record& r = at(i);
    if (r.hash == hash && r.key == key) return &r;
    i = r.next;
  }
  return nullptr;
}

std::uint32_t transaction_table::take_free() {
  if (free_ == none) {
    const auto first = static_cast<std::uint32_t>(chunks_.size()) << chunk_bits;
    chunks_.push_back(std::make_unique<record[]>(chunk_size));
    for (std::uint32_t i = chunk_size; i-- > 0;) {
      at(first + i).index = first + i;
      at(first + i).next = std::exchange(free_, first + i);
    }
  }
  return std::exchange(free_, at(free_).next);
}

/// Makes a record for the key in scratch_; null: the table is full, or has the key.
transaction_table::record* transaction_table::make(transaction_kind kind, const flow& peer,
                                                   std::uint64_t cookie) {
  if (full()) return nullptr;
  const std::uint64_t hash = hash_(scratch_);
  if (find(hash, scratch_)) return nullptr;
  record& r = at(take_free());
  r.key = scratch_;
  r.hash = hash;
  r.peer = peer;
  r.cookie = cookie;
  r.alive = true;
  r.machine = {kind, transaction_state::initial, peer.kind != transport_kind::udp, {}};
  r.next = std::exchange(buckets_[hash & bucket_mask_], r.index);
  ++live_;
  return &r;
}

void transaction_table::destroy(record& r) {
  stop_timer(r.repeat_timer);
  stop_timer(r.end_timer);
  std::uint32_t* link = &buckets_[r.hash & bucket_mask_];
  while (*link != r.index)
    link = &at(*link).next;
  *link = r.next;
  r.key = {};
  r.stored = {};
  r.alive = false;
  if (++r.generation == 0) r.generation = 1;
  r.next = std::exchange(free_, r.index);
  --live_;
}

transaction_table::received transaction_table::receive(const request_key& request, time_point now) {
  write_server_key(request, request.method, scratch_);
  record* r = find(hash_(scratch_), scratch_);
  if (!r) return {};
  received result{outcome::absorbed, r->id(), r->cookie};
  const auto input = request.method == "ACK" ? transaction_input::ack : transaction_input::request;
  if (step(*r, input, {}, now).delivered) result.what = outcome::deliver;
  return result;
}

std::optional<transaction_id> transaction_table::open_server(const request_key& request,
                                                             const flow& from, std::uint64_t cookie,
                                                             time_point now) {
  write_server_key(request, request.method, scratch_);
  record* r = make(request.method == "INVITE" ? transaction_kind::invite_server
                                              : transaction_kind::non_invite_server,
                   from, cookie);
  if (!r) return std::nullopt;
  step(*r, transaction_input::start, {}, now);
  return r->id();
}

std::optional<transaction_table::received> transaction_table::invite_of(const request_key& cancel) {
  write_server_key(cancel, "INVITE", scratch_);
  const record* r = find(hash_(scratch_), scratch_);
  if (!r) return std::nullopt;
  return received{outcome::deliver, r->id(), r->cookie};
}

bool transaction_table::respond(transaction_id server, std::uint16_t status, std::string_view bytes,
                                time_point now) {
  record* r = find(server);
  if (!r || is_client(r->machine.kind)) return false;
  return step(*r, response_input(status), bytes, now).responded;
}

std::optional<transaction_id> transaction_table::open_client(std::string_view branch,
                                                             std::string_view method,
                                                             const flow& to, std::string_view bytes,
                                                             std::uint64_t cookie, time_point now) {
  write_client_key(branch, method, scratch_);
  record* r =
    make(method == "INVITE" ? transaction_kind::invite_client : transaction_kind::non_invite_client,
         to, cookie);
  if (!r) return std::nullopt;
  const transaction_id id = r->id();
  r->stored = bytes;
  step(*r, transaction_input::start, {}, now);
  return id;
}

transaction_table::received transaction_table::receive(std::string_view branch,
                                                       std::string_view cseq_method,
                                                       std::uint16_t status, std::string_view to,
                                                       time_point now) {
  write_client_key(branch, cseq_method, scratch_);
  record* r = find(hash_(scratch_), scratch_);
  if (!r) return {};
  received result{outcome::absorbed, r->id(), r->cookie};
  if (step(*r, response_input(status), to, now).delivered) result.what = outcome::deliver;
  return result;
}

std::optional<transaction_id> transaction_table::cancel(transaction_id invite_client,
                                                        std::string_view extra,
                                                        std::uint64_t cookie, time_point now) {
  const record* r = find(invite_client);
  if (!r || r->machine.kind != transaction_kind::invite_client
      || r->machine.state != transaction_state::proceeding)
    return std::nullopt;
  return open_client(branch_of_client_key(r->key), "CANCEL", r->peer,
                     write_cancel(r->stored, extra), cookie, now);
}

/// Takes one step of a machine and does what it asks for. `given` is the TU's response, or the To
/// value of a received one. The record may be gone afterwards.
transaction_table::step_result transaction_table::step(record& r, transaction_input input,
                                                       std::string_view given, time_point now) {
  const transaction_step taken = advance(r.machine, input);
  r.machine = taken.next;
  step_result did;
  for (const transaction_action& a : taken.actions) {
    switch (a.deed) {
      case transaction_deed::send_request:
        send(r, r.stored);
        break;
      case transaction_deed::send_response:
        send_response(r, given);
        did.responded = true;
        break;
      case transaction_deed::send_ack:
        send_ack(r, given);
        break;
      case transaction_deed::deliver:
        did.delivered = true;
        break;
      case transaction_deed::set_timer:
        start_timer(r, a, now);
        break;
      case transaction_deed::cancel_timer:
        stop_timer(timer_of(r, a.timer));
        break;
      case transaction_deed::report_timeout:
        did.timed_out = true;
        break;
      case transaction_deed::report_transport_error:
        did.transport_failed = true;
        break;
      case transaction_deed::terminate:
        destroy(r);
        return did;
    }
  }
  if (repeats_nothing(r.machine)) r.stored = {};
  return did;
}

void transaction_table::step_and_report(record& r, transaction_input input, time_point now) {
  const transaction_id id = r.id();
  const std::uint64_t cookie = r.cookie;
  const step_result did = step(r, input, {}, now);
  if (did.timed_out) user_.on_timeout(id, cookie);
  if (did.transport_failed) user_.on_transport_error(id, cookie);
}

/// What the TU gave is sent, and kept where it may be asked for again; where it gave nothing, what
/// was kept is sent.
void transaction_table::send_response(record& r, std::string_view given) {
  if (!given.empty() && repeats_nothing(r.machine)) return send(r, given);
  if (!given.empty()) r.stored = given;
  if (!r.stored.empty()) send(r, r.stored);
}

/// The first non-2xx response turns the stored INVITE into its ACK, sent again for each repetition.
void transaction_table::send_ack(record& r, std::string_view to) {
  if (r.stored.starts_with("INVITE")) r.stored = write_ack(r.stored, to);
  send(r, r.stored);
}

/// A message that cannot be sent is a transport error, but not within the present step.
void transaction_table::send(record& r, std::string_view bytes) {
  if (!user_.send(r.peer, bytes)) failed_sends_.push_back(r.id());
}

timer_id& transaction_table::timer_of(record& r, transaction_timer timer) {
  switch (timer) {
    case transaction_timer::a:
    case transaction_timer::e:
    case transaction_timer::g:
      return r.repeat_timer;
    case transaction_timer::b:
    case transaction_timer::d:
    case transaction_timer::f:
    case transaction_timer::h:
    case transaction_timer::i:
    case transaction_timer::j:
    case transaction_timer::k:
    case transaction_timer::l:
    case transaction_timer::m:
      break;
  }
  return r.end_timer;
}

void transaction_table::start_timer(record& r, const transaction_action& a, time_point now) {
  timer_id& timer = timer_of(r, a.timer);
  stop_timer(timer);
  timer = wheel_.add(now + a.after, timer_cookie(r.index, a.timer));
}

void transaction_table::stop_timer(timer_id& timer) {
  if (timer) wheel_.cancel(std::exchange(timer, {}));
}

void transaction_table::on_time(time_point now) {
  while (const auto cookie = wheel_.pop_due(now)) {
    record& r = at(static_cast<std::uint32_t>(*cookie >> 8));
    const auto timer = static_cast<transaction_timer>(*cookie & 0xFF);
    timer_of(r, timer) = {};
    step_and_report(r, fired(timer), now);
  }
  for (const transaction_id id : std::exchange(failed_sends_, {}))
    if (record* r = find(id)) step_and_report(*r, transaction_input::transport_error, now);
}

std::optional<transaction_table::time_point> transaction_table::next_timer() const {
  return failed_sends_.empty() ? wheel_.next_due() : start_;
}

void transaction_table::set_cookie(transaction_id which, std::uint64_t cookie) {
  if (record* r = find(which)) r->cookie = cookie;
}

std::optional<transaction_state> transaction_table::state(transaction_id which) const {
  const record* r = find(which);
  return r ? std::optional{r->machine.state} : std::nullopt;
}

const flow* transaction_table::flow_of(transaction_id which) const {
  const record* r = find(which);
  return r ? &r->peer : nullptr;
}

std::size_t transaction_table::unanswered() const {
  std::size_t count = 0;
  for (const auto& chunk : chunks_)
    count += static_cast<std::size_t>(
      std::count_if(chunk.get(), chunk.get() + chunk_size,
                    [](const record& r) { return r.alive && waits(r.machine); }));
  return count;
}

void transaction_table::redirect(transaction_id which, const flow& to) {
  if (record* r = find(which)) r->peer = to;
}

void transaction_table::forget(transaction_id which) {
  if (record* r = find(which)) destroy(*r);
}

}  // namespace parkway::sip
