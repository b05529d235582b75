#include "core/batch.h"

#include <cstring>

namespace ethercast {

// Deliberately not zeroed: the slab is large, and only octets that were written are ever read.
FrameBatch::FrameBatch() : slab_(new uint8_t[kSlabSize]) {}

bool FrameBatch::append(std::span<const uint8_t> first, std::span<const uint8_t> second,
                        uint64_t time_ns) noexcept {
  if (full()) return false;
  const uint32_t end = size_ == 0 ? 0 : metas_[size_ - 1].offset + metas_[size_ - 1].length;
  const size_t length = first.size() + second.size();
  if (length > kSlabSize - kHeadroom || end > kSlabSize - kHeadroom - length) return false;
  const uint32_t offset = end + kHeadroom;
  if (!first.empty()) std::memcpy(slab_.get() + offset, first.data(), first.size());
  if (!second.empty()) std::memcpy(slab_.get() + offset + first.size(), second.data(), second.size());
  push(offset, static_cast<uint32_t>(length)).time_ns = time_ns;
  return true;
}

}  // namespace ethercast
