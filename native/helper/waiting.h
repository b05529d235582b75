// Waiting, for the helpers that stay: for descriptors, and for the signals that end a process, which arrive
// on a descriptor too, so that whatever was made is taken back on the way out.
#pragma once

#include <poll.h>

#include <span>

#include "core/result.h"
#include "helper/descriptors.h"

namespace ethercast::helper {

// Frames or packets moved one way at a time: the other way and the control channel must not starve.
constexpr int kRound = 64;

class EndSignals {
 public:
  // SIGINT, SIGTERM and SIGHUP from now on only make the descriptor readable.
  Result<> open();
  int fd() const noexcept { return fd_.get(); }

 private:
  Fd fd_;
};

// Waits without end. False: that went wrong.
bool wait_for(std::span<pollfd> descriptors) noexcept;

// A process that stays: holds on to no folder.
void settle() noexcept;

}  // namespace ethercast::helper
