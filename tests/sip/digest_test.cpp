#include "sip/auth/digest.hpp"

#include "kernel/config/ha1.hpp"
#include "sip/auth/nonce_counts.hpp"

#include <catch2/catch.hpp>

using namespace parkway;
using namespace parkway::sip;
using namespace std::chrono_literals;

namespace {

const digest_guard::time_point t0{1h};

digest_guard::secret_key key_of(std::uint8_t fill) {
  digest_guard::secret_key out;
  out.fill(fill);
  return out;
}

/// The example of RFC 7616 §3.9.1.
std::string mufasa(const std::string& algorithm, const std::string& response) {
  return "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", "
         "algorithm="
         + algorithm
         + ", nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, "
           "cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, response=\""
         + response + "\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
}

std::string hex(const std::uint8_t* bytes, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) {
    out += "0123456789abcdef"[bytes[i] >> 4];
    out += "0123456789abcdef"[bytes[i] & 15];
  }
  return out;
}

/// H(text) in hexadecimal, by way of the function that makes secrets: H(user:realm:password).
std::string hashed(digest_algorithm algorithm, const std::string& a, const std::string& b,
                   const std::string& rest) {
  const auto both = ha1_maker{}(a, b, rest);
  return algorithm == digest_algorithm::md5 ? hex(both.md5.data(), 16)
                                            : hex(both.sha256.data(), 32);
}

/// The value of a challenge's parameter.
std::string quoted_in(const std::string& challenge, const std::string& name) {
  const auto at = challenge.find(name + "=\"") + name.size() + 2;
  return challenge.substr(at, challenge.find('"', at) - at);
}

/// A phone that answers a challenge.
struct phone {
  std::string user = "103", password = "secret", realm = "pbx.test", uri = "sip:pbx.test";
  std::string method = "REGISTER", qop = "auth";
  digest_algorithm algorithm = digest_algorithm::md5;

  std::string answer(const std::string& challenge) const {
    const auto nonce = quoted_in(challenge, "nonce");
    const auto a1 = hashed(algorithm, user, realm, password);
    const auto colon = uri.find(':');
    const auto a2 = hashed(algorithm, method, uri.substr(0, colon), uri.substr(colon + 1));
    const auto middle = qop.empty() ? nonce : nonce + ":0000000a:c1:" + qop;
    std::string out = "Digest username=\"" + user + "\",realm=\"" + realm + "\",nonce=\"" + nonce
                      + "\",uri=\"" + uri + "\",response=\"" + hashed(algorithm, a1, middle, a2)
                      + "\",algorithm=" + (algorithm == digest_algorithm::md5 ? "MD5" : "SHA-256");
    if (!qop.empty()) out += ",qop=" + qop + ",nc=0000000a,cnonce=\"c1\"";
    return out;
  }
};

const ip_address home = *ip_address::parse("192.0.2.1");

struct fixture {
  digest_guard guard{key_of(1), 300s};
  digest_secret secret = ha1_maker{}("103", "pbx.test", "secret");

  std::string challenge(digest_algorithm a = digest_algorithm::md5) {
    return guard.challenge("pbx.test", a, false, home, t0);
  }
  digest_verdict check(const std::string& answer, digest_guard::time_point now = t0 + 1s,
                       const std::string& method = "REGISTER", const ip_address& source = home) {
    const auto given = parse_credentials(answer);
    INFO(answer);
    REQUIRE(given);
    return guard.check(*given, method, "pbx.test", &secret, source, now);
  }
};

}  // namespace

TEST_CASE("the examples of RFC 7616 come out right", "[digest]") {
  const auto secret = ha1_maker{}("Mufasa", "http-auth@example.org", "Circle of Life");
  const auto is_right = [&](const std::string& value) {
    const auto given = parse_credentials(value);
    REQUIRE(given);
    return is_right_answer(*given, "GET", secret);
  };
  CHECK(is_right(mufasa("MD5", "8ca523f5e9506fed4657c9700eebdbec")));
  CHECK_FALSE(is_right(mufasa("MD5", "8ca523f5e9506fed4657c9700eebdbed")));
  const std::string sha = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1";
  CHECK(is_right(mufasa("SHA-256", sha)));
  CHECK(is_right(mufasa("\"SHA-256\"", sha)));
  CHECK_FALSE(is_right(mufasa("MD5", sha)));
}

TEST_CASE("a challenge says what a phone needs", "[digest]") {
  const digest_guard guard(key_of(1), 300s);
  const auto plain = guard.challenge("pbx.test", digest_algorithm::md5, false, home, t0);
  CHECK(plain.starts_with("Digest realm=\"pbx.test\", nonce=\""));
  CHECK(plain.ends_with("\", algorithm=MD5, qop=\"auth\""));
  CHECK(guard.challenge("pbx.test", digest_algorithm::sha256, true, home, t0)
          .ends_with("algorithm=SHA-256, qop=\"auth\", stale=true"));
}

TEST_CASE("a phone that knows its password is let in", "[digest]") {
  fixture f;
  for (const auto algorithm : {digest_algorithm::md5, digest_algorithm::sha256})
    CHECK(f.check(phone{.algorithm = algorithm}.answer(f.challenge(algorithm)))
          == digest_verdict::ok);
  // The digest's own uri counts, not the Request-URI.
  CHECK(f.check(phone{.uri = "sip:127.0.0.1:5060"}.answer(f.challenge())) == digest_verdict::ok);
}

TEST_CASE("whatever is not right is wrong, in one way only", "[digest]") {
  fixture f;
  const auto challenge = f.challenge();
  CHECK(f.check(phone{.password = "Secret"}.answer(challenge)) == digest_verdict::wrong);
  CHECK(f.check(phone{.realm = "other.test"}.answer(challenge)) == digest_verdict::wrong);
  CHECK(f.check(phone{}.answer(challenge), t0, "INVITE") == digest_verdict::wrong);
  const auto answer = phone{}.answer(challenge);
  const auto given = *parse_credentials(answer);
  CHECK(f.guard.check(given, "REGISTER", "pbx.test", nullptr, home, t0) == digest_verdict::wrong);
  for (const char* response : {"", "zz", "00"}) {
    auto spoiled = given;
    spoiled.response = response;
    CHECK(f.guard.check(spoiled, "REGISTER", "pbx.test", &f.secret, home, t0)
          == digest_verdict::wrong);
  }
  auto upper = given;
  std::string letters(given.response);
  for (char& c : letters)
    c = c >= 'a' ? static_cast<char>(c - 32) : c;
  upper.response = letters;
  CHECK(f.guard.check(upper, "REGISTER", "pbx.test", &f.secret, home, t0) == digest_verdict::ok);
}

TEST_CASE("a nonce grows old, and is of one tenant, one source and one run", "[digest]") {
  fixture f;
  const auto answer = phone{}.answer(f.challenge());
  CHECK(f.check(answer, t0 + 300s) == digest_verdict::ok);
  CHECK(f.check(answer, t0 + 301s) == digest_verdict::stale);
  CHECK(f.check(answer, t0 - 2s) == digest_verdict::stale);
  const auto address = [](const char* text) { return *ip_address::parse(text); };
  CHECK(f.check(answer, t0, "REGISTER", address("192.0.2.2")) == digest_verdict::stale);
  const auto by_v6 = phone{}.answer(
    f.guard.challenge("pbx.test", digest_algorithm::md5, false, address("2001:db8:0:1::1"), t0));
  CHECK(f.check(by_v6, t0, "REGISTER", address("2001:db8:0:1::2")) == digest_verdict::ok);
  CHECK(f.check(by_v6, t0, "REGISTER", address("2001:db8:0:2::1")) == digest_verdict::stale);

  const auto elsewhere = f.guard.challenge("other.test", digest_algorithm::md5, false, home, t0);
  CHECK(f.check(phone{}.answer(elsewhere)) == digest_verdict::stale);
  const digest_guard earlier(key_of(2), 300s);
  const auto of_earlier = earlier.challenge("pbx.test", digest_algorithm::md5, false, home, t0);
  CHECK(f.check(phone{}.answer(of_earlier)) == digest_verdict::stale);
  CHECK(f.check(phone{}.answer("nonce=\"made up\"")) == digest_verdict::stale);
  CHECK(digest_guard::fresh_key() != digest_guard::fresh_key());
}

TEST_CASE("a nonce that does not count tells nothing about the password", "[digest]") {
  fixture f;
  const phone wrong{.password = "x"};
  CHECK(f.check(wrong.answer("nonce=\"made up\"")) == digest_verdict::stale);
  CHECK(f.check(wrong.answer(f.challenge()), t0 + 301s) == digest_verdict::stale);
}

TEST_CASE("credentials are read however they are spaced", "[digest]") {
  const auto c = parse_credentials(
    "  dIGEST\tUserName = \"1\\\"03\" , realm=\"a, b\",,nonce=\"n\", uri=\"sip:x?a=b\","
    "response=ab, algorithm=\"md5\" , opaque=\"\", qop=\"auth\", nc=00000001, cnonce=\"\\\\\"");
  REQUIRE(c);
  CHECK(c->username == "1\\\"03");
  CHECK(c->realm == "a, b");
  CHECK(c->uri == "sip:x?a=b");
  CHECK(c->response == "ab");
  CHECK(c->qop == "auth");
  CHECK(c->nonce_count == "00000001");
  CHECK(c->cnonce == "\\\\");
  CHECK(c->algorithm == digest_algorithm::md5);
}

TEST_CASE("what is no answer to our challenge is not read", "[digest]") {
  const std::string sound =
    "Digest username=\"1\",realm=\"r\",nonce=\"n\",uri=\"sip:x\",response=\"ab\"";
  REQUIRE(parse_credentials(sound));
  for (const std::string& value :
       {std::string(), std::string("Digest"), std::string("Digest "), std::string("Basic YTpi"),
        "NoOneKnowsThisScheme " + sound.substr(7), sound + ",algorithm=MD5-sess",
        sound + ",algorithm=SHA-512-256", sound + ",qop=auth-int,nc=00000001,cnonce=\"c\"",
        sound + ",qop=auth", sound + ",qop=auth,nc=1,cnonce=\"c\"",
        sound + ",qop=auth,nc=0000000g,cnonce=\"c\"", sound + ",x=\"open", sound + ",x",
        sound + ",=x", sound + ",realm=\"other\"",
        std::string("Digest username=\"1\",realm=\"r\",nonce=\"n\",uri=\"sip:x\"")})
    CHECK_FALSE(parse_credentials(value));
  std::string many = sound;
  for (int i = 0; i < 40; ++i)
    many += ",x=y";
  CHECK_FALSE(parse_credentials(many));
}

TEST_CASE("each count of a nonce is good once, a little out of order too", "[digest]") {
  nonce_counts counts;
  const auto first = counts.next_serial();
  CHECK(counts.take(first, 1));
  CHECK_FALSE(counts.take(first, 1));
  CHECK(counts.take(first, 40));
  for (std::uint32_t late = 39; late > 8; --late) {
    CHECK(counts.take(first, late));
    CHECK_FALSE(counts.take(first, late));
  }
  CHECK_FALSE(counts.take(first, 8));  // Too late to know.
  CHECK(counts.take(first, 0xFFFFFFFF));
  CHECK_FALSE(counts.take(first, 40));
  // Phones begin anew with each nonce.
  const auto second = counts.next_serial();
  CHECK(counts.take(second, 1));
  CHECK_FALSE(counts.take(first, 0xFFFFFFFF));
}

TEST_CASE("a nonce whose place is taken by a later one is good no more", "[digest]") {
  nonce_counts counts;
  const auto early = counts.next_serial();
  CHECK(counts.take(early, 1));
  std::uint64_t late = 0;
  for (int i = 0; i < 65'536; ++i)
    late = counts.next_serial();
  CHECK(counts.take(early, 2));
  CHECK(counts.take(late, 1));
  CHECK_FALSE(counts.take(early, 3));
  CHECK_FALSE(counts.take(early, 2));
  CHECK(counts.take(late, 2));
}

TEST_CASE("no two challenges give the same nonce; a nonce is of one shard", "[digest]") {
  fixture f;
  const auto nonce_of = [&](std::uint64_t serial) {
    return quoted_in(f.guard.challenge("pbx.test", digest_algorithm::md5, false, home, t0, serial),
                     "nonce");
  };
  CHECK(nonce_of(1) != nonce_of(2));
  CHECK(digest_guard::serial_of(nonce_of(0xABCDEF012345)) == 0xABCDEF012345);
  const digest_guard other(key_of(1), 300s, 1);
  const auto answer =
    phone{}.answer(other.challenge("pbx.test", digest_algorithm::md5, false, home, t0));
  CHECK(f.check(answer) == digest_verdict::stale);
}
