#include "sip/sdp/session_body.hpp"

#include "sip/message/text.hpp"

namespace parkway::sip {

namespace {

std::uint64_t hash_of(std::string_view text, std::uint64_t hash) {
  for (const char c : text)
    hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001B3u;
  return hash;
}

/// FNV-1a of the text without its o= line, whose version some phones raise with every refresh.
std::uint64_t fingerprint(std::string_view text) {
  const auto origin = sdp_origin_line(text);
  if (origin.empty()) return hash_of(text, 0xCBF29CE484222325u);
  const auto begin = static_cast<std::size_t>(origin.data() - text.data());
  return hash_of(text.substr(begin + origin.size()),
                 hash_of(text.substr(0, begin), 0xCBF29CE484222325u));
}

}  // namespace

carried_session read_session(const message& m) {
  carried_session found;
  if (m.body().empty()) return found;
  // RFC 3261 §8.2.3: nothing that is compressed is read.
  const auto encoding = trimmed(m.header("Content-Encoding").value_or("identity"));
  if (!m.content_is("application/sdp") || !same_token(encoding, "identity")) {
    found.refuse_with = 415;
    return found;
  }
  auto parsed = parse_sdp(m.body());
  if (!parsed) {
    found.refuse_with = 400;
    return found;
  }
  found.session = std::make_shared<const session_description>(*std::move(parsed));
  found.fingerprint = fingerprint(m.body());
  return found;
}

std::string sent_session::print(const session_ptr& session, std::uint64_t id,
                                std::string_view address) {
  if (!last_ || (last_ != session && *last_ != *session)) ++version_;
  last_ = session;
  return print_sdp(*session, sdp_origin{"-", id, version_}, address);
}

}  // namespace parkway::sip
