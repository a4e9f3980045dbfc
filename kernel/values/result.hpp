#pragma once

#include <string>
#include <utility>
#include <variant>

namespace parkway {

/// What went wrong, said once, in terms the caller can act on. Closed: a switch over it has no
/// default. sip/message/status.cpp alone knows which SIP status each one becomes.
enum class fault_code {
  malformed,        ///< The text is not what its grammar says.
  too_big,          ///< Larger than a configured bound.
  unsupported,      ///< Well-formed, and nothing we do.
  unauthorized,     ///< Credentials missing or wrong.
  forbidden,        ///< Known, and not allowed.
  no_such_number,   ///< Nobody in the tenant has this number.
  nothing_parked,   ///< No parked call where one was asked for, or somebody else was quicker.
  no_call,          ///< The phone has no other call that could be parked.
  not_reachable,    ///< The extension has no registered phone.
  busy,             ///< The phone, or every place asked for, is taken.
  declined,         ///< The person called refused.
  no_answer,        ///< Nobody answered in time.
  no_common_codec,  ///< The two parties share no codec.
  gone,             ///< The call or dialog named does not exist any more.
  glare,            ///< Both sides changed the session at once (RFC 3261 §14).
  overloaded,       ///< A bound on what is alive at once is reached.
  unavailable,      ///< A part of Parkway that is needed does not answer (store, media).
  internal,         ///< Our own mistake: the log has the detail.
};

/// A fault with what a log line needs. Branch on the code, never on the detail.
struct fault {
  fault_code code = fault_code::internal;
  std::string detail;
};

/// A value, or the fault that prevented it.
template <class T>
class [[nodiscard]] result {
 public:
  result(T value) : held_(std::move(value)) {}
  result(fault why) : held_(std::move(why)) {}
  explicit operator bool() const noexcept { return held_.index() == 0; }
  T& operator*() & { return std::get<0>(held_); }
  const T& operator*() const& { return std::get<0>(held_); }
  T&& operator*() && { return std::get<0>(std::move(held_)); }
  T* operator->() { return &std::get<0>(held_); }
  const T* operator->() const { return &std::get<0>(held_); }
  const fault& error() const { return std::get<1>(held_); }

 private:
  std::variant<T, fault> held_;
};

}  // namespace parkway
