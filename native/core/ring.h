// FrameRing: frames through shared memory, one producer and one consumer, one of them possibly a hostile
// script.
//
// Layout, in 32-bit words of the host's byte order; the same numbers stand in lib/frame_ring.ts:
//   word  0  head: octets ever written, modulo 2^32 (the producer's cursor)
//   word 16  tail: octets ever read, modulo 2^32 (the consumer's cursor)
//   word 32  consumer_waits: 1 while the consumer sleeps and wants a wake when the ring is no longer empty
//   word 48  producer_waits: 1 while the producer wants a wake when the ring has become empty
//   octet 256 on: records, a power of two octets in all
// A record starts at a multiple of 8: u32 length, u16 flags, u16 ingress port, u64 time_ns, then the frame,
// then padding to 8. A record never wraps: length kPad says that the rest of the ring is skipped.
//
// Each side keeps its own cursor privately and only publishes it. The other side's cursor, and every length,
// is read once and checked: whatever a script writes here, native code stays within the ring.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

namespace ethercast {

namespace ring {
constexpr uint32_t kHeadWord = 0, kTailWord = 16, kConsumerWaitsWord = 32, kProducerWaitsWord = 48;
constexpr uint32_t kHeaderOctets = 256;
constexpr uint32_t kRecordHeader = 16;
constexpr uint32_t kPad = 0xffffffff;
constexpr uint32_t kMinCapacity = 1u << 16;
constexpr uint32_t kMaxCapacity = 1u << 30;

constexpr uint32_t record_octets(uint32_t frame_length) noexcept {
  return (kRecordHeader + frame_length + 7) & ~7u;
}
// A record of half the capacity always finds room in an empty ring, wherever the cursor stands.
constexpr uint32_t max_frame(uint32_t capacity) noexcept { return capacity / 2 - kRecordHeader; }

// Octets of the whole memory -> octets for records, or 0 if it can't be a ring.
constexpr uint32_t capacity_of(uint64_t memory_octets) noexcept {
  if (memory_octets < kHeaderOctets + kMinCapacity || memory_octets > uint64_t{kHeaderOctets} + kMaxCapacity)
    return 0;
  const auto capacity = static_cast<uint32_t>(memory_octets - kHeaderOctets);
  return (capacity & (capacity - 1)) == 0 ? capacity : 0;
}
}  // namespace ring

// What the two ends share: views of the memory. Borrowed; the memory must be 8-aligned and outlive them.
class RingMemory {
 public:
  RingMemory(uint8_t* memory, uint64_t octets) noexcept
      : memory_(memory), capacity_(ring::capacity_of(octets)) {}
  bool valid() const noexcept { return capacity_ != 0 && reinterpret_cast<uintptr_t>(memory_) % 8 == 0; }
  uint32_t capacity() const noexcept { return capacity_; }

 protected:
  std::atomic_ref<uint32_t> word(uint32_t index) const noexcept {
    return std::atomic_ref<uint32_t>(reinterpret_cast<uint32_t*>(memory_)[index]);
  }
  uint8_t* record(uint32_t cursor) const noexcept {
    return memory_ + ring::kHeaderOctets + (cursor & (capacity_ - 1));
  }
  std::atomic_ref<uint32_t> length_at(uint32_t cursor) const noexcept {
    return std::atomic_ref<uint32_t>(*reinterpret_cast<uint32_t*>(record(cursor)));
  }

 private:
  uint8_t* memory_;
  uint32_t capacity_;
};

// The producing end. Frames become visible to the consumer with publish().
class RingWriter : public RingMemory {
 public:
  explicit RingWriter(const RingMemory& memory) noexcept : RingMemory(memory) {}

  // False when there is no room, or when the consumer's cursor is impossible.
  bool write(std::span<const uint8_t> frame, uint16_t ingress, uint64_t time_ns) noexcept;
  // Makes what was written visible. True when the consumer sleeps and must be woken; asked once, then it is
  // awake.
  bool publish() noexcept;

 private:
  uint32_t head_ = 0;
  uint32_t published_ = 0;
};

// The consuming end.
class RingReader : public RingMemory {
 public:
  explicit RingReader(const RingMemory& memory) noexcept : RingMemory(memory) {}

  enum class Next : uint8_t { frame, empty, bad };
  // The next frame, within the ring and at most `max_frame` long; it stays in place until advance(). `bad`: a
  // cursor or length that can't be; everything written so far is skipped.
  Next next(uint32_t max_frame, std::span<const uint8_t>& frame) noexcept;
  void advance() noexcept { tail_ = after_; }
  // Gives the space back. True when the producer waits for an empty ring and it is empty: it must be woken.
  bool release() noexcept;
  // Says that this side is going to sleep. False when there are frames after all: then it must not sleep.
  bool sleep() noexcept;

 private:
  Next bad(uint32_t head) noexcept;

  uint32_t tail_ = 0;
  uint32_t after_ = 0;
};

}  // namespace ethercast
