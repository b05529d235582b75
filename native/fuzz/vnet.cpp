// What is read from a tap: a virtio-net header of some length and a frame, both as hostile as can be. Either
// it is refused, or what the frame's meta then says is true of its octets, can be cut into frames, and says
// the same again after it was written to a tap and read back.
#include <memory>

#include "core/ether.h"
#include "core/segment.h"
#include "fuzz/input.h"
#include "ports/codec/vnet_header.h"

using namespace ethercast;
using namespace ethercast::fuzz;

namespace {

bool same(const FrameMeta& a, const FrameMeta& b) {
  return a.length == b.length && a.flags == b.flags && a.gso_size == b.gso_size && a.gso_type == b.gso_type &&
         a.csum_start == b.csum_start && a.csum_offset == b.csum_offset && a.header_length == b.header_length;
}

void check_super(const FrameMeta& meta, const uint8_t* frame) {
  ETHERCAST_MUST(meta.gso_type != GsoType::none && (meta.flags & kChecksumUnfinished) != 0);
  ETHERCAST_MUST(meta.header_length <= kMaxSuperHeader && meta.header_length < meta.length);
  ETHERCAST_MUST(wire_frames(meta) >= 2 && wire_length(meta) < meta.length);
  const Cutter cutter(meta, frame);
  ETHERCAST_MUST(cutter.segments() == wire_frames(meta) && cutter.header_length() == meta.header_length);
  // Exactly as long as it must be: the sanitizer sees the first octet beyond.
  const auto header = std::make_unique<uint8_t[]>(meta.header_length);
  uint64_t octets = 0, payload = 0;
  for (uint32_t i = 0; i < cutter.segments(); ++i) {
    const auto piece = cutter.payload(i);
    ETHERCAST_MUST(!piece.empty() && piece.size() <= meta.gso_size);
    ETHERCAST_MUST(piece.data() >= frame && piece.data() + piece.size() <= frame + meta.length);
    payload += piece.size();
    octets += meta.header_length + piece.size();
    if (i < 4 || i + 2 > cutter.segments()) cutter.write_header(i, header.get());
  }
  ETHERCAST_MUST(payload == meta.length - meta.header_length && octets == wire_octets(meta));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static constexpr size_t lengths[] = {10, 12, 10, 12, 64, 11, 9, 0};
  Input input(data, size);
  const auto header = input.run(lengths[input.octet() % std::size(lengths)]);
  const auto rest = input.run(size);
  // In memory of its own, for the same reason.
  const auto frame = std::make_unique<uint8_t[]>(rest.size());
  if (!rest.empty()) std::memcpy(frame.get(), rest.data(), rest.size());
  const std::span<const uint8_t> octets{frame.get(), rest.size()};

  const auto claim = read_vnet_header(header);
  if (!claim) return 0;
  FrameMeta meta;
  meta.length = static_cast<uint32_t>(octets.size());
  if (!describe(meta, octets, *claim)) return 0;
  ETHERCAST_MUST(meta.length == octets.size());
  if ((meta.flags & kChecksumUnfinished) != 0) {
    ETHERCAST_MUST(uint32_t{meta.csum_start} + meta.csum_offset + 2 <= meta.length);
  }
  if (is_super_frame(meta)) check_super(meta, frame.get());

  uint8_t written[kVnetHeader];
  write_vnet_header(meta, frame.get(), written);
  const auto again = read_vnet_header(written);
  ETHERCAST_MUST(again.has_value());
  FrameMeta back;
  back.length = meta.length;
  ETHERCAST_MUST(describe(back, octets, *again));
  // Who says that a checksum is unfinished need not say that it is good.
  if ((meta.flags & kChecksumUnfinished) != 0) meta.flags &= static_cast<uint16_t>(~kChecksumGood);
  ETHERCAST_MUST(same(meta, back));

  if ((meta.flags & kChecksumUnfinished) != 0 && !is_super_frame(meta)) {
    finish_checksum(meta, frame.get());
    ETHERCAST_MUST((meta.flags & kChecksumUnfinished) == 0);
  }
  return 0;
}
