// The helper's descriptors: its own, and those that the caller left open for it, which are believed only
// after a look.
#pragma once

#include <unistd.h>

#include <initializer_list>
#include <string>
#include <utility>

#include "core/result.h"

namespace ethercast::helper {

// A descriptor with one owner.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~Fd() { reset(); }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  void reset(int fd = -1) noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

// Opens /dev/null where one of 0, 1 and 2 is closed: else what is opened next would be taken for it, and
// written to. False: even that is not to be had.
bool fill_standard_descriptors() noexcept;

// Closes all from 3 on but these. A caller leaves many open, among them its own ends of the channels, on
// which nobody would ever see it go.
void close_all_but(std::initializer_list<int> kept) noexcept;

// A connected socket of this machine, of a type of socket(2).
Result<> expect_socket(int fd, int type, const char* what);
// A terminal.
Result<> expect_terminal(int fd);

Result<> set_blocking(int fd, bool blocking);

std::string errno_text(int os_errno);

}  // namespace ethercast::helper
