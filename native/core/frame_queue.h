// FrameQueue: a bounded first-in first-out queue of copied frames, for what a full socket could not take at
// once.
//
// Copies, because holding the batch instead would let one slow port pin the slabs that all the others need.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "core/ring.h"

namespace ethercast {

class FrameQueue {
 public:
  static constexpr uint32_t kCapacity = 1u << 20;  // octets: some 690 full Ethernet frames
  static constexpr uint16_t kHand = 64;            // frames looked at together, for one vectored send

  // False when the queue is full.
  bool push(std::span<const uint8_t> frame) noexcept {
    if (!memory_) make();
    if (!writer_.write(frame, 0, 0)) return false;
    writer_.publish();
    ++size_;
    return true;
  }
  bool empty() const noexcept { return size_ == 0; }
  uint32_t size() const noexcept { return size_; }

  // The oldest frames, at most kHand; in place until pop().
  std::span<const std::span<const uint8_t>> front() noexcept {
    if (taken_ == held_) refill();
    return {hand_.data() + taken_, static_cast<size_t>(held_ - taken_)};
  }
  // Forgets the `count` oldest; precondition: front() showed as many.
  void pop(uint16_t count) noexcept {
    taken_ = static_cast<uint16_t>(taken_ + count);
    size_ -= count;
    if (taken_ == held_) reader_.release();
  }

 private:
  void make() {
    // 8-aligned, as a ring must be.
    memory_ = std::make_unique<uint64_t[]>((ring::kHeaderOctets + kCapacity) / 8);
    const RingMemory ring(reinterpret_cast<uint8_t*>(memory_.get()), ring::kHeaderOctets + kCapacity);
    writer_ = RingWriter(ring);
    reader_ = RingReader(ring);
  }
  void refill() noexcept {
    taken_ = held_ = 0;
    if (!memory_) return;
    while (held_ < kHand && reader_.next(kCapacity, hand_[held_]) == RingReader::Next::frame) {
      reader_.advance();
      ++held_;
    }
  }

  std::unique_ptr<uint64_t[]> memory_;  // made when first needed: most ports never queue
  RingWriter writer_{RingMemory(nullptr, 0)};
  RingReader reader_{RingMemory(nullptr, 0)};
  std::array<std::span<const uint8_t>, kHand> hand_;
  uint16_t taken_ = 0, held_ = 0;
  uint32_t size_ = 0;
};

}  // namespace ethercast
