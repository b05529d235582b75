// Sends probes: plainly, one datagram a system call, or many with UDP segmentation offload.
#pragma once

#include <cstdint>

#include "end.h"

namespace ethercast::load {

struct Order {
  uint32_t trial = 0;
  uint64_t rate = 0;  // frames a second; 0: as many as go
  uint64_t duration_ns = 0;
  uint64_t most = 0;  // frames in all
};

struct Sent {
  uint64_t frames = 0;
  uint64_t refused = 0;  // send calls that the kernel did not take; their frames were tried again
  uint64_t begin_ns = 0;
  uint64_t end_ns = 0;
};

uint64_t now_ns() noexcept;

// On the calling thread, until the time is over or the most is sent.
Sent send_probes(const End& end, const Order& order, bool offload);

}  // namespace ethercast::load
