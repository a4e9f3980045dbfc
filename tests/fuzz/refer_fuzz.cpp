/// REFER: what we read of Refer-To and its Replaces is what the phone wrote, and the report on it
/// is a sound NOTIFY.

#include "sip/dialog/refer_reports.hpp"
#include "sip/message/ids.hpp"
#include "sip/message/validate.hpp"
#include "sip/message/writer.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/sip_seeds.hpp"

using namespace parkway;
using namespace parkway::sip;
using fuzz::promise;

namespace {

/// Written again as another phone would write it, it is read the same.
void check_again(const transfer_requested& wish) {
  uri target;
  target.user = wish.dialled;
  target.host = "pbx.test";
  if (!wish.orbit.empty()) target.parameters.push_back({"orbit", wish.orbit});
  if (const auto& name = wish.replaces) {
    promise(!name->call_id.empty() && !name->to_tag.empty() && !name->from_tag.empty());
    promise(wish.replaces_leg == leg_named_by(*name));
    target.headers.push_back({"replaces", name->call_id + ";to-tag=" + name->to_tag
                                            + ";from-tag=" + name->from_tag
                                            + (name->early_only ? ";early-only" : "")});
  }
  const auto text =
    "REFER sip:pbx.test SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"
    "From: <sip:1@a>;tag=1\r\nTo: <sip:1@a>\r\nCall-ID: 1\r\nCSeq: 1 REFER\r\n"
    "Refer-To: <"
    + target.text() + ">\r\nContent-Length: 0\r\n\r\n";
  const auto m = message::parse(text);
  if (!m) return;  // Escapes make it longer.
  const auto again = read_refer(*m);
  if (!again) {
    promise(target.text().size() > 2048);
    return;
  }
  promise(again->dialled == wish.dialled && again->orbit == wish.orbit);
  promise(again->replaces.has_value() == wish.replaces.has_value());
  if (!wish.replaces) return;
  promise(again->replaces->call_id == wish.replaces->call_id);
  promise(again->replaces->to_tag == wish.replaces->to_tag);
  promise(again->replaces->from_tag == wish.replaces->from_tag);
  promise(again->replaces->early_only == wish.replaces->early_only);
}

/// The NOTIFY of any outcome says that outcome, and whether it is the last.
void check_report(const transfer_report& report) {
  const auto text = print_report(report, "Contact: <sip:192.0.2.1>\r\n");
  request_head head;
  head.method = "NOTIFY", head.request_uri = "sip:103@192.0.2.10";
  head.sent_by_host = "192.0.2.1", head.branch = "z9hG4bK1", head.call_id = "1", head.cseq = 1;
  head.from = "<sip:a@b>;tag=1", head.to = "<sip:c@d>;tag=2";
  const auto bytes = writer::request(head).lines(text.lines).finish(sipfrag_type, text.fragment);
  const auto m = message::parse(bytes);
  promise(m && !validate(*m) && m->body() == text.fragment);
  promise(m->header("Event")->starts_with("refer") && m->count("Subscription-State") == 1);
  promise(m->header("Subscription-State")->starts_with("terminated") == report.final);
  promise(text.fragment.starts_with("SIP/2.0 " + std::to_string(report.status) + " "));
  promise(text.fragment.ends_with("\r\n") && text.fragment.find('\n') + 1 == text.fragment.size());
}

}  // namespace

std::vector<std::string> fuzz::seeds() {
  const std::string head =
    "REFER sip:103@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK7\r\n"
    "From: <sip:103@pbx.test>;tag=1\r\nTo: <sip:106@pbx.test>;tag=2\r\nCall-ID: a\r\n"
    "CSeq: 2 REFER\r\nMax-Forwards: 70\r\n";
  const std::string end = "Content-Length: 0\r\n\r\n";
  return {
    head + "Refer-To: <sip:*68104@pbx.test>\r\nRefer-Sub: false\r\n" + end,
    head + "Refer-To: sip:park@pbx.test;orbit=104\r\nReferred-By: <sip:103@pbx.test>\r\n" + end,
    head + "r: \"C\" <sips:104@[2001:db8::1]:5061;orbit=104;lr?Replaces="
      + "a%40b%3Bto-tag%3D0001000000000000002aabcdef01%3Bfrom-tag%3D2%3Bearly-only&x=y>\r\n" + end,
    head + "Refer-To: <sip:104@pbx.test?Replaces=a;to-tag=1;from-tag=2>;method=INVITE\r\n" + end,
    head + "Refer-To: <tel:+1-201-555;phone-context=x>\r\nRefer-Sub: true ; x\r\n" + end};
}

std::vector<std::string> fuzz::words() {
  auto all = sip_words();
  all.insert(all.end(),
             {"%3B", "%3D", "%40", "%3b to-tag = ", "to-tag=", ";from-tag=", "early-only",
              "?replaces=", "&Replaces=", ";orbit=", "*68", "%0D%0A", "%22", "%5B"});
  return all;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  init_osip();
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  check_report({static_cast<transfer_id>(size), static_cast<std::uint16_t>(100 + size % 600),
                size % 2 == 0, size % 3 == 0});
  const auto m = message::parse(bytes);
  if (!m || !m->is_request() || validate(*m)) return 0;
  const auto value = m->header("Refer-To");
  const auto wish = read_refer(*m);
  promise(value || !wish);
  (void)wants_silence(*m);
  if (!wish) return 0;
  promise(wish->dialled.find('\0') == std::string::npos);
  check_again(*wish);
  return 0;
}
