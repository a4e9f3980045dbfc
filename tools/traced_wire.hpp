#pragma once

#include "sip/transport/wire.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace parkway {

/// A wire that shows in the log, at level trace, what passes through it.
class traced_wire final : public sip::wire {
 public:
  explicit traced_wire(sip::wire& out) : out_(out) {}

  bool send(const flow& to, std::string_view message) override;
  shown_address shown_to(const flow& to) override { return out_.shown_to(to); }
  void close(const flow& connection) override { out_.close(connection); }
  void trust(const flow& connection) override { out_.trust(connection); }
  std::optional<flow> reopen(const flow& known, const endpoint& contact) override {
    return out_.reopen(known, contact);
  }

  /// Shows what came the other way.
  static void received(const flow& from, std::string_view message);

 private:
  sip::wire& out_;
};

/// A SIP message as it may be shown: what proves a password is left out, and what is beyond 8 KiB.
std::string without_secrets(std::string_view message);

}  // namespace parkway
