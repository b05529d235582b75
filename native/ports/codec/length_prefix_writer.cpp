#include "ports/codec/length_prefix_writer.h"

#include <cstring>

#include "core/segment.h"

namespace ethercast {

void LengthPrefixWriter::start(const FrameBatch& batch, Picks picks) noexcept {
  if (!plan_) plan_.reset(new Plan);
  batch_ = &batch;
  picks_ = picks;
  pick_ = 0;
  segment_ = 0;
  frame_count_ = settled_ = 0;
  left_ = 0;
}

bool LengthPrefixWriter::lay_out() noexcept {
  piece_count_ = frame_count_ = settled_ = 0;
  side_used_ = 0;
  left_ = 0;
  while (pick_ < picks_.size()) {
    const uint16_t frame = picks_[pick_];
    const bool whole = is_super_frame(batch_->meta(frame)) ? add_segments(frame) : add(batch_->octets(frame));
    if (!whole) break;
    ++pick_;
    segment_ = 0;
  }
  return frame_count_ != 0;
}

bool LengthPrefixWriter::add(std::span<const uint8_t> frame) noexcept {
  const auto length = static_cast<uint32_t>(frame.size());
  const bool copied = length <= kCopied;
  uint8_t* const side = side_room(kLengthPrefix + (copied ? length : 0));
  if (side == nullptr) return false;
  write_length_prefix(side, length);
  if (copied) {
    std::memcpy(side + kLengthPrefix, frame.data(), length);
    push(side, kLengthPrefix + length);
  } else {
    push(side, kLengthPrefix);
    push(frame.data(), length);
  }
  close_frame(length);
  return true;
}

// False when there is no room for all of it: `segment_` is then the next.
bool LengthPrefixWriter::add_segments(uint16_t frame) noexcept {
  const Cutter cutter(batch_->meta(frame), batch_->data(frame));
  const uint32_t header = cutter.header_length();
  for (; segment_ < cutter.segments(); ++segment_) {
    uint8_t* const side = side_room(kLengthPrefix + header);
    if (side == nullptr) return false;
    const auto payload = cutter.payload(segment_);
    const auto length = static_cast<uint32_t>(header + payload.size());
    write_length_prefix(side, length);
    cutter.write_header(segment_, side + kLengthPrefix);
    push(side, kLengthPrefix + header);
    push(payload.data(), payload.size());
    close_frame(length);
  }
  return true;
}

// Null when another frame would not fit.
uint8_t* LengthPrefixWriter::side_room(uint32_t octets) noexcept {
  if (frame_count_ == kFrames || octets > kSideOctets - side_used_) return nullptr;
  uint8_t* const at = plan_->side.data() + side_used_;
  side_used_ += octets;
  return at;
}

void LengthPrefixWriter::push(const uint8_t* at, size_t octets) noexcept {
  Piece* const last = piece_count_ == 0 ? nullptr : &plan_->pieces[piece_count_ - 1];
  if (last != nullptr && static_cast<const uint8_t*>(last->at) + last->octets == at) {
    last->octets += octets;
    return;
  }
  plan_->pieces[piece_count_++] = {at, octets};
}

void LengthPrefixWriter::close_frame(uint32_t length) noexcept {
  const auto before = static_cast<uint32_t>(laid_out());
  plan_->frames[frame_count_++] = {before + kLengthPrefix + length, length};
}

LengthPrefixWriter::Sent LengthPrefixWriter::left(size_t octets) noexcept {
  Sent sent;
  left_ = octets;
  for (; settled_ < frame_count_ && plan_->frames[settled_].end <= octets; ++settled_) {
    ++sent.frames;
    sent.octets += plan_->frames[settled_].length;
  }
  return sent;
}

LengthPrefixWriter::Queued LengthPrefixWriter::queue_rest() noexcept {
  Queued result;
  do {
    Spot spot;
    for (; settled_ < frame_count_; ++settled_) {
      const uint32_t start = settled_ == 0 ? 0 : plan_->frames[settled_ - 1].end;
      const Frame& frame = plan_->frames[settled_];
      const auto from = static_cast<uint32_t>(left_ > start ? left_ : start);
      ++(queue_frame(spot, from, frame) ? result.queued : result.dropped);
    }
  } while (lay_out());
  return result;
}

// A frame's octets from `from` on; `spot` is not behind it, and moves with it.
bool LengthPrefixWriter::queue_frame(Spot& spot, uint32_t from, const Frame& frame) noexcept {
  if (!queue_.has_room(frame.end - from)) return false;
  queue_.begin(frame.length, frame.end - from);
  while (from < frame.end) {
    const Piece& piece = plan_->pieces[spot.piece];
    const auto piece_end = static_cast<uint32_t>(spot.start + piece.octets);
    if (piece_end <= from) {
      spot = {static_cast<uint16_t>(spot.piece + 1), piece_end};
      continue;
    }
    const uint32_t end = frame.end < piece_end ? frame.end : piece_end;
    queue_.append({static_cast<const uint8_t*>(piece.at) + (from - spot.start), end - from});
    from = end;
  }
  return true;
}

uint32_t LengthPrefixWriter::drop_rest() noexcept {
  uint32_t dropped = 0;
  do {
    dropped += static_cast<uint32_t>(frame_count_ - settled_);
  } while (lay_out());
  return dropped;
}

}  // namespace ethercast
