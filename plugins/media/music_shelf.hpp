#pragma once

#include "plugins/media/music.hpp"
#include "plugins/media/out_stream.hpp"

#include <cstddef>
#include <string>
#include <unordered_map>

namespace parkway::media {

/// What is played under one name: the built-in tune until the file is there, and for ever if it
/// cannot be read.
struct music_slot {
  music_ptr playing{};
  bool wanted = false;       ///< Asked for, not here yet.
  bool here = false;         ///< `playing` is the file.
  time_point retry_after{};  ///< A file that could not be read is not tried again before.
};

/// The music of an engine by file name. Slots stay where they are, for listeners point at them.
class music_shelf {
 public:
  /// Names beyond that get the tune: a file takes up to 14 MB.
  static constexpr std::size_t files_max = 64;

  explicit music_shelf(music_ptr tune) { tune_.playing = std::move(tune); }

  /// The slot of a file (empty: the built-in tune). `fetch`: it has to be read now, by whoever
  /// asks; then `put` or `miss` is due.
  struct found {
    const music_slot& slot;
    bool fetch;
  };
  found find(const std::string& file, time_point now);
  /// The file is there: its listeners hear it from now on.
  void put(const std::string& file, music_ptr loaded);
  /// It cannot be read; it is tried again when somebody is to hear it half a minute later.
  void miss(const std::string& file, time_point now);

 private:
  music_slot tune_;
  std::unordered_map<std::string, music_slot> files_;
};

}  // namespace parkway::media
