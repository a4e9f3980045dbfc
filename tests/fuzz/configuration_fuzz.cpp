/// Configuration files: each is read, or all that is wrong with it is said, with its file.

#include "kernel/config/device_profiles.hpp"
#include "kernel/config/settings.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <string_view>

using namespace parkway;
using fuzz::promise;

namespace {

/// A file that exists in memory only.
class memory_file {
 public:
  void hold(std::string_view text) const {
    promise(ftruncate(fd_, 0) == 0);
    promise(pwrite(fd_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  }
  std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_ = memfd_create("configuration", MFD_CLOEXEC);
};

template <class T>
void check_mistakes(const config_result<T>& read) {
  const auto* const errors = std::get_if<1>(&read);
  if (!errors) return;
  promise(!errors->empty());
  for (const auto& e : *errors)
    promise(!e.file.empty() && !e.wrong.empty() && e.text().find('\n') == std::string::npos);
}

void check_directory(const tenant_list& list) {
  for (const auto& [name, in] : list.by_name) {
    promise(in->name == name && !in->domain.empty());
    for (const auto& group : in->park_groups) {
      for (const auto& member : group.members)
        promise(in->extension(member) != nullptr);
    }
    for (const auto& [number, group] : in->ring_groups)
      promise(!in->extension(number) && !group.members.empty());
  }
  (void)print_directory(list);
}

}  // namespace

std::vector<std::string> fuzz::seeds() {
  return {R"(
[node]
data_dir = "data"
[log]
level = "info"
[sip]
digest_algorithms = ["SHA-256", "MD5"]
[[sip.listen]]
transport = "udp"
address = "127.0.0.1"
port = 5060
[[sip.listen]]
transport = "tcp"
address = "::1"
[media]
mode = "relay"
ports = "40000-40100"
[directory]
seed = "demo.toml"
[limits]
calls = 100
[plugins]
load = ["media"]
)",
          R"(
[system_admin]
username = "admin"
password = "x"
[[tenant]]
name = "example"
domain = "example.test"
default = true
admin = { username = "example", password = "y" }
  [tenant.call_park]
  recall_to = "USER_FIRST_THEN_RING_GROUP"
  recall_time = 60
  recall_ring_group = "600"
  max_park_time = 3600
  final = "102"
  [tenant.feature_access_codes]
  CALL_PARK = "*68"
  GROUP_CALL_PARK = ""
  [[tenant.extension]]
  number = "101"
  display_name = "James"
  password = "secret"
  [[tenant.extension]]
  number = "102"
  password = "secret"
  [[tenant.ring_group]]
  number = "600"
  strategy = "CYCLIC_HUNT"
  members = ["101", "102"]
  [[tenant.call_park_group]]
  name = "Sales"
  hunting = "LONGEST_IDLE"
  members = ["102", "101"]
  [[tenant.phone]]
  mac = "00:1f:c1:1c:22:a9"
  extension = "101"
)",
          R"(
[[profile]]
name = "htek"
user_agents = ["Htek", "UC9"]
channel = "auto"
lamp = "bw"
extended = true
terminated = false
)"};
}

std::vector<std::string> fuzz::words() {
  return {"[[tenant]]\n",
          "[tenant.call_park]\n",
          "[[tenant.extension]]\n",
          "number = \"101\"\n",
          "members = [\"101\"]\n",
          "final = \"600\"\n",
          "recall_to = \"NUMBER\"\n",
          "= -1\n",
          "= 99999999999999999999\n",
          "= 1e999\n",
          "= inf\n",
          "\"\"\"",
          "'''",
          "[[[[[[[[",
          "{a={b={",
          "\\u0000",
          "\xFF",
          "1979-05-27T07:32:00Z",
          "\n",
          "\"",
          "[",
          "]",
          ".",
          "*68",
          "*"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const memory_file file;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  file.hold(text);
  const auto node = read_settings(file.path());
  check_mistakes(node);
  if (const auto* const sound = std::get_if<0>(&node)) promise(!print_settings(*sound).empty());
  const auto list = read_directory(file.path());
  check_mistakes(list);
  if (const auto* const sound = std::get_if<0>(&list)) check_directory(**sound);
  (void)find_seed(file.path());
  (void)find_data_dir(file.path());
  check_mistakes(device_profiles::read(text, "profiles.toml"));
  return 0;
}
