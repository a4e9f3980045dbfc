#include "sip/auth/digest.hpp"

#include "sip/message/text.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <cstring>
#include <initializer_list>
#include <memory>
#include <span>
#include <stdexcept>

namespace parkway::sip {

namespace {

using bytes_view = std::span<const std::uint8_t>;

/// Digest algorithms, fetched once: an implicit fetch at each use costs more than the hash. Never
/// freed: OpenSSL frees itself at exit, at a moment of its own.
struct fetched_digests {
  const EVP_MD* md5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
  const EVP_MD* sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
};

const EVP_MD* digest_of(digest_algorithm algorithm) {
  static const fetched_digests digests;
  switch (algorithm) {
    case digest_algorithm::md5:
      return digests.md5;
    case digest_algorithm::sha256:
      return digests.sha256;
  }
  return digests.md5;
}

constexpr std::size_t size_of(digest_algorithm algorithm) {
  return algorithm == digest_algorithm::md5 ? 16 : 32;
}

struct context_freer {
  void operator()(EVP_MD_CTX* c) const { EVP_MD_CTX_free(c); }
};

/// A hash value, and its lower-case hexadecimal digits.
struct hash_value {
  std::array<std::uint8_t, 32> bytes{};
  std::size_t size = 0;

  bytes_view view() const { return {bytes.data(), size}; }
};

/// H(pieces, one behind the other).
hash_value hash(digest_algorithm algorithm, std::initializer_list<std::string_view> pieces) {
  thread_local const std::unique_ptr<EVP_MD_CTX, context_freer> context{EVP_MD_CTX_new()};
  hash_value out;
  out.size = size_of(algorithm);
  bool good = EVP_DigestInit_ex(context.get(), digest_of(algorithm), nullptr) == 1;
  for (const auto piece : pieces)
    good = good && EVP_DigestUpdate(context.get(), piece.data(), piece.size()) == 1;
  good = good && EVP_DigestFinal_ex(context.get(), out.bytes.data(), nullptr) == 1;
  if (!good) throw std::runtime_error("OpenSSL cannot hash");  // No MD5: a FIPS-only machine.
  return out;
}

constexpr char hex_digits[] = "0123456789abcdef";

/// Hexadecimal digits on the stack.
struct hex_text {
  std::array<char, 64> digits;
  std::size_t size = 0;

  explicit hex_text(bytes_view bytes) {
    for (const auto b : bytes) {
      digits[size++] = hex_digits[b >> 4];
      digits[size++] = hex_digits[b & 15];
    }
  }
  std::string_view view() const { return {digits.data(), size}; }
};

/// Reads exactly out.size() bytes in hexadecimal, in either case.
bool read_hex(std::string_view text, std::span<std::uint8_t> out) {
  if (text.size() != out.size() * 2) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = lower(text[i]);
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) return false;
    out[i / 2] = static_cast<std::uint8_t>(i % 2 ? out[i / 2] | digit : digit << 4);
  }
  return true;
}

std::string_view chars(bytes_view bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// HMAC-SHA256 (RFC 2104) of a 32-byte key; OpenSSL's own costs several fetches a call.
hash_value hmac(const digest_guard::secret_key& key, std::initializer_list<std::string_view> text) {
  std::array<char, 64> inner, outer;
  inner.fill(0x36);
  outer.fill(0x5C);
  for (std::size_t i = 0; i < key.size(); ++i) {
    inner[i] = static_cast<char>(inner[i] ^ key[i]);
    outer[i] = static_cast<char>(outer[i] ^ key[i]);
  }
  const std::string_view inner_pad(inner.data(), inner.size()), outer_pad(outer.data(), 64);
  const auto piece = [&](std::size_t i) {
    return i < text.size() ? *(text.begin() + i) : std::string_view{};
  };
  const auto first = hash(digest_algorithm::sha256, {inner_pad, piece(0), piece(1), piece(2)});
  return hash(digest_algorithm::sha256, {outer_pad, chars(first.view())});
}

/// H(H(A1):nonce[:nc:cnonce:qop]:H(A2)) (RFC 7616 §3.4.1; without qop: RFC 2069).
hash_value expected_response(const digest_credentials& given, std::string_view method,
                             const digest_secret& secret) {
  const bool md5 = given.algorithm == digest_algorithm::md5;
  const hex_text a1(md5 ? bytes_view(secret.md5) : bytes_view(secret.sha256));
  const hex_text a2(hash(given.algorithm, {method, ":", given.uri}).view());
  if (given.qop.empty())
    return hash(given.algorithm, {a1.view(), ":", given.nonce, ":", a2.view()});
  return hash(given.algorithm, {a1.view(), ":", given.nonce, ":", given.nonce_count, ":",
                                given.cnonce, ":", given.qop, ":", a2.view()});
}

constexpr std::size_t stamp_size = 8, proof_size = 12;

/// Milliseconds of the actor clock, as the nonce carries them.
std::uint64_t stamp_of(digest_guard::time_point t) {
  return static_cast<std::uint64_t>(
    std::chrono::duration_cast<std::chrono::milliseconds>(t.time_since_epoch()).count());
}

std::array<std::uint8_t, stamp_size> stamp_bytes(std::uint64_t stamp) {
  std::array<std::uint8_t, stamp_size> out;
  for (std::size_t i = 0; i < stamp_size; ++i)
    out[i] = static_cast<std::uint8_t>(stamp >> (8 * (stamp_size - 1 - i)));
  return out;
}

std::uint64_t stamp_in(bytes_view bytes) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < stamp_size; ++i)
    out = out << 8 | bytes[i];
  return out;
}

}  // namespace

digest_guard::secret_key digest_guard::fresh_key() {
  secret_key out;
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1)
    throw std::runtime_error("no random bytes for the nonce key");
  return out;
}

std::uint64_t derived_seed(const digest_guard::secret_key& key, std::string_view purpose) {
  return stamp_in(hmac(key, {"seed for ", purpose}).view().first(stamp_size));
}

digest_guard::digest_guard(const secret_key& key, std::chrono::seconds nonce_life)
  : key_(key), life_(nonce_life) {
  const auto made_up = hmac(key_, {"nobody"});
  std::memcpy(nobody_.sha256.data(), made_up.bytes.data(), nobody_.sha256.size());
  std::memcpy(nobody_.md5.data(), made_up.bytes.data(), nobody_.md5.size());
}

std::array<std::uint8_t, 12> digest_guard::proof(std::uint64_t stamp, std::string_view realm,
                                                 const ip_address& source) const {
  const bool v6 = source.version == ip_version::v6;
  const bytes_view prefix(source.bytes.data(), v6 ? 8 : 4);
  const auto whole = hmac(key_, {chars(stamp_bytes(stamp)), chars(prefix), realm});
  std::array<std::uint8_t, proof_size> out;
  std::memcpy(out.data(), whole.bytes.data(), out.size());
  return out;
}

std::string digest_guard::nonce(std::string_view realm, const ip_address& source,
                                time_point now) const {
  const auto stamp = stamp_of(now);
  std::string out(hex_text(stamp_bytes(stamp)).view());
  out += hex_text(proof(stamp, realm, source)).view();
  return out;
}

bool digest_guard::made_here(std::string_view nonce, std::string_view realm,
                             const ip_address& source) const {
  std::array<std::uint8_t, stamp_size + proof_size> bytes;
  if (!read_hex(nonce, bytes)) return false;
  const auto expected = proof(stamp_in(bytes), realm, source);
  return CRYPTO_memcmp(expected.data(), bytes.data() + stamp_size, proof_size) == 0;
}

bool digest_guard::fresh(std::string_view nonce, time_point now) const {
  std::array<std::uint8_t, stamp_size> bytes;
  if (!read_hex(nonce.substr(0, 2 * stamp_size), bytes)) return false;
  const auto made = stamp_in(bytes), present = stamp_of(now);
  const auto life = static_cast<std::uint64_t>(std::chrono::milliseconds(life_).count());
  // Clocks of two shards may differ by a moment: a nonce may seem to be of the future.
  return made > present ? made - present < 1000 : present - made <= life;
}

std::string digest_guard::challenge(std::string_view realm, digest_algorithm algorithm, bool stale,
                                    const ip_address& source, time_point now) const {
  std::string out;
  out.reserve(128 + realm.size());
  out.append("Digest realm=\"")
    .append(realm)
    .append("\", nonce=\"")
    .append(nonce(realm, source, now));
  out.append("\", algorithm=").append(algorithm == digest_algorithm::md5 ? "MD5" : "SHA-256");
  out.append(", qop=\"auth\"");
  if (stale) out += ", stale=true";
  return out;
}

bool is_right_answer(const digest_credentials& given, std::string_view method,
                     const digest_secret& secret) {
  std::array<std::uint8_t, 32> response{};
  const std::span<std::uint8_t> place(response.data(), size_of(given.algorithm));
  const bool readable = read_hex(given.response, place);
  const auto expected = expected_response(given, method, secret);
  return CRYPTO_memcmp(expected.bytes.data(), response.data(), expected.size) == 0 && readable;
}

digest_verdict digest_guard::check(const digest_credentials& given, std::string_view method,
                                   std::string_view realm, const digest_secret* secret,
                                   const ip_address& source, time_point now) const {
  if (!made_here(given.nonce, realm, source) || !fresh(given.nonce, now))
    return digest_verdict::stale;
  // Computed for an unknown user, too: the time taken tells nothing.
  const bool right = is_right_answer(given, method, secret ? *secret : nobody_);
  return secret && right && given.realm == realm ? digest_verdict::ok : digest_verdict::wrong;
}

digest_secret digest_secret_of(std::string_view user, std::string_view realm,
                               std::string_view password) {
  digest_secret out;
  const auto md5 = hash(digest_algorithm::md5, {user, ":", realm, ":", password});
  const auto sha256 = hash(digest_algorithm::sha256, {user, ":", realm, ":", password});
  std::memcpy(out.md5.data(), md5.bytes.data(), out.md5.size());
  std::memcpy(out.sha256.data(), sha256.bytes.data(), out.sha256.size());
  return out;
}

}  // namespace parkway::sip
