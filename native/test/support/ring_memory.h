// The memory of a FrameRing, with the words that the other side, or a hostile one, writes.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>

#include "core/ring.h"

namespace ethercast::test {

class RingBox {
 public:
  explicit RingBox(uint32_t capacity = ring::kMinCapacity)
      : capacity_(capacity), words_(std::make_unique<uint64_t[]>((ring::kHeaderOctets + capacity) / 8)) {}

  RingMemory memory() const noexcept { return RingMemory(octets(), ring::kHeaderOctets + capacity_); }
  uint8_t* octets() const noexcept { return reinterpret_cast<uint8_t*>(words_.get()); }
  uint32_t capacity() const noexcept { return capacity_; }

  std::atomic_ref<uint32_t> word(uint32_t index) const noexcept {
    return std::atomic_ref<uint32_t>(reinterpret_cast<uint32_t*>(words_.get())[index]);
  }
  void set_head(uint32_t cursor) const noexcept { word(ring::kHeadWord).store(cursor); }
  void set_tail(uint32_t cursor) const noexcept { word(ring::kTailWord).store(cursor); }
  uint32_t head() const noexcept { return word(ring::kHeadWord).load(); }
  uint32_t tail() const noexcept { return word(ring::kTailWord).load(); }
  // The length field of the record at a cursor.
  void set_length(uint32_t cursor, uint32_t length) const noexcept {
    std::memcpy(octets() + ring::kHeaderOctets + (cursor & (capacity_ - 1)), &length, 4);
  }

 private:
  uint32_t capacity_;
  std::unique_ptr<uint64_t[]> words_;
};

}  // namespace ethercast::test
