// Moderation: while frames come fast, the I/O thread pauses before it looks again, so that each look finds
// many.
//
// Without it the thread keeps up with every few frames, sleeps, is woken, and wakes the program as often:
// most of the CPU time is then spent on sleeping and waking. Network cards moderate their interrupts for the
// same reason. A slow LAN (a ping, a handshake, one request after the other) is never delayed, and neither is
// one whose frames come in runs: those are batches already, and a TCP flow that waits for its
// acknowledgements loses a third of its rate to the pauses.
#pragma once

#include <cstdint>

namespace ethercast {

class Moderation {
 public:
  // A window in which so many frames came calls for pauses in the next: 40 000 a second, which no exchange of
  // single requests and replies reaches.
  static constexpr uint64_t kWindow_ns = 1'000'000;
  static constexpr uint32_t kBusyFrames = 40;
  // What cards choose for bulk traffic. The smallest usual receive buffer (212992 octets, doubled by the
  // kernel) has room for some 180 full frames: it overflows within a pause above 900 000 frames a second,
  // beyond what single datagrams reach.
  static constexpr uint64_t kPause_ns = 200'000;
  // A breath that moved so many has found its batch: there is nothing to gain by waiting.
  static constexpr uint32_t kFullBreath = 96;

  // `runs`: there were super-frames among them, or runs of datagrams that the kernel had put together.
  void count(uint32_t frames, bool runs) noexcept {
    breath_ += frames;
    runs_ |= runs;
  }

  // At the end of a breath: how long to pause before the next, 0: not at all.
  uint64_t pause_ns(uint64_t now_ns) noexcept {
    const uint32_t moved = breath_;
    breath_ = 0;
    window_ += moved;
    if (now_ns - since_ns_ >= kWindow_ns) {
      // A window that ended long ago says nothing of now.
      busy_ = window_ >= kBusyFrames && now_ns - since_ns_ < 2 * kWindow_ns && !runs_;
      runs_ = false;
      since_ns_ = now_ns;
      window_ = 0;
    }
    return busy_ && !runs_ && moved != 0 && moved < kFullBreath ? kPause_ns : 0;
  }

 private:
  uint64_t since_ns_ = 0;
  uint32_t window_ = 0;
  uint32_t breath_ = 0;
  bool busy_ = false;
  bool runs_ = false;  // in this window
};

}  // namespace ethercast
