#include "sip/message/ids.hpp"

#include "sip/message/text.hpp"

#include <openssl/rand.h>

#include <charconv>
#include <stdexcept>

namespace parkway::sip {

namespace {

constexpr std::string_view magic_cookie = "z9hG4bK";  // RFC 3261 §8.1.1.7
constexpr std::size_t shard_digits = 4;
constexpr std::size_t random_digits = 8;  ///< Of a tag; a branch has twice as many.
constexpr std::size_t seal_digits = 8;
constexpr std::size_t branch_size =
  magic_cookie.size() + shard_digits + 2 * random_digits + seal_digits;

void append_hex(std::string& out, std::uint64_t value, int digits) {
  static constexpr char digit[] = "0123456789abcdef";
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4)
    out.push_back(digit[(value >> shift) & 0xF]);
}

/// FNV-1a with a final mix: not for secrecy by itself, it is keyed by a random start.
std::uint64_t mix(std::uint64_t hash, std::string_view text) {
  for (const char c : text)
    hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001B3u;
  hash ^= hash >> 32;
  return hash * 0x9E3779B97F4A7C15u;
}

}  // namespace

id_source::id_source(std::uint16_t shard, std::uint64_t seed, std::uint64_t seal)
  : shard_(shard), seal_(seal), seed_(seed == 0 ? 0 : seed + shard) {
  stateless_key_ = random();
}

void id_source::refill() {
  used_ = 0;
  if (seed_ == 0) {
    // Without randomness no tag is safe: nothing else could be done than not to start.
    if (RAND_bytes(reinterpret_cast<unsigned char*>(pool_.data()), sizeof pool_) != 1)
      throw std::runtime_error("no random numbers");
    return;
  }
  for (auto& word : pool_) {  // SplitMix64
    std::uint64_t z = (seed_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    word = z ^ (z >> 31);
  }
}

std::uint64_t id_source::random() {
  if (used_ == pool_.size()) refill();
  return pool_[used_++];
}

std::uint32_t id_source::below(std::uint32_t limit) {
  return static_cast<std::uint32_t>((random() >> 32) * limit >> 32);
}

void id_source::append_seal(std::string& word) const {
  append_hex(word, seal_(word) & 0xFFFFFFFFu, seal_digits);
}

bool id_source::is_sealed(std::string_view word) const {
  if (word.size() < seal_digits) return false;
  const auto body = word.substr(0, word.size() - seal_digits);
  return hex_number_in<std::uint32_t>(word.substr(body.size()))
         == static_cast<std::uint32_t>(seal_(body));
}

std::string id_source::branch() {
  std::string text;
  text.reserve(branch_size);
  text.append(magic_cookie);
  append_hex(text, shard_, shard_digits);
  append_hex(text, random(), 2 * random_digits);
  append_seal(text);
  return text;
}

std::string id_source::leg_tag(std::uint64_t serial) {
  char hex[16];
  const auto end = std::to_chars(hex, hex + sizeof hex, serial, 16).ptr;
  std::string text;
  text.reserve(shard_digits + sizeof hex + 1 + random_digits + seal_digits);
  append_hex(text, shard_, shard_digits);
  text.append(hex, end);
  text.push_back('-');
  append_hex(text, random(), random_digits);
  append_seal(text);
  return text;
}

std::string id_source::stateless_tag(std::string_view call_id, std::string_view from_tag,
                                     std::string_view branch) const {
  std::string text;
  append_hex(text, shard_, shard_digits);
  text.append("0-");
  append_hex(text, mix(mix(mix(stateless_key_, call_id), from_tag), branch), 16);
  return text;
}

std::string id_source::call_id() {
  std::string text;
  append_hex(text, random(), 16);
  append_hex(text, random(), 8);
  return text;
}

std::optional<std::uint16_t> id_source::shard_of_branch(std::string_view branch) const {
  if (branch.size() != branch_size || !branch.starts_with(magic_cookie) || !is_sealed(branch))
    return std::nullopt;
  return hex_number_in<std::uint16_t>(branch.substr(magic_cookie.size(), shard_digits));
}

/// The top Via is the first header with a branch in all but the strangest messages.
bool id_source::may_hold_branch(std::string_view header) const {
  constexpr int looked_at_max = 8;
  auto at = header.find(magic_cookie);
  for (int i = 0; i < looked_at_max && at != header.npos; ++i) {
    if (shard_of_branch(header.substr(at, branch_size))) return true;
    at = header.find(magic_cookie, at + 1);
  }
  return false;
}

std::optional<tag_origin> id_source::origin_of(std::string_view tag) const {
  const auto said = read_tag(tag);
  if (!said || said->serial == 0 || tag.size() - tag.find('-') - 1 != random_digits + seal_digits
      || !is_sealed(tag))
    return std::nullopt;
  return said;
}

std::optional<tag_origin> id_source::read_tag(std::string_view tag) {
  const auto dash = tag.find('-');
  if (dash == tag.npos || dash <= shard_digits) return std::nullopt;
  const auto shard = hex_number_in<std::uint16_t>(tag.substr(0, shard_digits));
  const auto serial = hex_number_in<std::uint64_t>(tag.substr(shard_digits, dash - shard_digits));
  if (!shard || !serial) return std::nullopt;
  return tag_origin{*shard, *serial};
}

leg_id leg_named_by(const dialog_name& name) {
  for (const auto& tag : {name.to_tag, name.from_tag})
    if (const auto ours = id_source::read_tag(tag); ours && ours->serial != 0)
      return {ours->shard, ours->serial};
  return {};
}

}  // namespace parkway::sip
