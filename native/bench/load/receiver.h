// Counts probes: each once, those that came again, those that came behind a later one.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "end.h"

namespace ethercast::load {

struct Received {
  uint64_t frames = 0;  // different ones
  uint64_t duplicates = 0;
  uint64_t reordered = 0;
  uint64_t strays = 0;  // what is no probe of this trial
  uint64_t reads = 0;
  uint64_t last_ns = 0;
};

// Run on a thread of its own; ended from another.
class Receiver {
 public:
  // `most`: numbers of frames lie below this.
  Receiver(const End& end, uint32_t trial, uint64_t most, bool offload);

  // Reads until it is told to stop and nothing has come for a while.
  void run();

  // Nothing more is sent than these frames.
  void finish_mt(uint64_t frames) noexcept { expected_.store(frames, std::memory_order_release); }

  const Received& received() const noexcept { return received_; }

 private:
  void take(const uint8_t* frame, size_t length) noexcept;
  bool read_once();
  void take_records(size_t octets) noexcept;

  int fd_;
  bool stream_;
  size_t kept_ = 0;  // of a stream: octets at the start of the buffer, of a record that is not whole yet
  uint32_t trial_;
  bool offload_;
  uint64_t highest_ = 0;
  std::vector<uint64_t> seen_;  // a bit a number
  std::vector<uint8_t> buffer_;
  std::atomic<uint64_t> expected_{~0ULL};
  Received received_;
};

}  // namespace ethercast::load
