#pragma once

#include "kernel/config/settings.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parkway {

/// The words a configuration value may be, each with what it means.
template <class Enum, std::size_t N>
using words_for = std::array<std::pair<std::string_view, Enum>, N>;

/// All mistakes of one file. A file with a thousand is not read better than one with a hundred.
class mistakes {
 public:
  explicit mistakes(std::string file) : file_(std::move(file)) {}

  void add(std::uint32_t line, std::string key, std::string wrong);
  bool none() const { return list_.empty(); }
  /// In the order of the lines.
  std::vector<config_error> take();

 private:
  static constexpr std::size_t count_max = 1000;
  std::string file_;
  std::vector<config_error> list_;
};

/// Parses a TOML file. What cannot be opened or is not TOML becomes a mistake, and the table empty.
toml::table parse_toml(const std::filesystem::path& file, mistakes& errors);

/// Typed access to one table. A value that is missing is its default; one that is wrong is a
/// mistake, and its default. Every key asked for counts as known.
class table_reader {
 public:
  table_reader(mistakes& errors, const toml::table& table, std::string path, std::uint32_t line);

  bool has(std::string_view key);
  /// Line of a key, or of the table where the key is missing.
  std::uint32_t line(std::string_view key) const;
  std::uint32_t line() const { return line_; }
  /// Says what is wrong with a key, and what would be right.
  void refuse(std::string_view key, std::string wrong);

  std::string text(std::string_view key, std::string fallback = {});
  /// A text that must be there and not be empty.
  std::string required_text(std::string_view key);
  bool flag(std::string_view key, bool fallback);
  std::int64_t integer(std::string_view key, std::int64_t fallback, std::int64_t min,
                       std::int64_t max);
  /// Whole seconds. `zero_means`: 0 is allowed too, and this is what it says; empty: it is not.
  std::chrono::seconds seconds(std::string_view key, std::chrono::seconds fallback,
                               std::int64_t min, std::int64_t max,
                               std::string_view zero_means = {});
  std::vector<std::string> texts(std::string_view key, std::vector<std::string> fallback = {});

  template <class Enum, std::size_t N>
  Enum choice(std::string_view key, Enum fallback, const words_for<Enum, N>& words) {
    if (!has(key)) return fallback;
    const auto given = text(key);
    for (const auto& [word, meaning] : words)
      if (given == word) return meaning;
    std::vector<std::string_view> known(N);
    std::transform(words.begin(), words.end(), known.begin(), [](auto& w) { return w.first; });
    if (is_text(key)) refuse_word(key, given, known);
    return fallback;
  }

  /// The table of that name; an empty one where it is missing.
  table_reader table(std::string_view key);
  /// The [[key]] tables, in order.
  std::vector<table_reader> tables(std::string_view key);

  /// After the last key: whatever was not asked for is a mistake.
  void refuse_unknown();

 private:
  const toml::node* find(std::string_view key);
  bool is_text(std::string_view key) const;
  void refuse_type(std::string_view key, const toml::node& found, std::string_view expected);
  void refuse_word(std::string_view key, std::string_view given,
                   const std::vector<std::string_view>& known);
  std::string path_of(std::string_view key) const;

  mistakes* errors_;
  const toml::table* table_;
  std::string path_;
  std::uint32_t line_;
  std::vector<std::string_view> known_;
};

/// Says that a file a key names is not there, or not ours to read.
void refuse_missing_file(table_reader& table, std::string_view key,
                         const std::filesystem::path& file);

/// `"a", "b" or "c"`.
std::string listed(const std::vector<std::string_view>& words);
/// The word most like `given` (edit distance), or empty where none is alike.
std::string_view nearest(std::string_view given, const std::vector<std::string_view>& words);

}  // namespace parkway
