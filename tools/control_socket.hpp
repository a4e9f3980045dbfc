#pragma once

#include "kernel/values/descriptor.hpp"
#include "kernel/values/result.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

namespace parkway {

/// What a question is answered with: text for stdout, or why there is none.
struct control_answer {
  bool done = true;
  std::string text;
};

/// Listens in the data folder for questions of its administrator: `control`, a unix socket of mode
/// 0600. The folder must be held (data_folder), so that a socket left behind is nobody's. Fault
/// unavailable: the folder can hold none.
result<descriptor> listen_for_control(const std::filesystem::path& data_dir);

/// Answers what is asked at such a socket, one after the other, on a thread of its own: nothing
/// here can hold up a loop. Only the user of this process and root are heard; a question has 256
/// bytes at most; whoever does not finish asking or reading within 2 s is hung up on.
class control_server {
 public:
  using answerer = std::function<control_answer(std::string_view question)>;

  control_server(descriptor listening, answerer answer);
  /// Stops at once, but for an answer that is being made.
  ~control_server();

 private:
  void serve();

  const descriptor listening_;
  const descriptor stop_;  ///< Readable: stop.
  const answerer answer_;
  std::thread thread_;
};

/// Asks the node that runs on this data folder. Fault unavailable: none does, or it is silent.
result<control_answer> ask_node(const std::filesystem::path& data_dir, std::string_view question);

}  // namespace parkway
