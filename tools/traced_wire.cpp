#include "tools/traced_wire.hpp"

#include "kernel/config/configuration_words.hpp"
#include "kernel/runtime/log.hpp"

#include <algorithm>
#include <array>

namespace parkway {

namespace {

constexpr std::size_t shown_max = 8192;
constexpr std::array<std::string_view, 2> secret_headers{"authorization", "proxy-authorization"};

bool is_secret(std::string_view line) {
  const auto name = line.substr(0, line.find_first_of(": \t"));
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; };
  return std::any_of(secret_headers.begin(), secret_headers.end(), [&](std::string_view secret) {
    return std::equal(name.begin(), name.end(), secret.begin(), secret.end(), same);
  });
}

void show(const char* verb, const flow& way, std::string_view message) {
  auto& out = log(log_area::sip_wire);
  if (!out.should_log(spdlog::level::trace)) return;
  const auto by = word(way.kind, transport_words);
  out.trace("{} {} {}: {}", verb, spdlog::string_view_t{by.data(), by.size()}, way.remote.text(),
            without_secrets(message));
}

}  // namespace

bool traced_wire::send(const flow& to, std::string_view message) {
  show("to", to, message);
  return out_.send(to, message);
}

void traced_wire::received(const flow& from, std::string_view message) {
  show("from", from, message);
}

std::string without_secrets(std::string_view message) {
  std::string shown;
  bool hidden = false;
  for (auto rest = message.substr(0, shown_max); !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end);
    const bool continues = line[0] == ' ' || line[0] == '\t';
    if (continues && hidden) continue;
    hidden = is_secret(line);
    if (hidden)
      shown.append(line.substr(0, line.find_first_of(": \t"))).append(": ***\r\n");
    else
      shown.append(line);
  }
  return message.size() > shown_max ? shown + "…" : shown;
}

}  // namespace parkway
