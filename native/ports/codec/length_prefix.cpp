#include "ports/codec/length_prefix.h"

#include <algorithm>
#include <cstring>

#include "core/ether.h"

namespace ethercast {

std::array<LengthPrefixReader::Place, 2> LengthPrefixReader::lay_out(FrameBatch& batch,
                                                                     uint32_t limit) noexcept {
  uint8_t* const slab = batch.slab();
  start_ = FrameBatch::kHeadroom;
  Place rest{nullptr, 0};
  if (record_ != 0) {
    // The rest of the cut frame goes behind its beginning; its place in the slab is kept free.
    rest = {carry_.get() + carried_, std::min<size_t>(record_ - carried_, limit)};
    start_ += record_ - kLengthPrefix;
  } else if (carried_ != 0) {
    std::memcpy(slab + start_, carry_.get(), carried_);
    start_ += carried_;
  }
  const size_t room = FrameBatch::kSlabSize - start_;
  return {rest, {slab + start_, std::min<size_t>(room, limit - rest.octets)}};
}

void LengthPrefixReader::filled(FrameBatch& batch, size_t octets) noexcept {
  at_ = end_ = start_;
  if (octets == 0) return;
  auto count = static_cast<uint32_t>(octets);
  if (record_ != 0) {
    const uint32_t rest = std::min(record_ - carried_, count);
    carried_ += rest;
    count -= rest;
    if (carried_ < record_) return;
    const uint32_t length = record_ - kLengthPrefix;
    std::memcpy(batch.slab() + FrameBatch::kHeadroom, carry_.get() + kLengthPrefix, length);
    batch.push(FrameBatch::kHeadroom, length);
    carried_ = record_ = 0;
  } else {
    at_ -= carried_;
    carried_ = 0;
  }
  end_ += count;
}

LengthPrefixReader::Step LengthPrefixReader::next(FrameBatch& batch, uint64_t time_ns,
                                                  Dropped& dropped) noexcept {
  if (broken_) return Step::broken;
  // A cut frame that filled() has put there.
  if (batch.size() == 1) batch.meta(0).time_ns = time_ns;
  const uint8_t* const slab = batch.slab();
  for (;;) {
    const uint32_t skipped = std::min(skip_, end_ - at_);
    skip_ -= skipped;
    at_ += skipped;
    const uint32_t left = end_ - at_;
    if (left == 0) return Step::done;
    if (left < kLengthPrefix) {
      carry(slab + at_, left, 0);
      return Step::done;
    }
    const uint32_t length = read_length_prefix(slab + at_);
    if (length > kLongestPrefixed) {
      broken_ = true;
      return Step::broken;
    }
    if (length < kEtherHeader || length > max_frame_) {
      ++(length < kEtherHeader ? dropped.runts : dropped.oversize);
      dropped.octets += length;
      at_ += kLengthPrefix;
      skip_ = length;
      continue;
    }
    if (left - kLengthPrefix < length) {
      carry(slab + at_, left, kLengthPrefix + length);
      return Step::done;
    }
    if (batch.full()) return Step::full;
    batch.push(at_ + kLengthPrefix, length).time_ns = time_ns;
    at_ += kLengthPrefix + length;
  }
}

void LengthPrefixReader::carry(const uint8_t* octets, uint32_t count, uint32_t record) noexcept {
  const uint32_t need = std::max(record, kLengthPrefix);
  if (capacity_ < need) {
    // Once for ordinary frames, once more for the longest there are.
    capacity_ = need <= kOrdinary ? kOrdinary : kLengthPrefix + max_frame_;
    capacity_ = std::max(capacity_, need);
    carry_.reset(new uint8_t[capacity_]);
  }
  std::memcpy(carry_.get(), octets, count);
  carried_ = count;
  record_ = record;
  at_ = end_;
}

void LengthPrefixReader::reset() noexcept {
  carried_ = record_ = skip_ = 0;
  at_ = end_ = start_ = 0;
  broken_ = false;
}

}  // namespace ethercast
