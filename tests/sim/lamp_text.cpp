#include "tests/sim/lamp_text.hpp"

#include "tests/sim/sip_text.hpp"

namespace parkway::sim {
namespace {

/// From behind `open` up to `close`; empty: not there.
std::string_view between(std::string_view text, std::string_view open, std::string_view close) {
  auto from = text.find(open);
  if (from == text.npos) return {};
  from += open.size();
  auto to = text.find(close, from);
  return to == text.npos ? std::string_view{} : text.substr(from, to - from);
}

/// Value of an attribute within one start tag.
std::string attribute(std::string_view tag, std::string_view name) {
  return std::string(between(tag, " " + std::string(name) + "=\"", "\""));
}

std::optional<std::uint64_t> number(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return std::stoull(text);
}

/// All elements of that name, from their "<" on, each up to where the next one begins.
std::vector<std::string_view> elements(std::string_view text, std::string_view name) {
  std::vector<std::string_view> found;
  auto open = "<" + std::string(name) + " ";
  for (auto at = text.find(open); at != text.npos;) {
    auto next = text.find(open, at + 1);
    found.push_back(text.substr(at, next == text.npos ? text.npos : next - at));
    at = next;
  }
  return found;
}

std::string_view tag_of(std::string_view element) {
  return element.substr(0, element.find('>'));
}

std::string number_in(std::string_view identity) {
  return user_of(identity.substr(identity.find('>') + 1));
}

}  // namespace

lamp_text read_park_body(std::string_view body) {
  lamp_text lamp;
  if (auto parked = between(body, "<parked>", "</parked>"); !parked.empty())
    lamp.first = number_in(between(parked, "<identity ", "</identity>"));
  for (auto one : elements(body, "p:park-info")) {
    auto tag = tag_of(one);
    lamp.version = number(attribute(tag, "version"));
    if (attribute(tag, "state") != "none") lamp.parked.insert(attribute(tag, "id"));
  }
  return lamp;
}

lamp_text read_dialog_body(std::string_view body) {
  lamp_text lamp;
  auto root = tag_of(body.substr(std::min(body.find("<dialog-info"), body.size())));
  lamp.version = number(attribute(root, "version"));
  lamp.entity = attribute(root, "entity");
  for (auto one : elements(body, "dialog")) {
    if (between(one, "<state>", "</state>") == "terminated") continue;
    auto tag = tag_of(one);
    auto id = attribute(tag, "id");
    if (id.substr(0, 3) != "pk-") {
      ++lamp.calls;
      continue;
    }
    lamp.parked.insert(id);
    if (auto call_id = attribute(tag, "call-id"); !call_id.empty())
      lamp.published.push_back(call_id + ";to-tag=" + attribute(tag, "local-tag")
                               + ";from-tag=" + attribute(tag, "remote-tag"));
    if (!lamp.first.empty()) continue;
    lamp.first = number_in(between(one, "<remote><identity ", "</identity>"));
    if (lamp.first.empty()) lamp.first = number_in(between(one, "<identity ", "</identity>"));
  }
  return lamp;
}

}  // namespace parkway::sim
