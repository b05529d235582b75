// Wake: an eventfd that any thread can ring. Rings between two looks melt into one.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "core/result.h"
#include "engine/fd.h"

namespace ethercast {

class Wake {
 public:
  Result<> open() {
    fd_.reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!fd_)
      return Error::os(errno, "eventfd",
                       "no descriptor for waking the I/O thread: raise the limit (ulimit -n)");
    return {};
  }
  int fd() const noexcept { return fd_.get(); }

  void ring_mt() const noexcept {
    const uint64_t one = 1;
    // Only a full counter can refuse (EAGAIN), and then the reader is woken anyway.
    [[maybe_unused]] const ssize_t written = ::write(fd_.get(), &one, sizeof one);
  }
  void clear() const noexcept {
    uint64_t rings;
    [[maybe_unused]] const ssize_t got = ::read(fd_.get(), &rings, sizeof rings);
  }

 private:
  Fd fd_;
};

}  // namespace ethercast
