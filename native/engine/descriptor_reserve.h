// DescriptorReserve: one descriptor kept back for the moment when there are no others.
//
// A connection that can't be accepted for want of a descriptor stays in the backlog, and keeps its listener
// ready for ever. With the one kept back it is accepted and closed: the client knows, and nothing spins.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

#include "engine/fd.h"

namespace ethercast {

class DescriptorReserve {
 public:
  static bool is_shortage(int os_errno) noexcept {
    return os_errno == EMFILE || os_errno == ENFILE || os_errno == ENOMEM || os_errno == ENOBUFS;
  }

  void keep() noexcept {
    if (!spare_) spare_.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  }
  void release() noexcept { spare_.reset(); }

  // Accepts one connection and closes it. False when even that can't be done.
  bool turn_away(int listener) noexcept {
    if (!spare_) return false;
    spare_.reset();
    const bool done =
        static_cast<bool>(Fd(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)));
    keep();
    return done;
  }

  // Whether there are `count` descriptors beside the one that is kept back. `any`: an open one, to be copied.
  bool has(int count, int any) noexcept {
    keep();
    return spare_ && can_copy(count, any);
  }

 private:
  static bool can_copy(int count, int any) noexcept {
    if (count == 0) return true;
    const Fd copy(fcntl(any, F_DUPFD_CLOEXEC, 0));
    return copy && can_copy(count - 1, any);
  }

  Fd spare_;
};

}  // namespace ethercast
