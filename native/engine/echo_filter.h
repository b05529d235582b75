// EchoFilter: has the kernel shorten the echoes of what a port sends to its own group.
//
// With multicast loop on, every datagram comes back to the port that sent it, which only counts and drops it.
// To copy a run of 64 KiB out of the kernel for that costs as much as sending it did. A socket filter
// (socket(7), SO_ATTACH_FILTER) keeps the start alone. It drops nothing, which would look like a full buffer
// in the socket's drop count, and what it keeps still tells how long the datagram was.
#pragma once

#include <cstdint>

#include "engine/address.h"

namespace ethercast {

class EchoFilter {
 public:
  // From now on what comes from `own` to this socket is shortened, and no longer what came from the one
  // before. False when the kernel refuses, or `own` has no address yet: echoes then come whole.
  bool attach(int fd, const SockAddr& own) noexcept;
  // Whole again. Also to be called with a new socket in the place of the one that had the filter.
  void detach(int fd) noexcept;
  // Octets of payload that a datagram from `sender` had, of which `kept` came.
  uint32_t original(const SockAddr& sender, uint32_t kept) const noexcept {
    if (kept <= kWhole || !attached_ || !(sender == own_)) return kept;
    return kWhole + (kept - kWhole) * kShare;
  }

 private:
  // Ordinary frames are kept whole: their octets are counted exactly.
  static constexpr uint32_t kWhole = 1600;
  // Beyond that one octet in so many is kept. Of a run it then tells exactly how many frames it has, since no
  // frame is shorter: two runs of different numbers of frames differ by more.
  static constexpr uint32_t kShare = 14;

  SockAddr own_;
  bool attached_ = false;
};

}  // namespace ethercast
