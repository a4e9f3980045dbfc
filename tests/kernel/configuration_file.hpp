#pragma once

#include "kernel/config/settings.hpp"

#include <catch2/catch.hpp>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace parkway::test {

/// A folder of its own for a test, gone with it.
class folder {
 public:
  folder() {
    std::string name = (std::filesystem::temp_directory_path() / "parkway-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  folder(const folder&) = delete;
  ~folder() { std::filesystem::remove_all(path_); }

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, std::string_view text) const {
    const auto file = path_ / name;
    std::ofstream{file} << text;
    return file;
  }

 private:
  std::filesystem::path path_;
};

/// The mistakes of a file, or none.
template <class T>
std::vector<config_error> mistakes_in(const config_result<T>& read) {
  const auto* const errors = std::get_if<1>(&read);
  return errors ? *errors : std::vector<config_error>{};
}

/// Whether one of them is in that line, about that key, and says that.
inline bool tells(const std::vector<config_error>& all, std::uint32_t line, std::string_view key,
                  std::string_view words) {
  for (const auto& one : all)
    if (one.line == line && one.key == key && one.wrong.find(words) != std::string::npos)
      return true;
  return false;
}

/// All of them, for INFO.
inline std::string text_of(const std::vector<config_error>& all) {
  std::string text;
  for (const auto& one : all)
    text += one.text() + "\n";
  return text;
}

}  // namespace parkway::test
