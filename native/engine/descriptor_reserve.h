// DescriptorReserve: one descriptor kept back for the moment when there are no others.
//
// A connection that can't be accepted for want of a descriptor stays in the backlog, and keeps its listener
// ready for ever. With the one kept back it is accepted and closed: the client knows, and nothing spins.
#pragma once

#include <fcntl.h>
#include <sys/eventfd.h>
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
    if (!spare_) spare_.reset(eventfd(0, EFD_CLOEXEC));  // it needs nothing of the file system
  }
  void release() noexcept { spare_.reset(); }

  // Accepts one connection with the descriptor that was kept back. The caller closes it, and keeps one again.
  Fd accept(int listener) noexcept {
    keep();
    if (!spare_) return Fd();
    spare_.reset();
    return Fd(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
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
