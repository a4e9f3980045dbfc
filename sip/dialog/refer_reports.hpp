#pragma once

#include "kernel/messages/leg.hpp"
#include "sip/message/message.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parkway::sip {

/// One NOTIFY about a REFER (RFC 3515 §2.4.4).
struct transfer_report {
  transfer_id id = 0;
  std::uint16_t status = 100;
  bool final = false;
  bool with_id = false;  ///< Event carries ;id=: not the dialog's first REFER (RFC 3515 §2.4.6).
};

/// The REFERs of one leg and the order of their reports: one NOTIFY is under way at a time, so that
/// a phone never sees the end before the beginning. Pure.
class transfer_reports {
 public:
  static constexpr std::size_t live_max = 4;  ///< REFERs not reported to their end.

  /// A REFER came. False: too many are open. `silent` ones are never reported.
  bool open(transfer_id id, bool silent);
  /// What happened to it. True: it is over already, since nobody is to be told.
  bool add(transfer_id id, std::uint16_t status, bool final);
  /// Whoever dealt with them is gone: all that have no final report yet end with this one. Those
  /// that are over already, since nobody is to be told.
  std::vector<transfer_id> give_up(std::uint16_t status);
  /// The next NOTIFY, which then is under way; none while one is, or nothing is left to say.
  std::optional<transfer_report> next();
  /// The NOTIFY under way was answered, or never will be. `refused`: the phone does not want to
  /// hear more of it. The transfers that are over with it.
  std::vector<transfer_id> answered(bool refused);
  /// The call ends before they do: the last report of each, as it waits or of this status; nothing
  /// is open any more. (What is under way is not said twice.)
  std::vector<transfer_report> last_words(std::uint16_t status);

 private:
  struct transfer {
    transfer_id id;
    bool silent;
    bool first;  ///< Of its dialog.
  };
  transfer* find(transfer_id id);
  void close(transfer_id id);

  std::vector<transfer> open_;
  std::deque<transfer_report> waiting_;
  std::optional<transfer_report> under_way_;
  bool had_one_ = false;
};

inline constexpr std::string_view sipfrag_type = "message/sipfrag;version=2.0";

/// How long reports of a REFER may go on; said in its 202, where some phones look for it.
inline constexpr std::string_view report_expires = "Expires: 180\r\n";

/// The lines and the body (message/sipfrag) of a report.
struct report_text {
  std::string lines;
  std::string fragment;
};
report_text print_report(const transfer_report& report, std::string_view contact);

/// Whether the phone wants no reports (Refer-Sub: false, RFC 4488).
bool wants_silence(const message& refer);

/// What Refer-To says, and its Replaces; nothing: missing, or it cannot be read.
std::optional<transfer_requested> read_refer(const message& refer);

}  // namespace parkway::sip
