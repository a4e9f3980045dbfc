/// Pre-scan, parser, validation, registrar and writer: whatever arrives, what we make of it is
/// sound.

#include "sip/message/validate.hpp"
#include "sip/message/writer.hpp"
#include "sip/shard/register_request.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/sip_seeds.hpp"

using namespace parkway;
using namespace parkway::sip;
using fuzz::promise;

namespace {

const endpoint source{*ip_address::parse("192.0.2.1"), 5060};

/// Every accessor once; what they give lies within the message.
void look_at(const message& m) {
  const auto inside = [&](std::string_view v) {
    const auto head = m.head();
    promise(v.empty()
            || (v.data() >= head.data() && v.data() + v.size() <= head.data() + head.size()));
  };
  for (const auto v : {m.request_uri_text(), m.call_id(), m.from_text(), m.to_text(), m.reason(),
                       m.top_via().text, m.content_type()})
    inside(v);
  for (const auto name : {"Via", "Route", "Contact", "Supported", "X"})
    for (const auto v : m.list(name))
      inside(v);
  promise(m.vias().size() <= scan_bounds::separators_max * scan_bounds::via_count_max);
  (void)m.from();
  (void)m.to();
  (void)m.contacts();
  (void)m.lists("Supported", "100rel");
  (void)m.number("Expires");
}

/// A sound request can be answered, and the answer is a sound response to it.
void check_answer(const message& m) {
  const auto text =
    writer::response(m, 200, "tag", source).record_routes(m).finish("a/b", m.body().substr(0, 99));
  const auto back = message::parse(text);
  if (!back) return;  // Some header was too long for its additions.
  promise(!back->is_request() && back->status() == 200);
  promise(back->call_id() == m.call_id());
  promise(back->cseq() == m.cseq());
  promise(back->top_via().branch == m.top_via().branch);
  promise(!back->to_tag().empty());
}

}  // namespace

std::vector<std::string> fuzz::seeds() {
  return sip_seeds();
}
std::vector<std::string> fuzz::words() {
  return sip_words();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  init_osip();
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto scanned = prescan(bytes);
  if (scanned.verdict != scan_verdict::message) {
    promise(scanned.header.size() <= scan_bounds::header_block_max);
    const auto out = answer_unparsed(scanned.header, scanned.status(), source);
    promise(out.empty() || prescan(out).header.size() == out.size()
            || prescan(out).verdict == scan_verdict::too_big);
    return 0;
  }
  promise(scanned.header.ends_with("\r\n\r\n"));
  const auto m = message::parse(scanned);
  if (!m) return 0;
  look_at(*m);
  const auto wrong = validate(*m);
  if (!m->is_request() || m->method() == method::ack) promise(!wrong || wrong->status == 0);
  if (wrong) return 0;
  promise(!m->call_id().empty() && m->via_count() > 0);
  if (!m->is_request()) return 0;
  check_answer(*m);
  if (m->method() == method::register_) (void)read_register(*m, {});
  return 0;
}
