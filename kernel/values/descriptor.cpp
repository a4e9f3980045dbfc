#include "kernel/values/descriptor.hpp"

#include <unistd.h>

namespace parkway {

descriptor::~descriptor() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace parkway
