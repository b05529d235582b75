#include "core/ring.h"

#include <cstring>

namespace ethercast {

static_assert(std::atomic_ref<uint32_t>::is_always_lock_free);

bool RingWriter::write(std::span<const uint8_t> frame, uint16_t ingress, uint64_t time_ns) noexcept {
  if (frame.size() > ring::max_frame(capacity())) return false;
  const auto length = static_cast<uint32_t>(frame.size());
  const uint32_t need = ring::record_octets(length);
  const uint32_t used = head_ - word(ring::kTailWord).load(std::memory_order_acquire);
  if (used > capacity()) return false;
  const uint32_t to_end = capacity() - (head_ & (capacity() - 1));
  const uint32_t skip = to_end < need ? to_end : 0;
  if (capacity() - used < skip + need) return false;
  if (skip != 0) {
    length_at(head_).store(ring::kPad, std::memory_order_relaxed);
    head_ += skip;
  }
  uint8_t* at = record(head_);
  length_at(head_).store(length, std::memory_order_relaxed);
  const uint16_t flags = 0;
  std::memcpy(at + 4, &flags, 2);
  std::memcpy(at + 6, &ingress, 2);
  std::memcpy(at + 8, &time_ns, 8);
  if (length != 0) std::memcpy(at + ring::kRecordHeader, frame.data(), length);
  head_ += need;
  return true;
}

bool RingWriter::publish() noexcept {
  // Nothing new: to wake a sleeper now would take its wish for a wake away and give it nothing to read.
  if (head_ == published_) return false;
  published_ = head_;
  // Sequentially consistent against the sleeper's store of consumer_waits and load of head: one of us sees
  // the other.
  word(ring::kHeadWord).store(head_, std::memory_order_seq_cst);
  if (word(ring::kConsumerWaitsWord).load(std::memory_order_seq_cst) == 0) return false;
  return word(ring::kConsumerWaitsWord).exchange(0, std::memory_order_seq_cst) != 0;
}

RingReader::Next RingReader::next(uint32_t max_frame, std::span<const uint8_t>& frame) noexcept {
  const uint32_t head = word(ring::kHeadWord).load(std::memory_order_acquire);
  for (;;) {
    const uint32_t available = head - tail_;
    if (available == 0) return Next::empty;
    if (available > capacity() || (head & 7) != 0) return bad(head);
    const uint32_t to_end = capacity() - (tail_ & (capacity() - 1));
    const uint32_t length = length_at(tail_).load(std::memory_order_relaxed);
    if (length == ring::kPad) {
      if (available < to_end) return bad(head);
      tail_ += to_end;
      continue;
    }
    if (length > max_frame || length > ring::max_frame(capacity())) return bad(head);
    const uint32_t need = ring::record_octets(length);
    if (need > to_end || need > available) return bad(head);
    after_ = tail_ + need;
    frame = {record(tail_) + ring::kRecordHeader, length};
    return Next::frame;
  }
}

RingReader::Next RingReader::bad(uint32_t head) noexcept {
  tail_ = head & ~7u;
  return Next::bad;
}

bool RingReader::release() noexcept {
  word(ring::kTailWord).store(tail_, std::memory_order_seq_cst);
  if (word(ring::kProducerWaitsWord).load(std::memory_order_seq_cst) == 0) return false;
  if (word(ring::kHeadWord).load(std::memory_order_seq_cst) != tail_) return false;
  return word(ring::kProducerWaitsWord).exchange(0, std::memory_order_seq_cst) != 0;
}

bool RingReader::sleep() noexcept {
  word(ring::kConsumerWaitsWord).store(1, std::memory_order_seq_cst);
  if ((word(ring::kHeadWord).load(std::memory_order_seq_cst) & ~7u) == tail_) return true;
  word(ring::kConsumerWaitsWord).store(0, std::memory_order_seq_cst);
  return false;
}

}  // namespace ethercast
