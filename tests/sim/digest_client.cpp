#include "tests/sim/sip_text.hpp"

#include <openssl/evp.h>

#include <array>

namespace parkway::sim {
namespace {

std::string hex_hash(const EVP_MD* algorithm, const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned length = 0;
  EVP_Digest(text.data(), text.size(), bytes.data(), &length, algorithm, nullptr);
  std::string hex;
  for (unsigned i = 0; i < length; ++i) {
    hex += "0123456789abcdef"[bytes[i] >> 4];
    hex += "0123456789abcdef"[bytes[i] & 15];
  }
  return hex;
}

/// A field of a challenge, quotes undone; empty: not there.
std::string field(std::string_view challenge, std::string_view name) {
  sip_text list;
  list.add("x", challenge.substr(challenge.find(' ') + 1));
  for (auto& part : list.values("x")) {
    auto equals = part.find('=');
    if (equals == part.npos || !same_word(std::string_view(part).substr(0, equals), name)) continue;
    auto value = part.substr(equals + 1);
    if (value.size() >= 2 && value.front() == '"') value = value.substr(1, value.size() - 2);
    return value;
  }
  return {};
}

}  // namespace

std::string digest_answer(std::string_view challenge, std::string_view method, std::string_view uri,
                          std::string_view user, std::string_view password, std::uint32_t count) {
  auto realm = field(challenge, "realm");
  auto nonce = field(challenge, "nonce");
  auto name = field(challenge, "algorithm");
  auto opaque = field(challenge, "opaque");
  auto algorithm = same_word(name, "SHA-256") ? EVP_sha256() : EVP_md5();
  std::array<char, 9> nc{};
  std::snprintf(nc.data(), nc.size(), "%08x", count);
  auto cnonce = hex_hash(EVP_md5(), nonce + nc.data() + std::string(user)).substr(0, 16);
  auto secret = std::string(user) + ":" + realm + ":" + std::string(password);
  auto ha1 = hex_hash(algorithm, secret);
  auto ha2 = hex_hash(algorithm, std::string(method) + ":" + std::string(uri));
  auto response =
    hex_hash(algorithm, ha1 + ":" + nonce + ":" + nc.data() + ":" + cnonce + ":auth:" + ha2);
  std::string answer = "Digest username=\"" + std::string(user) + "\", realm=\"" + realm
                       + "\", nonce=\"" + nonce + "\", uri=\"" + std::string(uri)
                       + "\", response=\"" + response + "\", cnonce=\"" + cnonce
                       + "\", qop=auth, nc=" + nc.data();
  if (!name.empty()) answer += ", algorithm=" + name;
  if (!opaque.empty()) answer += ", opaque=\"" + opaque + "\"";
  return answer;
}

}  // namespace parkway::sim
