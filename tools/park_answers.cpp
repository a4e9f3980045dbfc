#include "tools/park_answers.hpp"

#include "actors/park/shown_identity.hpp"

#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <optional>
#include <vector>

namespace parkway {

namespace {

using namespace std::chrono;
using wall = system_clock::time_point;

constexpr std::array<std::string_view, 3> question_words{"list", "show", "explain"};
constexpr std::array<std::string_view, 2> shape_words{"text", "json"};
constexpr auto book_answers_within = milliseconds{500};

std::string_view word(park_state state) {
  switch (state) {
    case park_state::parking:
      return "parking";
    case park_state::parked:
      return "parked";
    case park_state::recalling:
      return "recalling";
    case park_state::handed_on:
      return "handed_on";
    case park_state::bridging:
      return "bridging";
    case park_state::ended:
      return "ended";
  }
  return {};
}

std::string_view word(park_kind kind) {
  return kind == park_kind::group ? "group" : "direct";
}

std::string shown_number(const party& who) {
  return who.withheld ? std::string{} : who.extension.text;
}

/// "James 103"; a name that is the number stands once.
std::string shown(const party& who) {
  const auto name = shown_name(who);
  const auto number = shown_number(who);
  return name == number || number.empty() ? name : name + " " + number;
}

std::string formatted(wall at, const char* format, bool utc) {
  const auto second = system_clock::to_time_t(floor<seconds>(at));
  std::tm fields{};
  utc ? gmtime_r(&second, &fields) : localtime_r(&second, &fields);
  char text[32];
  return {text, std::strftime(text, sizeof text, format, &fields)};
}

std::string milliseconds_of(wall at) {
  char text[8];
  const auto part = floor<milliseconds>(at - floor<seconds>(at)).count();
  std::snprintf(text, sizeof text, ".%03d", static_cast<int>(part));
  return text;
}

std::string local_time(wall at) {
  return formatted(at, "%F %T", false);
}

std::string json(std::string_view text) {
  std::string made = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    char code[8];
    if (byte < 0x20)
      made.append(code,
                  static_cast<std::size_t>(std::snprintf(code, sizeof code, "\\u%04x", byte)));
    else
      made.append(c == '"' || c == '\\' ? 1 : 0, '\\').push_back(c);
  }
  return made + '"';
}

/// RFC 3339, UTC.
std::string json(wall at) {
  return json(formatted(at, "%FT%T", true) + milliseconds_of(at) + "Z");
}

std::string json(const std::optional<wall>& at) {
  return at ? json(*at) : "null";
}

std::string json(const party& who) {
  return "{\"name\":" + json(shown_name(who)) + ",\"number\":" + json(shown_number(who)) + "}";
}

/// The fields of GET /parked_calls, without the braces.
std::string json_fields(const park_entry& e) {
  const auto& t = *e.terms;
  return "\"id\":" + json(e.id.text) + ",\"tenant\":" + json(t.tenant.text)
         + ",\"slot\":" + json(t.place.text) + ",\"kind\":" + json(word(t.kind))
         + ",\"group\":" + (t.kind == park_kind::group ? json(t.group.text) : "null")
         + ",\"parked\":" + json(t.parked) + ",\"parker\":" + json(t.parker)
         + ",\"parked_at\":" + json(e.parked_at) + ",\"recall_at\":" + json(e.recall_at)
         + ",\"state\":" + json(word(e.state)) + ",\"retrieve_code\":" + json(e.retrieve_code);
}

/// Columns, not bytes: names are UTF-8.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
    std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

using row = std::vector<std::string>;

/// Rows under each other, each column as wide as its widest cell.
std::string table(const std::vector<row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& r : rows)
    for (std::size_t i = 0; i < r.size(); ++i)
      widths[i] = std::max(widths[i], width(r[i]));
  std::string made;
  for (const auto& r : rows) {
    for (std::size_t i = 0; i < r.size(); ++i)
      made +=
        i + 1 == r.size() ? r[i] + "\n" : r[i] + std::string(widths[i] - width(r[i]) + 2, ' ');
  }
  return made;
}

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

row row_of(const park_entry& e, wall now) {
  const auto& t = *e.terms;
  std::string left;
  if (e.recall_at)
    left = std::to_string(std::max<long>(0, ceil<seconds>(*e.recall_at - now).count())) + " s";
  return {e.id.text,
          t.tenant.text,
          or_dash(t.place.text),
          t.kind == park_kind::group ? "group " + t.group.text : "direct",
          shown(t.parked),
          shown(t.parker),
          local_time(e.parked_at),
          or_dash(left),
          std::string{word(e.state)},
          or_dash(e.retrieve_code)};
}

/// The words of a line; an id has no blanks.
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const auto end = std::min(line.find(' '), line.size());
    if (end > 0) words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

template <class List>
std::optional<std::size_t> index_in(const List& list, std::string_view word) {
  const auto found = std::find(list.begin(), list.end(), word);
  if (found == list.end()) return std::nullopt;
  return static_cast<std::size_t>(found - list.begin());
}

std::optional<park_entries> ask(caf::actor_system& system, const caf::actor& book,
                                const std::string& id) {
  std::optional<park_entries> got;
  caf::scoped_actor self{system};
  self->request(book, book_answers_within, show_park_book{park_id{id}})
    .receive([&](park_entries& entries) { got = std::move(entries); }, [](const caf::error&) {});
  return got;
}

}  // namespace

std::string park_request(park_question what, answer_shape shape, const std::string& id) {
  const auto text = "park " + std::string{question_words[static_cast<std::size_t>(what)]} + " "
                    + std::string{shape_words[static_cast<std::size_t>(shape)]};
  return id.empty() ? text : text + " " + id;
}

control_answer answer_park_request(caf::actor_system& system, const caf::actor& book,
                                   std::string_view line) {
  const auto words = words_of(line);
  const auto what = words.size() > 1 ? index_in(question_words, words[1]) : std::nullopt;
  const auto as = words.size() > 2 ? index_in(shape_words, words[2]) : std::nullopt;
  const bool of_all = what == std::size_t{0};
  if (!what || !as || words[0] != "park" || words.size() != (of_all ? 3U : 4U))
    return {false, "the node does not understand the question; is it of another version?"};
  const auto shape = static_cast<answer_shape>(*as);
  const std::string id{of_all ? std::string_view{} : words[3]};
  const auto found = ask(system, book, id);
  if (!found) return {false, "the node keeps no book of its parked calls at the moment"};
  if (of_all) return {true, list_of(*found, shape, system_clock::now())};
  if (found->entries.empty())
    return {false, "no such parked call: " + id + "; `parkway park list` shows those there are"};
  const auto& one = found->entries.front();
  return {true, static_cast<park_question>(*what) == park_question::show ? fields_of(one, shape)
                                                                         : timeline_of(one, shape)};
}

std::string list_of(const park_entries& all, answer_shape shape, wall now) {
  if (shape == answer_shape::json) {
    std::string items;
    for (const auto& e : all.entries)
      items += (items.empty() ? "{" : ",{") + json_fields(e) + "}";
    return "{\"count\":" + std::to_string(all.entries.size()) + ",\"items\":[" + items + "]}\n";
  }
  if (all.entries.empty()) return "No call is parked.\n";
  std::vector<row> rows{{"ID", "TENANT", "PLACE", "KIND", "PARKED", "PARKER", "SINCE", "RECALL IN",
                         "STATE", "RETRIEVE"}};
  for (const auto& e : all.entries)
    rows.push_back(row_of(e, now));
  return table(rows);
}

std::string fields_of(const park_entry& one, answer_shape shape) {
  if (shape == answer_shape::json) return "{" + json_fields(one) + "}\n";
  const auto& t = *one.terms;
  return table({{"id", one.id.text},
                {"tenant", t.tenant.text},
                {"slot", or_dash(t.place.text)},
                {"kind", std::string{word(t.kind)}},
                {"group", or_dash(t.group.text)},
                {"parked", shown(t.parked)},
                {"parker", shown(t.parker)},
                {"parked_at", local_time(one.parked_at)},
                {"recall_at", one.recall_at ? local_time(*one.recall_at) : "-"},
                {"state", std::string{word(one.state)}},
                {"retrieve_code", or_dash(one.retrieve_code)}});
}

std::string timeline_of(const park_entry& one, answer_shape shape) {
  std::string lines;
  if (shape == answer_shape::text) {
    for (const auto& l : one.timeline)
      lines += local_time(l.at) + milliseconds_of(l.at) + "  " + l.what + "\n";
    return lines;
  }
  for (const auto& l : one.timeline)
    lines +=
      (lines.empty() ? "{\"at\":" : ",{\"at\":") + json(l.at) + ",\"what\":" + json(l.what) + "}";
  return "{" + json_fields(one) + ",\"timeline\":[" + lines + "]}\n";
}

}  // namespace parkway
