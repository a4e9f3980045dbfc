#include "kernel/config/device_profiles.hpp"

#include "kernel/config/toml_reader.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace parkway {
namespace {

constexpr const char* built_in_text =
#include "device_profiles_text.inc"
  ;

constexpr words_for<park_channel, 5> channel_words{{
  {"auto", park_channel::automatic},
  {"park-info", park_channel::park_info},
  {"call-info", park_channel::call_info},
  {"both", park_channel::both},
  {"off", park_channel::off},
}};

constexpr words_for<lamp_style, 3> lamp_words{{
  {"bw", lamp_style::bw},
  {"early", lamp_style::early},
  {"confirmed", lamp_style::confirmed},
}};

bool begins_with(std::string_view text, std::string_view beginning) {
  return text.size() >= beginning.size()
         && std::equal(
           beginning.begin(), beginning.end(), text.begin(),
           [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

device_profile read_profile(table_reader t) {
  device_profile p;
  p.name = t.required_text("name");
  p.user_agents = t.texts("user_agents");
  p.channel = t.choice("channel", p.channel, channel_words);
  p.lamp = t.choice("lamp", p.lamp, lamp_words);
  p.extended_body = t.flag("extended", p.extended_body);
  p.terminated = t.flag("terminated", p.terminated);
  t.refuse_unknown();
  return p;
}

/// The TOML of `text`; empty, and a mistake, where it is none.
toml::table parsed(std::string_view text, mistakes& errors) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    errors.add(error.source().begin.line, "",
               "not valid TOML: " + std::string{error.description()});
    return {};
  }
}

}  // namespace

std::shared_ptr<const device_profiles> device_profiles::built_in() {
  static const auto profiles = std::get<0>(read(built_in_text, "the built-in device profiles"));
  return profiles;
}

config_result<std::shared_ptr<const device_profiles>> device_profiles::read(std::string_view text,
                                                                            std::string file) {
  mistakes errors{std::move(file)};
  const auto table = parsed(text, errors);
  table_reader reader{errors, table, "", 0};
  auto profiles = std::make_shared<device_profiles>();
  for (auto& one : reader.tables("profile")) {
    auto p = read_profile(one);
    // The default is what a phone gets that no other profile names.
    if (p.name == "default")
      profiles->all_.front() = std::move(p);
    else
      profiles->all_.push_back(std::move(p));
  }
  reader.refuse_unknown();
  if (!errors.none()) return errors.take();
  return std::shared_ptr<const device_profiles>{std::move(profiles)};
}

const device_profile& device_profiles::of(std::string_view user_agent) const {
  const device_profile* best = &all_.front();
  std::size_t longest = 0;
  for (const auto& p : all_)
    for (const auto& beginning : p.user_agents)
      if (beginning.size() > longest && begins_with(user_agent, beginning)) {
        best = &p;
        longest = beginning.size();
      }
  return *best;
}

}  // namespace parkway
