#include "sip/message/writer.hpp"

#include "sip/message/status.hpp"

#include <functional>

namespace parkway::sip {

namespace {

void append_line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

/// A header that is copied; where a bad request lacks it, so does the answer.
void append_present(std::string& out, std::string_view name, std::string_view value) {
  if (!value.empty()) append_line(out, name, value);
}

/// A host, in brackets where it is an IPv6 literal.
void append_host(std::string& out, std::string_view host) {
  const bool v6 = host.find(':') != std::string_view::npos;
  if (v6) out += '[';
  out += host;
  if (v6) out += ']';
}

/// The host of a sent-by: "SIP/2.0/UDP host:port", "SIP / 2.0 / UDP [v6]:port".
std::string_view sent_by_host(std::string_view head) {
  head = trimmed(head.substr(head.rfind('/') == std::string_view::npos ? 0 : head.rfind('/') + 1));
  const auto gap = head.find_first_of(" \t");
  if (gap == std::string_view::npos) return {};
  head = trimmed(head.substr(gap));
  if (head.starts_with('[')) return head.substr(1, head.find(']') - 1);
  return trimmed(head.substr(0, head.find(':')));
}

/// The top Via as it goes back: received where the packet came from elsewhere than it says, rport
/// where it was asked for (RFC 3581 §4). What the sender put there itself does not survive.
void append_top_via(std::string& out, std::string_view entry, const endpoint& source) {
  const auto address = source.address.text();
  out += "Via: ";
  auto rest = entry;
  const auto head = cut_to(rest, ';');
  out += trimmed(head);
  bool rport = false;
  while (!rest.empty()) {
    const auto piece = trimmed(cut_parameter(rest));
    const auto name = trimmed(piece.substr(0, piece.find('=')));
    if (same_token(name, "rport")) rport = true;
    if (piece.empty() || same_token(name, "rport") || same_token(name, "received")) continue;
    out.append(";").append(piece);
  }
  if (rport || !same_token(sent_by_host(head), address)) out.append(";received=").append(address);
  if (rport) {
    out += ";rport=";
    append_number(out, source.port);
  }
  out += "\r\n";
}

void append_status_line(std::string& out, std::uint16_t status, std::string_view reason) {
  out += "SIP/2.0 ";
  append_number(out, status);
  out.append(" ").append(reason.empty() ? reason_phrase(status) : reason).append("\r\n");
}

constexpr std::size_t usual_size = 1024;

/// The headers an answer copies, found in a block that libosip2 could not read.
struct remains {
  std::string_view via;    ///< First Via header, all its entries.
  std::string other_vias;  ///< Whole lines.
  std::string_view from, to, call_id, cseq;

  bool complete() const {
    return !via.empty() && !from.empty() && !to.empty() && !call_id.empty() && !cseq.empty();
  }
  void take(std::string_view name, std::string_view value);
};

void remains::take(std::string_view name, std::string_view value) {
  const auto is = [&](std::string_view full, std::string_view compact) {
    return same_token(name, full) || same_token(name, compact);
  };
  const auto first = [&](std::string_view& place) {
    if (place.empty()) place = value;
  };
  if (is("via", "v")) {
    if (!via.empty()) append_line(other_vias, "Via", value);
    first(via);
  } else if (is("from", "f")) {
    first(from);
  } else if (is("to", "t")) {
    first(to);
  } else if (is("call-id", "i")) {
    first(call_id);
  } else if (same_token(name, "cseq")) {
    first(cseq);
  }
}

/// Whether a start line is a request that may be answered.
bool answerable(std::string_view start_line) {
  return start_line.find(' ') != std::string_view::npos && start_line.size() > 4
         && !same_token(start_line.substr(0, 4), "SIP/") && !start_line.starts_with("ACK ");
}

/// Takes one whole line off `block`, folded ones joined to it. Empty: there is none any more, or it
/// holds what a line must not.
std::string_view cut_line(std::string_view& block) {
  for (std::size_t at = 0; (at = block.find("\r\n", at)) != std::string_view::npos; at += 2) {
    if (at + 2 < block.size() && (block[at + 2] == ' ' || block[at + 2] == '\t')) continue;
    const auto line = block.substr(0, at);
    block.remove_prefix(at + 2);
    return line;
  }
  block = {};
  return {};
}

/// A line that can be sent back: libosip2 may see line ends where we do not.
bool sendable(std::string_view value) {
  return value.size() <= scan_bounds::line_max
         && value.find_first_of(std::string_view("\0\r\n", 3)) == std::string_view::npos;
}

}  // namespace

writer writer::request(const request_head& head) {
  writer w;
  auto& out = w.text_;
  out.reserve(usual_size);
  out.append(head.method).append(" ").append(head.request_uri).append(" SIP/2.0\r\nVia: SIP/2.0/");
  out.append(head.transport).append(" ");
  append_host(out, head.sent_by_host);
  out += ':';
  append_number(out, head.sent_by_port);
  out.append(";branch=").append(head.branch).append(";rport\r\nMax-Forwards: ");
  append_number(out, head.max_forwards);
  out += "\r\n";
  for (const auto& route : head.routes)
    append_line(out, "Route", route);
  append_line(out, "From", head.from);
  append_line(out, "To", head.to);
  append_line(out, "Call-ID", head.call_id);
  out += "CSeq: ";
  append_number(out, head.cseq);
  out.append(" ").append(head.method).append("\r\n");
  return w;
}

writer writer::response(const message& request, std::uint16_t status, std::string_view to_tag,
                        const endpoint& source, std::string_view reason) {
  writer w;
  auto& out = w.text_;
  out.reserve(usual_size);
  append_status_line(out, status, reason);
  append_top_via(out, request.top_via().text, source);
  if (request.via_count() > 1) {
    const auto vias = request.vias();
    for (std::size_t i = 1; i < vias.size(); ++i)
      append_line(out, "Via", vias[i]);
  }
  append_present(out, "From", request.from_text());
  if (const auto to = request.to_text(); !to.empty()) {
    out.append("To: ").append(to);
    if (!to_tag.empty() && request.to_tag().empty()) out.append(";tag=").append(to_tag);
    out += "\r\n";
  }
  append_present(out, "Call-ID", request.call_id());
  append_present(out, "CSeq", request.header("CSeq").value_or(std::string_view()));
  return w;
}

writer& writer::header(std::string_view name, std::string_view value) {
  append_line(text_, name, value);
  return *this;
}

writer& writer::header(std::string_view name, std::uint64_t value) {
  text_.append(name).append(": ");
  append_number(text_, value);
  text_ += "\r\n";
  return *this;
}

writer& writer::record_routes(const message& request) {
  for (const auto value : request.headers("Record-Route"))
    header("Record-Route", value);
  return *this;
}

writer& writer::lines(std::string_view text) {
  text_ += text;
  return *this;
}

std::string writer::finish(std::string_view content_type, std::string_view body) {
  if (!body.empty()) header("Content-Type", content_type);
  header("Content-Length", std::uint64_t{body.size()});
  text_.append("\r\n").append(body);
  return std::move(text_);
}

std::string answer_unparsed(std::string_view header_block, std::uint16_t status,
                            const endpoint& source) {
  header_block = header_block.substr(0, scan_bounds::header_block_max);
  if (status == 0 || !answerable(cut_line(header_block))) return {};
  remains found;
  std::size_t count = 0;
  while (!header_block.empty() && ++count <= scan_bounds::header_count_max) {
    auto value = cut_line(header_block);
    const auto name = trimmed(cut_to(value, ':'));
    if (sendable(value)) found.take(name, trimmed(value));
  }
  if (!found.complete()) return {};
  std::string out;
  out.reserve(usual_size + found.other_vias.size());
  append_status_line(out, status, {});
  const auto entries = split_list(found.via);
  if (entries.empty()) return {};
  append_top_via(out, entries.front(), source);
  for (std::size_t i = 1; i < entries.size(); ++i)
    append_line(out, "Via", entries[i]);
  out += found.other_vias;
  append_line(out, "From", found.from);
  out.append("To: ").append(found.to);
  if (found.to.find("tag=") == std::string_view::npos) {
    // Nothing is kept, and a retransmission must be answered alike (RFC 3261 §8.2.7).
    out += ";tag=";
    append_number(out, std::hash<std::string_view>{}(found.call_id));
  }
  out += "\r\n";
  append_line(out, "Call-ID", found.call_id);
  append_line(out, "CSeq", found.cseq);
  out += "Content-Length: 0\r\n\r\n";
  return out;
}

}  // namespace parkway::sip
