// FrameBatch: a slab and up to 128 frame metas. The unit of every queue, call and wake.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "core/frame.h"

namespace ethercast {

class BatchPool;

// One owner at a time (a BatchPtr), used on the I/O thread only. Octets lie in one slab; frames never
// overlap.
class FrameBatch {
 public:
  static constexpr uint16_t kMaxFrames = 128;  // recvmmsg gains nothing measurable beyond this
  // Octets free before a frame that was copied here alone. Frames that came as one run lie back to back.
  static constexpr uint32_t kHeadroom = 64;
  // 128 frames of an ordinary Ethernet with headroom, or four of the largest there are.
  static constexpr uint32_t kSlabSize = 4 * (65536 + kHeadroom);

  FrameBatch();
  FrameBatch(const FrameBatch&) = delete;
  FrameBatch& operator=(const FrameBatch&) = delete;

  uint8_t* slab() noexcept { return slab_.get(); }
  const uint8_t* slab() const noexcept { return slab_.get(); }

  uint16_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  bool full() const noexcept { return size_ == kMaxFrames; }
  void clear() noexcept {
    size_ = 0;
    has_runs_ = false;
  }

  // Some of the frames came as one run of datagrams: the kernel had batched them already.
  void mark_run() noexcept { has_runs_ = true; }
  bool has_runs() const noexcept { return has_runs_; }

  // Precondition: !full(), and the frame lies within the slab.
  FrameMeta& push(uint32_t offset, uint32_t length) noexcept {
    FrameMeta& meta = metas_[size_++];
    meta = FrameMeta{};
    meta.offset = offset;
    meta.length = length;
    return meta;
  }

  // Copies a frame, given in one or two pieces, behind the last one, with headroom. False when it does not
  // fit: the batch is then unchanged.
  bool append(std::span<const uint8_t> octets, uint64_t time_ns) noexcept {
    return append(octets, {}, time_ns);
  }
  bool append(std::span<const uint8_t> first, std::span<const uint8_t> second, uint64_t time_ns) noexcept;

  // Says of every frame at which port it came in.
  void set_ingress(PortId port) noexcept {
    for (uint16_t i = 0; i < size_; ++i) metas_[i].ingress = port;
  }

  FrameMeta& meta(uint16_t index) noexcept { return metas_[index]; }
  const FrameMeta& meta(uint16_t index) const noexcept { return metas_[index]; }
  std::span<const FrameMeta> metas() const noexcept { return {metas_.data(), size_}; }
  uint8_t* data(uint16_t index) noexcept { return slab_.get() + metas_[index].offset; }
  const uint8_t* data(uint16_t index) const noexcept { return slab_.get() + metas_[index].offset; }
  std::span<const uint8_t> octets(uint16_t index) const noexcept {
    return {data(index), metas_[index].length};
  }

 private:
  std::unique_ptr<uint8_t[]> slab_;
  std::array<FrameMeta, kMaxFrames> metas_;
  uint16_t size_ = 0;
  bool has_runs_ = false;
};

struct ReturnBatch {
  BatchPool* pool = nullptr;
  void operator()(FrameBatch* batch) const noexcept;
};
using BatchPtr = std::unique_ptr<FrameBatch, ReturnBatch>;

}  // namespace ethercast
