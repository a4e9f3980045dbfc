#pragma once

#include <utility>

namespace parkway {

/// Owns a file descriptor, and closes it. Any thread, one at a time.
class descriptor {
 public:
  descriptor() = default;
  /// Below 0: none, as system calls say it.
  explicit descriptor(int fd) : fd_(fd) {}
  descriptor(descriptor&& other) noexcept : fd_(other.release()) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~descriptor();

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  /// Gives it away.
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

}  // namespace parkway
