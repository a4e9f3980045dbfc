#include "kernel/config/ha1.hpp"

#include <openssl/evp.h>

#include <stdexcept>

namespace parkway {

void ha1_maker::closer::operator()(EVP_MD* algorithm) const {
  EVP_MD_free(algorithm);
}

void ha1_maker::closer::operator()(EVP_MD_CTX* computation) const {
  EVP_MD_CTX_free(computation);
}

ha1_maker::ha1_maker()
  : md5_(EVP_MD_fetch(nullptr, "MD5", nullptr)),
    sha256_(EVP_MD_fetch(nullptr, "SHA2-256", nullptr)),
    computation_(EVP_MD_CTX_new()) {
  if (!md5_ || !sha256_ || !computation_) throw std::runtime_error{"no MD5 or SHA-256 in OpenSSL"};
}

digest_secret ha1_maker::operator()(std::string_view user, std::string_view realm,
                                    std::string_view password) const {
  digest_secret made;
  digest(md5_.get(), user, realm, password, made.md5.data());
  digest(sha256_.get(), user, realm, password, made.sha256.data());
  return made;
}

void ha1_maker::digest(const EVP_MD* algorithm, std::string_view user, std::string_view realm,
                       std::string_view password, unsigned char* into) const {
  auto* const c = computation_.get();
  const auto add = [c](std::string_view text) { EVP_DigestUpdate(c, text.data(), text.size()); };
  EVP_DigestInit_ex2(c, algorithm, nullptr);
  add(user);
  add(":");
  add(realm);
  add(":");
  add(password);
  EVP_DigestFinal_ex(c, into, nullptr);
}

}  // namespace parkway
