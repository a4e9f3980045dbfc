#include "sip/auth/digest.hpp"
#include "sip/message/text.hpp"

namespace parkway::sip {

namespace {

constexpr std::size_t parameter_count_max = 32;

/// Takes white space and commas off the front: lists may be sloppy (RFC 7235 §7).
void skip_gaps(std::string_view& rest) {
  const auto at = rest.find_first_not_of(" \t\r\n,");
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at);
}

/// Takes a token or a quoted-string off `rest`. Nothing: a string without end.
std::optional<std::string_view> cut_value(std::string_view& rest) {
  if (!rest.starts_with('"')) {
    const auto value = rest.substr(0, rest.find_first_of(" \t\r\n,"));
    rest.remove_prefix(value.size());
    return value;
  }
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '\\') {
      ++i;
    } else if (rest[i] == '"') {
      const auto value = rest.substr(1, i - 1);
      rest.remove_prefix(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

/// What is read, and which of it was there: each parameter at most once.
struct reading {
  digest_credentials out;
  std::string_view algorithm = "MD5";  ///< The default (RFC 7616 §3.4).

  std::string_view* place(std::string_view name) {
    if (same_token(name, "username")) return &out.username;
    if (same_token(name, "realm")) return &out.realm;
    if (same_token(name, "nonce")) return &out.nonce;
    if (same_token(name, "uri")) return &out.uri;
    if (same_token(name, "response")) return &out.response;
    if (same_token(name, "cnonce")) return &out.cnonce;
    if (same_token(name, "nc")) return &out.nonce_count;
    if (same_token(name, "qop")) return &out.qop;
    if (same_token(name, "algorithm")) return &algorithm;
    return nullptr;
  }
};

/// Mandatory parameters are there, and those that qop asks for (RFC 7616 §3.4).
bool complete(const digest_credentials& c) {
  if (c.username.empty() || c.realm.empty() || c.nonce.empty() || c.uri.empty()) return false;
  if (c.qop.empty()) return !c.response.empty();
  return same_token(c.qop, "auth") && !c.response.empty() && !c.cnonce.empty()
         && c.nonce_count.size() == 8 && hex_number_in<std::uint32_t>(c.nonce_count);
}

}  // namespace

std::optional<digest_credentials> parse_credentials(std::string_view value) {
  value = trimmed(value);
  if (value.size() < 7 || !same_token(value.substr(0, 6), "Digest")
      || (value[6] != ' ' && value[6] != '\t'))
    return std::nullopt;
  value.remove_prefix(7);
  reading in;
  std::size_t count = 0;
  for (skip_gaps(value); !value.empty(); skip_gaps(value)) {
    if (++count > parameter_count_max || value.find('=') == std::string_view::npos)
      return std::nullopt;
    const auto name = trimmed(cut_to(value, '='));
    while (value.starts_with(' ') || value.starts_with('\t'))
      value.remove_prefix(1);
    const auto text = cut_value(value);
    if (!text || name.empty()) return std::nullopt;
    if (auto* place = in.place(name)) {
      if (!place->empty() && place != &in.algorithm) return std::nullopt;
      *place = *text;
    }
  }
  if (same_token(in.algorithm, "SHA-256"))
    in.out.algorithm = digest_algorithm::sha256;
  else if (!same_token(in.algorithm, "MD5"))
    return std::nullopt;
  if (!complete(in.out)) return std::nullopt;
  return in.out;
}

}  // namespace parkway::sip
