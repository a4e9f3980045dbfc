#include "tests/sim/ladder.hpp"

#include "tests/sim/phone_sdp.hpp"

#include <iomanip>
#include <sstream>

namespace parkway::sim {
namespace {

/// The text= of a Reason header, in brackets.
std::string reason_text(const sip_text& m) {
  auto reason = std::string(m.header("Reason"));
  auto text = parameter_of(reason, "text");
  if (text.size() > 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
  return text.empty() ? "" : " (" + text + ")";
}

/// "200 OK" of a sipfrag; else the Event.
std::string notify_text(const sip_text& m) {
  if (m.body.substr(0, 8) == "SIP/2.0 ") return " " + m.body.substr(8, m.body.find('\r') - 8);
  return " " + std::string(m.header("Event"));
}

std::string request_text(const sip_text& m) {
  if (m.is("INVITE") && !m.to_tag().empty()) {
    auto sdp = read_sdp(m.body);
    return "re-INVITE" + (sdp ? " " + sdp->direction : std::string(" without offer"));
  }
  if (m.is("INVITE")) return "INVITE " + user_of(m.uri);
  if (m.is("REFER")) return "REFER " + user_of(uri_of(m.header("Refer-To")));
  if (m.is("NOTIFY")) return "NOTIFY" + notify_text(m);
  return m.method + reason_text(m);
}

std::string names(const sip_text& m) {
  return m.call_id() + " " + std::string(m.header("CSeq"));
}

bool wanted(const sip_text& m, const ladder_view& view, const std::set<std::string>& challenged,
            const std::set<std::string>& lamps) {
  auto method = m.cseq_method();
  if (!view.registers && method == "REGISTER") return false;
  if (!view.trying && m.status == 100) return false;
  if (view.challenges && m.is("ACK")
      && challenged.contains(m.call_id() + " " + std::to_string(m.cseq_number()) + " INVITE"))
    return view.acks;
  if (!view.acks && m.is("ACK")) return false;
  if (!view.lamps && lamps.contains(std::string(m.call_id()))) return false;
  if (view.challenges) return true;
  if (m.is("ACK"))
    return !challenged.contains(m.call_id() + " " + std::to_string(m.cseq_number()) + " INVITE");
  return !challenged.contains(names(m));
}

std::set<std::string> find_challenged(const virtual_network& net) {
  std::set<std::string> challenged;
  for (auto& s : net.seen()) {
    std::string wrong;
    auto m = read_sip(s.bytes, wrong);
    if (m && m->status == 401) challenged.insert(names(*m));
  }
  return challenged;
}

/// Call-IDs of NOTIFYs without a subscription.
std::set<std::string> find_lamps(const virtual_network& net) {
  std::set<std::string> lamps;
  for (auto& s : net.seen()) {
    std::string wrong;
    auto m = read_sip(s.bytes, wrong);
    if (m && m->is("NOTIFY") && m->header("Event") == "park-info") lamps.emplace(m->call_id());
  }
  return lamps;
}

}  // namespace

std::string short_text(const sip_text& m) {
  if (m.is_request()) return request_text(m);
  return std::to_string(m.status) + " (" + std::string(m.cseq_method()) + ")";
}

std::string draw_ladder(const virtual_network& net, const ladder_view& view) {
  std::ostringstream out;
  out << '\n';
  auto challenged = find_challenged(net);
  auto lamps = find_lamps(net);
  std::set<std::string> drawn;
  for (auto& s : net.seen()) {
    if (s.at < view.from) continue;
    auto from = net.name_of(s.from), to = net.name_of(s.to);
    if (!view.only.empty() && !view.only.contains(from) && !view.only.contains(to)) continue;
    std::string wrong;
    auto m = read_sip(s.bytes, wrong);
    if (m && !wanted(*m, view, challenged, lamps)) continue;
    bool again = !drawn.insert(from + to + s.bytes).second;
    if (again && !view.repetitions) continue;
    if (view.times) {
      auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(s.at - timeline::start);
      out << std::setw(9) << std::fixed << std::setprecision(3)
          << static_cast<double>(ms.count()) / 1000 << "  ";
    }
    out << std::left << std::setw(6) << from << "-> " << std::setw(6) << to << ' ' << std::right
        << (m ? short_text(*m) : "nonsense: " + wrong) << (again ? " (again)" : "")
        << (s.lost ? " (lost)" : "") << '\n';
  }
  return out.str();
}

}  // namespace parkway::sim
