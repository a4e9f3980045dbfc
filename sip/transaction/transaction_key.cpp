#include "sip/transaction/transaction_key.hpp"

#include "sip/message/text.hpp"

#include <algorithm>
#include <utility>

namespace parkway::sip {
namespace {

/// A byte that stands in none of the parts, so that two different lists of parts never make the
/// same key: the pre-scan lets no NUL through.
constexpr char separator = '\0';

void append(std::string& into, std::string_view part) {
  into.append(part).push_back(separator);
}

void append(std::string& into, std::uint32_t part) {
  append_number(into, part);
  into.push_back(separator);
}

/// The lines of a header block, one at a time, until the empty one.
class header_lines {
 public:
  explicit header_lines(std::string_view message) : rest_(message) {}

  /// The next line without its CRLF; empty: there is none.
  std::string_view next() {
    const std::size_t end = rest_.find("\r\n");
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 2);
    return line;
  }

 private:
  std::string_view rest_;
};

std::string_view name_of(std::string_view line) {
  return line.substr(0, line.find(':'));
}

/// A request of `method` in the transaction of `invite`, to the end of its Max-Forwards. `to`
/// replaces the To value; empty: that of the INVITE.
std::string derived(std::string_view invite, std::string_view method, std::string_view to) {
  header_lines lines{invite};
  const std::string_view start = lines.next();
  std::string out;
  out.reserve(512);
  out.append(method).append(start.substr(std::min(start.find(' '), start.size()))).append("\r\n");
  bool via_seen = false;
  for (auto line = lines.next(); !line.empty(); line = lines.next()) {
    const std::string_view name = name_of(line);
    if (same_token(name, "CSeq")) {
      const std::string_view number = line.substr(0, line.find_last_of(' '));
      out.append(number).append(" ").append(method).append("\r\n");
    } else if (same_token(name, "To") && !to.empty()) {
      out.append("To: ").append(to).append("\r\n");
    } else if (same_token(name, "Via")
                 ? !std::exchange(via_seen, true)
                 : same_token(name, "From") || same_token(name, "To") || same_token(name, "Call-ID")
                     || same_token(name, "Route")) {
      out.append(line).append("\r\n");
    }
  }
  return out.append("Max-Forwards: 70\r\n");
}

}  // namespace

bool has_magic_cookie(std::string_view branch) {
  constexpr std::string_view cookie = "z9hG4bK";
  return branch.size() > cookie.size() && same_token(branch.substr(0, cookie.size()), cookie);
}

void write_server_key(const request_key& request, std::string_view method, std::string& into) {
  into.clear();
  append(into, method == "ACK" ? "INVITE" : method);
  append(into, request.branch);
  const std::size_t host = into.size();
  append(into, request.sent_by_host);
  std::transform(into.begin() + static_cast<std::ptrdiff_t>(host), into.end(),
                 into.begin() + static_cast<std::ptrdiff_t>(host), [](char c) { return lower(c); });
  append(into, request.sent_by_port);
  if (has_magic_cookie(request.branch)) return;
  append(into, request.request_uri);
  append(into, request.call_id);
  append(into, request.from_tag);
  append(into, request.cseq);
}

void write_client_key(std::string_view branch, std::string_view method, std::string& into) {
  into.clear();
  into.push_back(separator);  // No server key begins like this.
  append(into, method);
  append(into, branch);
}

std::string_view branch_of_client_key(std::string_view key) {
  key.remove_suffix(1);
  return key.substr(key.rfind(separator) + 1);
}

std::string write_ack(std::string_view invite, std::string_view to) {
  return derived(invite, "ACK", to).append("Content-Length: 0\r\n\r\n");
}

std::string write_cancel(std::string_view invite, std::string_view extra) {
  return derived(invite, "CANCEL", {}).append(extra).append("Content-Length: 0\r\n\r\n");
}

}  // namespace parkway::sip
