// LengthPrefixWriter: frames of a batch as pieces of octets for one vectored write, each frame behind its
// length; what the stream does not take is queued, the rest of a frame that has left in part first. Pure.
//
// Long frames stay where they lie. Short ones are copied behind their prefixes, so that many are one piece:
// that costs less than the kernel's work for each piece. Super-frames are cut here, their headers made
// beside.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/batch.h"
#include "core/port.h"
#include "ports/codec/prefixed_queue.h"

namespace ethercast {

class LengthPrefixWriter {
 public:
  static constexpr uint16_t kFrames = 256;  // wire frames of one write
  static constexpr uint16_t kPieces = 2 * kFrames;

  // As the kernel's iovec (readv(2)).
  struct Piece {
    const void* at;
    size_t octets;
  };
  struct Sent {
    uint32_t frames = 0;  // whose last octet has left
    uint64_t octets = 0;  // of these, without prefixes
  };

  // The picked frames are to be sent. Borrows both until the last lay_out() or the call of queue_rest().
  void start(const FrameBatch& batch, Picks picks) noexcept;
  // The next of them, as pieces(); false: there are no more. Precondition: all laid out before has left.
  bool lay_out() noexcept;
  std::span<const Piece> pieces() const noexcept { return {plan_->pieces.data(), piece_count_}; }
  // Octets of all pieces.
  size_t laid_out() const noexcept { return frame_count_ == 0 ? 0 : plan_->frames[frame_count_ - 1].end; }
  // `octets` of what was laid out have left, the rest not: queue_rest() has to follow if it is not all.
  Sent left(size_t octets) noexcept;
  // Queues what has not left and all that was not laid out yet; returns how many frames were queued, and how
  // many there was no room for.
  struct Queued {
    uint32_t queued = 0, dropped = 0;
  };
  Queued queue_rest() noexcept;
  // As queue_rest(), but all of them are dropped; the rest of a frame that has left in part, too.
  uint32_t drop_rest() noexcept;

  PrefixedQueue& queue() noexcept { return queue_; }
  const PrefixedQueue& queue() const noexcept { return queue_; }

 private:
  static constexpr uint32_t kSideOctets = 1 << 16;
  // Frames up to so many octets are copied.
  static constexpr uint32_t kCopied = 256;

  struct Frame {
    uint32_t end;     // octets of all pieces up to its last
    uint32_t length;  // of the frame
  };
  // A piece, and how many octets come before it.
  struct Spot {
    uint16_t piece = 0;
    uint32_t start = 0;
  };
  struct Plan {
    std::array<Piece, kPieces> pieces;
    std::array<Frame, kFrames> frames;
    std::array<uint8_t, kSideOctets> side;
  };

  bool add(std::span<const uint8_t> frame) noexcept;
  bool add_segments(uint16_t frame) noexcept;
  uint8_t* side_room(uint32_t octets) noexcept;
  void push(const uint8_t* at, size_t octets) noexcept;
  void close_frame(uint32_t length) noexcept;
  bool queue_frame(Spot& spot, uint32_t from, const Frame& frame) noexcept;

  const FrameBatch* batch_ = nullptr;
  Picks picks_;
  uint16_t pick_ = 0;     // which is next
  uint32_t segment_ = 0;  // of it, if it is a super-frame
  // What is laid out.
  std::unique_ptr<Plan> plan_;  // made when first needed
  uint16_t piece_count_ = 0, frame_count_ = 0;
  uint32_t side_used_ = 0;
  size_t left_ = 0;       // octets that have left
  uint16_t settled_ = 0;  // frames that have left whole
  PrefixedQueue queue_;
};

}  // namespace ethercast
