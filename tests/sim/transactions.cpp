#include "tests/sim/transactions.hpp"

#include <algorithm>

namespace parkway::sim {

using namespace std::chrono_literals;

transactions::transactions(timeline& time, virtual_network& net, endpoint own, endpoint peer,
                           transport_kind kind, transaction_user& user)
  : time_(time), net_(net), own_(own), peer_(peer), kind_(kind), user_(user) {
}

transactions::~transactions() {
  reset();
}

void transactions::reset() {
  while (!clients_.empty())
    drop_client(clients_.begin()->first);
  while (!servers_.empty())
    drop_server(servers_.begin()->first);
}

void transactions::send(const std::string& bytes) {
  net_.send(own_, peer_, kind_, bytes);
}

namespace {

std::string via(transport_kind kind, const endpoint& own, const std::string& branch) {
  return std::string("SIP/2.0/") + (kind == transport_kind::udp ? "UDP " : "TCP ") + own.text()
         + ";rport;branch=" + branch;
}

}  // namespace

transaction_id transactions::request(sip_text message) {
  auto branch = "z9hG4bK-" + own_.text() + "-" + std::to_string(last_ + 1);
  message.headers.emplace(message.headers.begin(), "Via", via(kind_, own_, branch));
  message.add("Max-Forwards", "70");
  return start(std::move(message));
}

transaction_id transactions::start(sip_text message) {
  auto id = ++last_;
  auto& c = clients_[id];
  c.bytes = message.text();
  c.request = std::move(message);
  by_branch_[c.request.branch() + c.request.method] = id;
  c.end = time_.in(64 * t1, [this, id] {
    drop_client(id);
    user_.on_silence(id);
  });
  if (!reliable()) c.repeat = time_.in(t1, [this, id] { repeat_request(id); });
  send(c.bytes);
  return id;
}

transaction_id transactions::cancel(transaction_id invite) {
  auto found = clients_.find(invite);
  if (found == clients_.end()) return 0;
  auto& original = found->second.request;
  sip_text m;
  m.method = "CANCEL";
  m.uri = original.uri;
  m.add("Via", original.header("Via")).add("Max-Forwards", "70");
  for (auto& [name, value] : original.headers)
    if (same_word(name, "From") || same_word(name, "To") || same_word(name, "Call-ID")
        || same_word(name, "Route"))
      m.add(name, value);
  m.add("CSeq", std::to_string(original.cseq_number()) + " CANCEL");
  return start(std::move(m));
}

void transactions::abandon(transaction_id invite) {
  auto found = clients_.find(invite);
  if (found == clients_.end() || found->second.status >= 200) return;
  time_.cancel(found->second.end);
  found->second.abandoned = true;
  found->second.end = time_.in(64 * t1, [this, invite] { drop_client(invite); });
}

std::string transactions::acknowledge(sip_text ack) {
  auto branch = "z9hG4bK-" + own_.text() + "-ack" + std::to_string(++last_);
  ack.headers.emplace(ack.headers.begin(), "Via", via(kind_, own_, branch));
  ack.add("Max-Forwards", "70");
  auto bytes = ack.text();
  send(bytes);
  return bytes;
}

void transactions::repeat_request(transaction_id id) {
  auto& c = clients_.at(id);
  bool invite = c.request.is("INVITE");
  send(c.bytes);
  c.pause = c.pause * 2;
  if (!invite) c.pause = std::min(c.status >= 100 ? t2 : c.pause, t2);
  c.repeat = time_.in(c.pause, [this, id] { repeat_request(id); });
}

void transactions::drop_client(transaction_id id) {
  auto found = clients_.find(id);
  if (found == clients_.end()) return;
  time_.cancel(found->second.repeat);
  time_.cancel(found->second.end);
  by_branch_.erase(found->second.request.branch() + found->second.request.method);
  clients_.erase(found);
}

void transactions::drop_server(transaction_id id) {
  auto found = servers_.find(id);
  if (found == servers_.end()) return;
  time_.cancel(found->second.repeat);
  time_.cancel(found->second.end);
  by_key_.erase(server_key(found->second.request));
  servers_.erase(found);
}

/// RFC 3261 §17.2.3: branch, sent-by and method; CANCEL and ACK of a refusal share the branch.
std::string transactions::server_key(const sip_text& m) {
  auto top = m.header("Via");
  return m.branch() + std::string(top.substr(0, top.find(';'))) + m.method;
}

void transactions::receive(std::string_view bytes) {
  std::string wrong;
  auto message = read_sip(bytes, wrong);
  if (!message) return user_.on_nonsense(wrong, bytes);
  if (!message->is_request()) return on_response(*message);
  if (message->is("ACK")) return on_ack(*message);
  on_request(*message);
}

void transactions::on_response(const sip_text& response) {
  auto found = by_branch_.find(response.branch() + std::string(response.cseq_method()));
  if (found == by_branch_.end()) return;
  auto id = found->second;
  auto& c = clients_.at(id);
  bool invite = c.request.is("INVITE");
  bool again = c.status >= 200;
  if (again && response.status < 200) return;
  if (again && invite && response.status >= 300) return send(c.ack);
  if (again && !(invite && response.status < 300)) return;
  c.status = response.status;
  if (invite) {
    time_.cancel(c.repeat);
    if (!c.abandoned) time_.cancel(c.end);
    if (response.status >= 300) acknowledge_refusal(c, response);
  } else if (response.status >= 200) {
    time_.cancel(c.repeat);
    time_.cancel(c.end);
  }
  if (response.status >= 200) {
    time_.cancel(c.end);
    c.end = time_.in(64 * t1, [this, id] { drop_client(id); });
  }
  user_.on_response(id, response);
}

/// RFC 3261 §17.1.1.3.
void transactions::acknowledge_refusal(client& c, const sip_text& response) {
  sip_text ack;
  ack.method = "ACK";
  ack.uri = c.request.uri;
  ack.add("Via", c.request.header("Via")).add("From", c.request.header("From"));
  ack.add("To", response.header("To")).add("Call-ID", c.request.header("Call-ID"));
  ack.add("CSeq", std::to_string(c.request.cseq_number()) + " ACK").add("Max-Forwards", "70");
  for (auto& [name, value] : c.request.headers)
    if (same_word(name, "Route")) ack.add(name, value);
  c.ack = ack.text();
  send(c.ack);
}

void transactions::on_request(const sip_text& request) {
  auto key = server_key(request);
  if (auto found = by_key_.find(key); found != by_key_.end()) {
    auto& s = servers_.at(found->second);
    if (s.status != 0) send(s.response);
    return;
  }
  auto id = ++last_;
  by_key_[key] = id;
  servers_[id].request = request;
  user_.on_request(id, request);
}

void transactions::respond(transaction_id id, sip_text response) {
  auto found = servers_.find(id);
  if (found == servers_.end() || found->second.status >= 200) return;
  auto& s = found->second;
  s.status = response.status;
  s.response = response.text();
  send(s.response);
  if (s.status < 200) return;
  bool invite = s.request.is("INVITE");
  if (invite && (s.status < 300 || !reliable()))
    s.repeat = time_.in(t1, [this, id] { repeat_response(id); });
  s.end = time_.in(64 * t1, [this, id, invite] {
    bool lost = invite && !servers_.at(id).confirmed && servers_.at(id).status < 300;
    drop_server(id);
    if (lost) user_.on_no_ack(id);
  });
}

void transactions::ignore(transaction_id id) {
  auto found = servers_.find(id);
  if (found == servers_.end()) return;
  found->second.ignored = true;
  found->second.end = time_.in(64 * t1, [this, id] { drop_server(id); });
}

void transactions::repeat_response(transaction_id id) {
  auto& s = servers_.at(id);
  send(s.response);
  s.pause = std::min(s.pause * 2, t2);
  s.repeat = time_.in(s.pause, [this, id] { repeat_response(id); });
}

void transactions::on_ack(const sip_text& ack) {
  auto invite = ack;
  invite.method = "INVITE";
  auto found = by_key_.find(server_key(invite));
  if (found == by_key_.end()) return user_.on_ack(ack);
  acknowledged(found->second);
}

void transactions::acknowledged(transaction_id id) {
  auto found = servers_.find(id);
  if (found == servers_.end()) return;
  found->second.confirmed = true;
  time_.cancel(found->second.repeat);
}

std::size_t transactions::unfinished() const {
  auto open_client = [](auto& c) { return c.second.status < 200; };
  auto open_server = [](auto& s) {
    if (s.second.ignored) return false;
    return s.second.status < 200 || (s.second.request.is("INVITE") && !s.second.confirmed);
  };
  return static_cast<std::size_t>(std::count_if(clients_.begin(), clients_.end(), open_client)
                                  + std::count_if(servers_.begin(), servers_.end(), open_server));
}

}  // namespace parkway::sim
