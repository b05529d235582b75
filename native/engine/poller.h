// Poller: epoll, level-triggered. Each descriptor carries a 64-bit tag that comes back with its readiness.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <span>

#include "core/result.h"
#include "engine/fd.h"

namespace ethercast {

struct Ready {
  uint64_t tag;
  uint32_t events;  // EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP
};

class Poller {
 public:
  static constexpr int kMaxReady = 64;  // descriptors a breath; the rest are ready in the next one

  Result<> open();
  // Adds a descriptor or changes its interest.
  Result<> watch(int fd, uint32_t interest, uint64_t tag) noexcept;
  void unwatch(int fd) noexcept;
  // Waits at most `timeout_ms` (-1: for ever, 0: not at all). A signal counts as a time-out.
  std::span<const Ready> wait(int timeout_ms) noexcept;

 private:
  Fd epoll_;
  epoll_event events_[kMaxReady];
  Ready ready_[kMaxReady];
};

}  // namespace ethercast
