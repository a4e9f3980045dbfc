#pragma once

#include "kernel/values/utf8.hpp"
#include "sip/message/text.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parkway::fuzz {

/// Reads what we write of XML as a phone would, and stricter: declaration, elements, attributes,
/// text. Ends the program where a document is not well-formed.
class xml_reader {
 public:
  struct element {
    std::string name;
    std::vector<std::pair<std::string, std::string>> attributes;
    std::string text;

    const std::string* attribute(std::string_view which) const {
      for (const auto& [key, value] : attributes)
        if (key == which) return &value;
      return nullptr;
    }
  };

  explicit xml_reader(std::string_view document) : rest_(document) {
    for (auto text = document; !text.empty();) {
      const auto size = utf8_length(text);
      promise(size > 0);
      if (size == 1) promise(text.front() >= ' ' || text.front() == '\n');
      text.remove_prefix(size);
    }
    expect("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    promise(rest_.starts_with('<'));
    read_element();
    promise(sip::trimmed(rest_).empty());
  }

  /// In the order in which they begin.
  const std::vector<element>& elements() const { return elements_; }
  /// All of one name.
  std::vector<const element*> named(std::string_view name) const {
    std::vector<const element*> found;
    for (const auto& e : elements_)
      if (e.name == name) found.push_back(&e);
    return found;
  }

 private:
  void expect(std::string_view text) {
    promise(rest_.starts_with(text));
    rest_.remove_prefix(text.size());
  }
  std::string_view until(std::string_view marks) {
    const auto at = rest_.find_first_of(marks);
    promise(at != std::string_view::npos);
    const auto piece = rest_.substr(0, at);
    rest_.remove_prefix(at);
    return piece;
  }
  static std::string plain(std::string_view text) {
    constexpr std::pair<std::string_view, char> entities[] = {
      {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
    std::string out;
    while (!text.empty()) {
      if (text.front() != '&') {
        out += text.front();
        text.remove_prefix(1);
        continue;
      }
      const auto before = out.size();
      for (const auto& [name, meant] : entities) {
        if (!text.starts_with(name)) continue;
        out += meant;
        text.remove_prefix(name.size());
        break;
      }
      promise(out.size() == before + 1);
    }
    return out;
  }

  void read_element() {
    expect("<");
    const auto index = elements_.size();
    const std::string name{until(" />")};
    promise(!name.empty());
    elements_.push_back({name, {}, {}});
    while (rest_.starts_with(' ')) {
      rest_.remove_prefix(1);
      const std::string key{until("=")};
      promise(!elements_[index].attribute(key));
      expect("=\"");
      const auto value = until("\"<");
      expect("\"");
      elements_[index].attributes.emplace_back(key, plain(value));
    }
    if (rest_.starts_with("/>")) return expect("/>");
    expect(">");
    std::string text;
    while (text += plain(until("<")), !rest_.starts_with("</"))
      read_element();
    expect("</");
    expect(name);
    expect(">");
    elements_[index].text = std::move(text);
  }

  std::string_view rest_;
  std::vector<element> elements_;
};

}  // namespace parkway::fuzz
