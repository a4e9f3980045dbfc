#pragma once

#include "kernel/values/party.hpp"
#include "tests/sim/phone_sdp.hpp"
#include "tests/sim/timeline.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace parkway::sim {

/// When a phone hangs up the call it has just asked to be parked or transferred.
enum class goodbye : std::uint8_t {
  with_refer,   ///< Back to back with the REFER.
  on_accepted,  ///< As soon as the 202 is there.
  on_trying,    ///< After the first report.
  when_done,    ///< After a final report of success.
  when_told,    ///< After the final report, whatever it says.
  never,        ///< Waits for the other side's BYE.
};

/// What a scripted phone does by itself.
struct phone_habits {
  std::string display{};
  std::string number{};
  std::string password = "secret";
  std::string domain = "pbx.test";
  std::string user_agent{};  ///< Of requests outside dialogs; empty: it does not say.
  transport_kind transport = transport_kind::udp;

  std::optional<timeline::duration> ring_after = std::chrono::milliseconds(50);  ///< None: no 180.
  std::optional<timeline::duration> answer_after{};  ///< None: rings until the script says.
  int refuse_with = 0;         ///< Answers every call with this status at once; 0: rings.
  bool ignores_calls = false;  ///< Does not even say 100.
  bool early_media = false;    ///< Rings with 183 and an answer.

  std::vector<sdp_codec> codecs{{0, "PCMU/8000"}, {8, "PCMA/8000"}, {101, "telephone-event/8000"}};
  bool anonymous = false;            ///< Its calls ask for privacy (RFC 3323).
  bool offers = true;                ///< INVITE with SDP; false: delayed offer.
  bool reliable = false;             ///< 100rel (RFC 3262).
  bool allows_update = true;         ///< Lists UPDATE in Allow (RFC 3311).
  std::uint32_t session_timer = 0;   ///< Session-Expires asked for, s; 0: no session timers.
  std::string refresher{};           ///< refresher= it asks for as caller; empty: none.
  bool remembers_challenge = false;  ///< Sends credentials with the nonce it has, unasked.
  bool keeps_registered = true;      ///< Refreshes at half the granted time.

  goodbye after_park = goodbye::when_done;
  timeline::duration report_pause{0};  ///< How long it takes to answer a NOTIFY of a transfer.
  bool forgets_after_bye = false;      ///< NOTIFY of a transfer after its BYE: 481 instead of 200.
};

}  // namespace parkway::sim
