#include "core/cut_batch.h"

#include "core/port.h"

namespace ethercast {

uint16_t needed_to_take(const FrameBatch& batch) noexcept {
  uint16_t needed = 0;
  for (const FrameMeta& meta : batch.metas()) {
    switch (meta.gso_type) {
      case GsoType::none:
        if ((meta.flags & kChecksumUnfinished) != 0) needed |= kTakesChecksum;
        break;
      case GsoType::tcp4:
        needed |= kTakesTcp4;
        break;
      case GsoType::tcp6:
        needed |= kTakesTcp6;
        break;
      case GsoType::udp:
        needed |= kTakesUdp;
        break;
    }
  }
  return needed;
}

bool BatchCutter::next(FrameBatch& into) noexcept {
  into.clear();
  while (frame_ < from_.size()) {
    if (!wanted_.test(frame_)) {
      ++frame_;
      continue;
    }
    const bool whole = is_super_frame(from_.meta(frame_)) ? add_segments(into) : add_ordinary(into);
    if (!whole) break;  // the batch is full
    ++frame_;
    segment_ = 0;
  }
  return !into.empty();
}

bool BatchCutter::add_ordinary(FrameBatch& into) noexcept {
  const FrameMeta& meta = from_.meta(frame_);
  if (!into.append(from_.octets(frame_), meta.time_ns)) return false;
  const auto index = static_cast<uint16_t>(into.size() - 1);
  const uint32_t offset = into.meta(index).offset;
  into.meta(index) = meta;
  into.meta(index).offset = offset;
  origins_[index] = frame_;
  return true;
}

bool BatchCutter::add_segments(FrameBatch& into) noexcept {
  const FrameMeta& meta = from_.meta(frame_);
  const Cutter cutter(meta, from_.data(frame_));
  uint8_t header[kMaxSuperHeader];
  for (; segment_ < cutter.segments(); ++segment_) {
    cutter.write_header(segment_, header);
    if (!into.append({header, cutter.header_length()}, cutter.payload(segment_), meta.time_ns)) return false;
    const auto index = static_cast<uint16_t>(into.size() - 1);
    FrameMeta& cut = into.meta(index);
    cut.ingress = meta.ingress;
    cut.vlan = meta.vlan;
    cut.flags = kChecksumGood;
    origins_[index] = frame_;
  }
  return true;
}

}  // namespace ethercast
