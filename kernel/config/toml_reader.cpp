#include "kernel/config/toml_reader.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <numeric>

namespace parkway {

namespace {

std::uint32_t line_of(const toml::source_region& where) {
  return static_cast<std::uint32_t>(where.begin.line);
}

/// How a type of TOML is called among people.
std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::none:
      return "nothing";
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
      return "a date or time";
  }
  return "something else";
}

/// Levenshtein distance: insertions, deletions and replacements.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, diagonal + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::string listed(const std::vector<std::string_view>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text.append("\"").append(words[i]).append("\"");
  }
  return text;
}

std::string_view nearest(std::string_view given, const std::vector<std::string_view>& words) {
  std::string_view best;
  // Further away than half its letters is not a slip of the pen any more.
  std::size_t least = std::max<std::size_t>(given.size() / 2, 2) + 1;
  for (const auto word : words) {
    const auto distance = edit_distance(given, word);
    if (distance >= least) continue;
    least = distance;
    best = word;
  }
  return best;
}

void refuse_missing_file(table_reader& table, std::string_view key,
                         const std::filesystem::path& file) {
  table.refuse(key, "no readable file " + file.string()
                      + "; expected a path that is absolute, or relative to this file's folder");
}

void mistakes::add(std::uint32_t line, std::string key, std::string wrong) {
  if (list_.size() < count_max)
    list_.push_back({file_, line, std::move(key), std::move(wrong)});
  else if (list_.size() == count_max)
    list_.push_back({file_, UINT32_MAX, "", "more mistakes follow; these first"});
}

std::vector<config_error> mistakes::take() {
  std::stable_sort(list_.begin(), list_.end(),
                   [](const auto& a, const auto& b) { return a.line < b.line; });
  if (!list_.empty() && list_.back().line == UINT32_MAX) list_.back().line = 0;
  return std::move(list_);
}

toml::table parse_toml(const std::filesystem::path& file, mistakes& errors) {
  std::error_code failed;
  if (std::filesystem::is_directory(file, failed)) {
    errors.add(0, "", "cannot be read: it is a folder");
    return {};
  }
  errno = 0;
  std::ifstream in{file, std::ios::binary};
  if (!in.is_open()) {
    errors.add(0, "", std::string{"cannot be read: "} + std::strerror(errno));
    return {};
  }
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    errors.add(line_of(error.source()), "",
               "not valid TOML: " + std::string{error.description()} + " (column "
                 + std::to_string(error.source().begin.column) + ")");
    return {};
  }
}

table_reader::table_reader(mistakes& errors, const toml::table& table, std::string path,
                           std::uint32_t line)
  : errors_(&errors), table_(&table), path_(std::move(path)), line_(line) {
}

std::string table_reader::path_of(std::string_view key) const {
  if (path_.empty()) return std::string{key};
  return key.empty() ? path_ : path_ + "." + std::string{key};
}

const toml::node* table_reader::find(std::string_view key) {
  known_.push_back(key);
  return table_->get(key);
}

bool table_reader::has(std::string_view key) {
  return find(key) != nullptr;
}

bool table_reader::is_text(std::string_view key) const {
  const auto* found = table_->get(key);
  return found && found->is_string();
}

std::uint32_t table_reader::line(std::string_view key) const {
  const auto found = table_->find(key);
  return found == table_->end() ? line_ : line_of(found->first.source());
}

void table_reader::refuse(std::string_view key, std::string wrong) {
  errors_->add(line(key), path_of(key), std::move(wrong));
}

void table_reader::refuse_type(std::string_view key, const toml::node& found,
                               std::string_view expected) {
  refuse(key, "is " + std::string{type_name(found)} + "; expected " + std::string{expected});
}

void table_reader::refuse_word(std::string_view key, std::string_view given,
                               const std::vector<std::string_view>& known) {
  refuse(key, "\"" + std::string{given} + "\" is not one of " + listed(known));
}

std::string table_reader::text(std::string_view key, std::string fallback) {
  const auto* const found = find(key);
  if (!found) return fallback;
  if (const auto* const value = found->as_string()) return value->get();
  refuse_type(key, *found, "a string in quotes");
  return fallback;
}

std::string table_reader::required_text(std::string_view key) {
  if (!has(key)) {
    refuse(key, "is missing; expected a string");
    return {};
  }
  auto value = text(key);
  if (value.empty() && is_text(key)) refuse(key, "is empty; expected a string");
  return value;
}

bool table_reader::flag(std::string_view key, bool fallback) {
  const auto* const found = find(key);
  if (!found) return fallback;
  if (const auto* const value = found->as_boolean()) return value->get();
  refuse_type(key, *found, "true or false");
  return fallback;
}

std::int64_t table_reader::integer(std::string_view key, std::int64_t fallback, std::int64_t min,
                                   std::int64_t max) {
  const auto* const found = find(key);
  if (!found) return fallback;
  const auto* const value = found->as_integer();
  const auto range = std::to_string(min) + "–" + std::to_string(max);
  if (!value) {
    refuse_type(key, *found, "a whole number, " + range);
    return fallback;
  }
  if (value->get() >= min && value->get() <= max) return value->get();
  refuse(key, std::to_string(value->get()) + " is out of range; expected " + range);
  return fallback;
}

std::chrono::seconds table_reader::seconds(std::string_view key, std::chrono::seconds fallback,
                                           std::int64_t min, std::int64_t max,
                                           std::string_view zero_means) {
  const auto* const found = find(key);
  if (!found) return fallback;
  auto right = std::to_string(min) + "–" + std::to_string(max) + " (seconds)";
  if (!zero_means.empty()) right += ", or 0: " + std::string{zero_means};
  const auto* const value = found->as_integer();
  if (!value) {
    refuse_type(key, *found, "a whole number, " + right);
    return fallback;
  }
  const auto given = value->get();
  if ((given >= min && given <= max) || (given == 0 && !zero_means.empty()))
    return std::chrono::seconds{given};
  refuse(key, std::to_string(given) + " is out of range; expected " + right);
  return fallback;
}

std::vector<std::string> table_reader::texts(std::string_view key,
                                             std::vector<std::string> fallback) {
  const auto* const found = find(key);
  if (!found) return fallback;
  const auto* const list = found->as_array();
  if (!list) {
    refuse_type(key, *found, "a list of strings");
    return fallback;
  }
  std::vector<std::string> values;
  values.reserve(list->size());
  for (const auto& item : *list) {
    if (const auto* const value = item.as_string())
      values.push_back(value->get());
    else
      refuse_type(key, item, "a list of strings only");
  }
  return values;
}

table_reader table_reader::table(std::string_view key) {
  static const toml::table nothing;
  const auto* const found = find(key);
  if (found && !found->is_table()) refuse_type(key, *found, "a table [" + path_of(key) + "]");
  const auto* const value = found ? found->as_table() : nullptr;
  return {*errors_, value ? *value : nothing, path_of(key), line(key)};
}

std::vector<table_reader> table_reader::tables(std::string_view key) {
  const auto* const found = find(key);
  if (!found) return {};
  const auto* const list = found->as_array();
  if (!list) {
    refuse_type(key, *found, "tables [[" + path_of(key) + "]]");
    return {};
  }
  std::vector<table_reader> readers;
  readers.reserve(list->size());
  for (const auto& item : *list) {
    if (const auto* const value = item.as_table())
      readers.emplace_back(*errors_, *value,
                           path_of(key) + "[" + std::to_string(readers.size() + 1) + "]",
                           line_of(value->source()));
    else
      refuse_type(key, item, "tables [[" + path_of(key) + "]]");
  }
  return readers;
}

void table_reader::refuse_unknown() {
  for (const auto& [key, value] : *table_) {
    const std::string_view name = key.str();
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    const auto near = nearest(name, known_);
    std::string wrong = "unknown key; ";
    if (!near.empty()) {
      wrong.append("nearest known key: ").append(near);
    } else {
      auto all = known_;
      std::sort(all.begin(), all.end());
      all.erase(std::unique(all.begin(), all.end()), all.end());
      wrong.append("known here: ").append(listed(all));
    }
    refuse(name, std::move(wrong));
  }
}

}  // namespace parkway
