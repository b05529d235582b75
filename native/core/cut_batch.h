// Cutting whole batches for ports that take no super-frames: the frames of one batch, in order, as ordinary
// frames in another, a batchful at a time. So one batch is enough however many frames a super-frame stands
// for.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>

#include "core/batch.h"
#include "core/segment.h"

namespace ethercast {

// Which kTakes bits a port must have to be handed all frames of this batch as they are.
uint16_t needed_to_take(const FrameBatch& batch) noexcept;

using FrameSet = std::bitset<FrameBatch::kMaxFrames>;

class BatchCutter {
 public:
  // Borrows `from`; only the frames of `wanted` are taken.
  BatchCutter(const FrameBatch& from, const FrameSet& wanted) noexcept : from_(from), wanted_(wanted) {}

  // Fills `into`, which is emptied first, with the next frames. False when there are no more.
  bool next(FrameBatch& into) noexcept;
  // The number in the original batch of frame `i` of what next() filled.
  uint16_t origin(uint16_t i) const noexcept { return origins_[i]; }

 private:
  bool add_ordinary(FrameBatch& into) noexcept;
  bool add_segments(FrameBatch& into) noexcept;

  const FrameBatch& from_;
  const FrameSet& wanted_;
  uint16_t frame_ = 0;
  uint32_t segment_ = 0;
  std::array<uint16_t, FrameBatch::kMaxFrames> origins_;
};

}  // namespace ethercast
