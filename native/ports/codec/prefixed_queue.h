// PrefixedQueue: what a full stream could not take, as it is to be sent: a bounded first-in first-out queue
// of octets that knows where its frames end. A frame goes in whole or not at all, and comes out in any
// pieces.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

#include "ports/codec/length_prefix.h"

namespace ethercast {

class PrefixedQueue {
 public:
  static constexpr uint32_t kCapacity = 1u << 20;  // octets: some 690 full Ethernet frames

  bool empty() const noexcept { return octets_ == 0; }
  uint32_t frames() const noexcept { return frames_; }
  bool has_room(size_t octets) const noexcept { return octets <= kCapacity - octets_; }

  // A frame of `length` octets begins; `octets` of it and its prefix follow by append(). Those are all but in
  // an empty queue: there the rest of a frame may go that has left in part. Precondition: has_room().
  void begin(uint32_t length, uint32_t octets) noexcept {
    if (!ring_) ring_.reset(new uint8_t[kCapacity]);  // most ports never queue
    if (frames_ == 0) rest_ = octets, length_ = length;
    ++frames_;
  }
  void append(std::span<const uint8_t> octets) noexcept {
    const uint32_t tail = (head_ + octets_) & kMask;
    const auto first = std::min<size_t>(octets.size(), kCapacity - tail);
    std::memcpy(ring_.get() + tail, octets.data(), first);
    if (octets.size() > first) std::memcpy(ring_.get(), octets.data() + first, octets.size() - first);
    octets_ += static_cast<uint32_t>(octets.size());
  }

  // All octets, oldest first; the second piece may be empty. Precondition: not empty.
  std::array<std::span<const uint8_t>, 2> front() const noexcept {
    const uint32_t first = std::min(octets_, kCapacity - head_);
    return {std::span<const uint8_t>{ring_.get() + head_, first}, {ring_.get(), octets_ - first}};
  }
  struct Popped {
    uint32_t frames = 0;  // whose last octet has left
    uint64_t octets = 0;  // of these, without prefixes
  };
  // The oldest `count` octets have left.
  Popped pop(uint32_t count) noexcept {
    Popped popped;
    while (count != 0) {
      const uint32_t taken = std::min(count, rest_);
      advance(taken);
      count -= taken;
      rest_ -= taken;
      if (rest_ != 0) break;
      ++popped.frames;
      popped.octets += length_;
      --frames_;
      if (frames_ != 0) begin_next();
    }
    return popped;
  }
  void clear() noexcept { head_ = octets_ = frames_ = rest_ = length_ = 0; }

 private:
  static constexpr uint32_t kMask = kCapacity - 1;
  static_assert((kCapacity & kMask) == 0);

  void advance(uint32_t count) noexcept {
    head_ = (head_ + count) & kMask;
    octets_ -= count;
  }
  void begin_next() noexcept {
    uint8_t prefix[kLengthPrefix];
    for (uint32_t i = 0; i < kLengthPrefix; ++i) prefix[i] = ring_[(head_ + i) & kMask];
    length_ = read_length_prefix(prefix);
    rest_ = kLengthPrefix + length_;
  }

  std::unique_ptr<uint8_t[]> ring_;
  uint32_t head_ = 0, octets_ = 0;
  uint32_t frames_ = 0;
  uint32_t rest_ = 0;    // octets left of the oldest frame
  uint32_t length_ = 0;  // of the oldest frame, without its prefix
};

}  // namespace ethercast
