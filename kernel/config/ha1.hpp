#pragma once

#include "kernel/config/tenants.hpp"

#include <openssl/types.h>

#include <memory>
#include <string_view>

namespace parkway {

/// Computes what is kept of a password: the digest HA1 values (RFC 7616 §3.4.2, RFC 8760). One
/// object for many: the algorithms are looked up once.
class ha1_maker {
 public:
  /// Throws std::runtime_error where the crypto library has no MD5 or SHA-256.
  ha1_maker();

  digest_secret operator()(std::string_view user, std::string_view realm,
                           std::string_view password) const;

 private:
  struct closer {
    void operator()(EVP_MD* algorithm) const;
    void operator()(EVP_MD_CTX* computation) const;
  };
  void digest(const EVP_MD* algorithm, std::string_view user, std::string_view realm,
              std::string_view password, unsigned char* into) const;

  std::unique_ptr<EVP_MD, closer> md5_, sha256_;
  std::unique_ptr<EVP_MD_CTX, closer> computation_;
};

}  // namespace parkway
