#include "tools/versions.hpp"

#include <caf/config.hpp>
#include <event2/event.h>
#include <openssl/crypto.h>

namespace parkway {

std::string versions() {
  const auto caf = std::to_string(CAF_MAJOR_VERSION) + "." + std::to_string(CAF_MINOR_VERSION) + "."
                   + std::to_string(CAF_PATCH_VERSION);
  return "parkway " PARKWAY_VERSION "\nCAF " + caf
         + "\nlibosip2 " PARKWAY_OSIP_VERSION "\nlibevent " + event_get_version() + "\n"
         + OpenSSL_version(OPENSSL_VERSION);
}

}  // namespace parkway
