#pragma once

#include "kernel/config/settings.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace parkway {

/// By which channel a phone is told of a parked call.
enum class park_channel : std::uint8_t {
  automatic,  ///< call-info where it subscribed with the park body, else park-info.
  park_info,  ///< Always an unasked NOTIFY, Event: park-info.
  call_info,  ///< Only its call-info subscription.
  both,
  off,
};

/// How a BLF key is shown a parked call in dialog-info (RFC 4235).
enum class lamp_style : std::uint8_t {
  bw,         ///< confirmed, with BroadWorks' callpark element: for keys that watch a person.
  early,      ///< One ringing dialog: for keys that watch a place.
  confirmed,  ///< One confirmed dialog.
};

/// What is known of a kind of phone; config/device-profiles.toml is the data.
struct device_profile {
  std::string name = "default";
  std::vector<std::string> user_agents;  ///< Beginnings of User-Agent, any case.
  park_channel channel = park_channel::automatic;
  lamp_style lamp = lamp_style::bw;
  bool extended_body = true;  ///< The park-info body carries our own elements too.
  bool terminated = false;    ///< park-info says Subscription-State: terminated.
};

/// The profiles of the node. Immutable.
class device_profiles {
 public:
  /// Those that are built in.
  static std::shared_ptr<const device_profiles> built_in();
  /// Reads a file of the same form; `file` is what its mistakes are reported under.
  static config_result<std::shared_ptr<const device_profiles>> read(std::string_view text,
                                                                    std::string file);

  /// The profile of a User-Agent: the longest matching beginning, else "default".
  const device_profile& of(std::string_view user_agent) const;

 private:
  std::vector<device_profile> all_{device_profile{}};
};

}  // namespace parkway
