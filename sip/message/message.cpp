#include "sip/message/message.hpp"

#include "sip/message/osip.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace parkway::sip {

namespace {

constexpr std::array<std::string_view, 14> method_names{
  "INVITE", "ACK",  "BYE",   "CANCEL",    "OPTIONS", "REGISTER", "PRACK",
  "UPDATE", "INFO", "REFER", "SUBSCRIBE", "NOTIFY",  "MESSAGE",  "PUBLISH"};

/// Long names by the letter of their compact form (RFC 3261 §7.3.3 and the RFCs of extensions).
constexpr std::array<std::string_view, 26> long_names{"Accept-Contact",
                                                      "Referred-By",
                                                      "Content-Type",
                                                      "Request-Disposition",
                                                      "Content-Encoding",
                                                      "From",
                                                      "",
                                                      "",
                                                      "Call-ID",
                                                      "Reject-Contact",
                                                      "Supported",
                                                      "Content-Length",
                                                      "Contact",
                                                      "Identity-Info",
                                                      "Event",
                                                      "",
                                                      "",
                                                      "Refer-To",
                                                      "Subject",
                                                      "To",
                                                      "Allow-Events",
                                                      "Via",
                                                      "",
                                                      "Session-Expires",
                                                      "Identity",
                                                      ""};

std::string_view long_name(std::string_view name) {
  const char letter = name.size() == 1 ? lower(name.front()) : ' ';
  if (letter < 'a' || letter > 'z') return name;
  const auto found = long_names[static_cast<std::size_t>(letter - 'a')];
  return found.empty() ? name : found;
}

std::string_view view(const char* text) {
  return text ? std::string_view(text) : std::string_view();
}

struct osip_freer {
  void operator()(osip_message_t* m) const { osip_message_free(m); }
};

/// One header, its compact name made long. Views into the message's text.
struct header_line {
  std::string_view name;
  std::string_view value;
};

/// Headers whose structure is taken from libosip2. The others, and bodies, it never sees: what it
/// does not read costs nothing, and cannot hurt.
bool structured(std::string_view name) {
  constexpr std::array<std::string_view, 8> names{"Via",  "From",    "To",    "Call-ID",
                                                  "CSeq", "Contact", "Route", "Record-Route"};
  return std::any_of(names.begin(), names.end(), [&](auto n) { return same_token(n, name); });
}

std::string_view tag_of(osip_from_t* header) {
  if (!header) return {};
  osip_uri_param_t* tag = nullptr;
  char name[] = "tag";
  osip_uri_param_get_byname(&header->gen_params, name, &tag);
  return tag ? view(tag->gvalue) : std::string_view();
}

bool has_bare_tag(osip_from_t* header) {
  osip_uri_param_t* tag = nullptr;
  char name[] = "tag";
  if (!header || osip_uri_param_get_byname(&header->gen_params, name, &tag) < 0) return false;
  return tag && view(tag->gvalue).empty();
}

}  // namespace

std::string_view method_name(method m) {
  const auto index = static_cast<std::size_t>(m);
  return index < method_names.size() ? method_names[index] : std::string_view();
}

method method_named(std::string_view name) {
  for (std::size_t i = 0; i < method_names.size(); ++i)
    if (method_names[i] == name) return static_cast<method>(i);
  return method::other;
}

/// What a message is made of. It never moves: the views of all the rest point into it.
struct message::parsed {
  std::string text;      ///< Header block, folded lines joined, and body behind it.
  std::size_t head = 0;  ///< Size of the header block.
  std::unique_ptr<osip_message_t, osip_freer> osip;
  std::vector<header_line> lines;
  bool request = true;
  std::string_view start_a, start_b,
    start_c;  ///< Method, URI, version; or version, status, reason.
  std::uint16_t status = 0;
  std::uint32_t cseq = 0;
  sip::method method = sip::method::other;
  sip::method cseq_method = sip::method::other;
  via_view via;
  mutable std::optional<result<uri>> request_uri;
  mutable std::optional<result<name_addr>> from, to;

  bool index();
  bool read_start_line(std::string_view line);
  int parse_osip();
  void read_cseq();
  void read_via();
  std::string_view value(std::string_view name) const;
};

/// Joins folded lines and notes where each header is. False: a line is no header.
bool message::parsed::index() {
  lines.reserve(24);
  std::size_t begin = 0;
  for (std::size_t at = text.find('\r'); at < head; at = text.find('\r', at + 2)) {
    if (at == begin) break;  // The empty line.
    const char next = text[at + 2];
    if (next == ' ' || next == '\t') {
      text[at] = text[at + 1] = ' ';
      if (begin == 0) return false;  // A start line cannot be folded.
      continue;
    }
    auto line = std::string_view(text).substr(begin, at - begin);
    if (begin == 0) {
      if (!read_start_line(line)) return false;
    } else {
      const auto colon = line.find(':');
      if (colon == std::string_view::npos || colon == 0) return false;
      lines.push_back({long_name(trimmed(line.substr(0, colon))), trimmed(line.substr(colon + 1))});
    }
    begin = at + 2;
  }
  return begin > 0;
}

bool message::parsed::read_start_line(std::string_view line) {
  start_c = line;
  start_a = cut_to(start_c, ' ');
  start_b = cut_to(start_c, ' ');
  if (start_a.empty() || start_b.empty()) return false;
  request = start_a.size() < 4 || !same_token(start_a.substr(0, 4), "SIP/");
  if (!request) {
    status = static_cast<std::uint16_t>(number_in(start_b, 999).value_or(0));
    return true;
  }
  method = method_named(start_a);
  return !start_c.empty() && start_c.find(' ') == std::string_view::npos;
}

int message::parsed::parse_osip() {
  osip_message_t* raw = nullptr;
  if (osip_message_init(&raw) != OSIP_SUCCESS) return OSIP_NOMEM;
  osip.reset(raw);
  thread_local std::string block;
  block.assign(text, 0, text.find('\r') + 2);
  for (const auto& line : lines)
    if (structured(line.name)) block.append(line.name).append(": ").append(line.value) += "\r\n";
  block += "Content-Length: 0\r\n\r\n";
  return osip_message_parse(raw, block.data(), block.size());
}

void message::parsed::read_cseq() {
  if (!osip->cseq) return;
  cseq = static_cast<std::uint32_t>(number_in(view(osip->cseq->number), UINT32_MAX).value_or(0));
  cseq_method = method_named(view(osip->cseq->method));
  if (!request) method = cseq_method;
}

void message::parsed::read_via() {
  const auto* top = static_cast<osip_via_t*>(osip_list_get(&osip->vias, 0));
  if (!top) return;
  via.text = value("Via");
  if (via.text.find(',') != std::string_view::npos)
    if (const auto entries = split_list(via.text); !entries.empty()) via.text = entries.front();
  via.transport = view(top->protocol);
  via.host = view(top->host);
  if (via.host.starts_with('[') && via.host.ends_with(']'))
    via.host = via.host.substr(1, via.host.size() - 2);
  via.port = static_cast<std::uint16_t>(number_in(view(top->port), 65535).value_or(0));
  osip_list_iterator_t it;
  for (void* p = osip_list_get_first(&top->via_params, &it); p; p = osip_list_get_next(&it)) {
    const auto* param = static_cast<osip_uri_param_t*>(p);
    const auto name = view(param->gname), what = view(param->gvalue);
    if (same_token(name, "branch"))
      via.branch = what;
    else if (same_token(name, "received"))
      via.received = what;
    else if (same_token(name, "rport")) {
      via.rport_asked = true;
      via.rport = static_cast<std::uint16_t>(number_in(what, 65535).value_or(0));
    }
  }
}

std::string_view message::parsed::value(std::string_view name) const {
  for (const auto& line : lines)
    if (same_token(line.name, name)) return line.value;
  return {};
}

message::message(std::unique_ptr<parsed> it) : it_(std::move(it)) {
}
message::message(message&&) noexcept = default;
message& message::operator=(message&&) noexcept = default;
message::~message() = default;

result<message> message::parse(const scan& accepted) {
  if (accepted.verdict != scan_verdict::message) {
    const bool big = accepted.status() == 413 || accepted.status() == 513;
    return fault{big ? fault_code::too_big : fault_code::malformed, accepted.why};
  }
  auto it = std::make_unique<parsed>();
  it->head = accepted.header.size();
  it->text.reserve(it->head + accepted.body.size());
  it->text.append(accepted.header).append(accepted.body);
  if (!it->index()) return fault{fault_code::malformed, "no start line, or a line is no header"};
  if (const int failed = it->parse_osip(); failed != OSIP_SUCCESS) {
    // libosip2 refuses some unknown schemes; the sender is to hear 416, not 400.
    const auto target = it->request ? uri::parse(it->start_b) : result<uri>(uri{});
    if (!target && target.error().code == fault_code::unsupported) return target.error();
    return fault{fault_code::malformed, osip_strerror(failed)};
  }
  it->read_cseq();
  it->read_via();
  return message(std::move(it));
}

result<message> message::parse(std::string_view bytes) {
  return parse(prescan(bytes));
}

bool message::is_request() const {
  return it_->request;
}
sip::method message::method() const {
  return it_->method;
}
std::string_view message::method_text() const {
  return it_->request ? it_->start_a : cseq_method_text();
}
std::string_view message::version() const {
  return it_->request ? it_->start_c : it_->start_a;
}
std::string_view message::request_uri_text() const {
  return it_->request ? it_->start_b : std::string_view();
}

const result<uri>& message::request_uri() const {
  if (!it_->request_uri) it_->request_uri.emplace(uri::parse(request_uri_text()));
  return *it_->request_uri;
}

std::uint16_t message::status() const {
  return it_->status;
}
std::string_view message::reason() const {
  return it_->request ? std::string_view() : it_->start_c;
}
std::string_view message::call_id() const {
  return it_->value("Call-ID");
}
std::uint32_t message::cseq() const {
  return it_->cseq;
}
sip::method message::cseq_method() const {
  return it_->cseq_method;
}
std::string_view message::cseq_method_text() const {
  return it_->osip->cseq ? view(it_->osip->cseq->method) : std::string_view();
}
std::string_view message::from_text() const {
  return it_->value("From");
}
std::string_view message::to_text() const {
  return it_->value("To");
}
bool message::has_bare_tag() const {
  return sip::has_bare_tag(it_->osip->from) || sip::has_bare_tag(it_->osip->to);
}
std::string_view message::from_tag() const {
  return tag_of(it_->osip->from);
}
std::string_view message::to_tag() const {
  return tag_of(it_->osip->to);
}

const result<name_addr>& message::from() const {
  if (!it_->from) it_->from.emplace(name_addr::parse(from_text()));
  return *it_->from;
}

const result<name_addr>& message::to() const {
  if (!it_->to) it_->to.emplace(name_addr::parse(to_text()));
  return *it_->to;
}

const via_view& message::top_via() const {
  return it_->via;
}
std::size_t message::via_count() const {
  return static_cast<std::size_t>(osip_list_size(&it_->osip->vias));
}
std::vector<std::string_view> message::vias() const {
  return list("Via");
}

bool message::contact_is_star() const {
  return it_->value("Contact") == "*";
}

result<std::vector<name_addr>> message::contacts() const {
  std::vector<name_addr> out;
  for (const auto text : contact_texts()) {
    auto entry = name_addr::parse(text);
    if (!entry) return entry.error();
    out.push_back(*std::move(entry));
  }
  return out;
}

std::optional<std::string_view> message::header(std::string_view name) const {
  for (const auto& line : it_->lines)
    if (same_token(line.name, name)) return line.value;
  return std::nullopt;
}

std::size_t message::count(std::string_view name) const {
  return static_cast<std::size_t>(
    std::count_if(it_->lines.begin(), it_->lines.end(),
                  [&](const header_line& line) { return same_token(line.name, name); }));
}

std::vector<std::string_view> message::headers(std::string_view name) const {
  std::vector<std::string_view> out;
  for (const auto& line : it_->lines)
    if (same_token(line.name, name)) out.push_back(line.value);
  return out;
}

std::vector<std::string_view> message::list(std::string_view name) const {
  std::vector<std::string_view> out;
  for (const auto& line : it_->lines) {
    if (!same_token(line.name, name)) continue;
    if (line.value.find(',') == std::string_view::npos) {
      if (!line.value.empty()) out.push_back(line.value);
      continue;
    }
    const auto entries = split_list(line.value);
    out.insert(out.end(), entries.begin(), entries.end());
  }
  return out;
}

bool message::lists(std::string_view name, std::string_view token) const {
  for (const auto& line : it_->lines) {
    if (!same_token(line.name, name)) continue;
    for (auto rest = line.value; !rest.empty();)
      if (same_token(trimmed(cut_to(rest, ',')), token)) return true;
  }
  return false;
}

std::optional<std::uint32_t> message::number(std::string_view name) const {
  auto text = it_->value(name);
  const auto value = number_in(trimmed(text.substr(0, text.find_first_of("; \t("))), UINT32_MAX);
  if (!value) return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

std::string_view message::body() const {
  return std::string_view(it_->text).substr(it_->head);
}
std::string_view message::content_type() const {
  return it_->value("Content-Type");
}
bool message::content_is(std::string_view type) const {
  auto text = content_type();
  return same_token(trimmed(cut_to(text, ';')), type);
}
std::string_view message::head() const {
  return std::string_view(it_->text).substr(0, it_->head);
}

}  // namespace parkway::sip
