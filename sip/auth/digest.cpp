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

/// H(H(A1):nonce:nc:cnonce:qop:H(A2)) (RFC 7616 §3.4.1).
hash_value expected_response(const digest_credentials& given, std::string_view method,
                             const digest_secret& secret) {
  const bool md5 = given.algorithm == digest_algorithm::md5;
  const hex_text a1(md5 ? bytes_view(secret.md5) : bytes_view(secret.sha256));
  const hex_text a2(hash(given.algorithm, {method, ":", given.uri}).view());
  return hash(given.algorithm, {a1.view(), ":", given.nonce, ":", given.nonce_count, ":",
                                given.cnonce, ":", given.qop, ":", a2.view()});
}

/// A nonce in hexadecimal digits: shard, time, serial, proof.
constexpr std::size_t shard_digits = 4, stamp_digits = 12, serial_digits = 12, proof_digits = 24;
constexpr std::size_t said_digits = shard_digits + stamp_digits + serial_digits;

/// Milliseconds of the actor clock, as the nonce carries them.
std::uint64_t stamp_of(digest_guard::time_point t) {
  return static_cast<std::uint64_t>(
    std::chrono::duration_cast<std::chrono::milliseconds>(t.time_since_epoch()).count());
}

void append_digits(std::string& out, std::uint64_t value, std::size_t digits) {
  for (std::size_t shift = digits * 4; shift > 0; shift -= 4)
    out.push_back(hex_digits[value >> (shift - 4) & 15]);
}

bool same_text(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

digest_guard::secret_key digest_guard::fresh_key() {
  secret_key out;
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1)
    throw std::runtime_error("no random bytes for the nonce key");
  return out;
}

std::uint64_t derived_seed(const digest_guard::secret_key& key, std::string_view purpose) {
  std::uint64_t seed = 0;
  std::memcpy(&seed, hmac(key, {"seed for ", purpose}).bytes.data(), sizeof seed);
  return seed;
}

digest_guard::digest_guard(const secret_key& key, std::chrono::seconds nonce_life,
                           std::uint16_t shard)
  : key_(key), shard_(shard), life_(nonce_life) {
  const auto made_up = hmac(key_, {"nobody"});
  std::memcpy(nobody_.sha256.data(), made_up.bytes.data(), nobody_.sha256.size());
  std::memcpy(nobody_.md5.data(), made_up.bytes.data(), nobody_.md5.size());
}

std::string digest_guard::proof(std::string_view said, std::string_view realm,
                                const ip_address& source) const {
  const bool v6 = source.version == ip_version::v6;
  const bytes_view prefix(source.bytes.data(), v6 ? 8 : 4);
  const auto whole = hmac(key_, {said, chars(prefix), realm});
  return std::string{hex_text(whole.view()).view().substr(0, proof_digits)};
}

std::string digest_guard::challenge(std::string_view realm, digest_algorithm algorithm, bool stale,
                                    const ip_address& source, time_point now,
                                    std::uint64_t serial) const {
  std::string nonce;
  nonce.reserve(said_digits + proof_digits);
  append_digits(nonce, shard_, shard_digits);
  append_digits(nonce, stamp_of(now), stamp_digits);
  append_digits(nonce, serial, serial_digits);
  nonce += proof(nonce, realm, source);
  std::string out;
  out.reserve(128 + realm.size());
  out.append("Digest realm=\"").append(realm).append("\", nonce=\"").append(nonce);
  out.append("\", algorithm=").append(algorithm == digest_algorithm::md5 ? "MD5" : "SHA-256");
  out.append(", qop=\"auth\"");
  if (stale) out += ", stale=true";
  return out;
}

bool digest_guard::made_here(std::string_view nonce, std::string_view realm,
                             const ip_address& source) const {
  if (nonce.size() != said_digits + proof_digits
      || hex_number_in<std::uint16_t>(nonce.substr(0, shard_digits)) != shard_)
    return false;
  return same_text(nonce.substr(said_digits), proof(nonce.substr(0, said_digits), realm, source));
}

bool digest_guard::fresh(std::string_view nonce, time_point now) const {
  const auto made =
    hex_number_in<std::uint64_t>(nonce.substr(shard_digits, stamp_digits)).value_or(0);
  const auto present = stamp_of(now);
  const auto life = static_cast<std::uint64_t>(std::chrono::milliseconds(life_).count());
  return made <= present && present - made <= life;
}

std::uint64_t digest_guard::serial_of(std::string_view nonce) {
  return hex_number_in<std::uint64_t>(nonce.substr(shard_digits + stamp_digits, serial_digits))
    .value_or(0);
}

bool is_right_answer(const digest_credentials& given, std::string_view method,
                     const digest_secret& secret) {
  const auto expected = expected_response(given, method, secret);
  return same_text(lower(given.response), hex_text(expected.view()).view());
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

}  // namespace parkway::sip
