// A captured packet: a virtio-net header, auxiliary data and octets, all as hostile as can be. Either it is
// refused, or the frame is the packet with the tag that was told, and what its meta says is true.
#include "ports/codec/packet_capture.h"

#include <memory>

#include "core/ether.h"
#include "core/segment.h"
#include "fuzz/input.h"
#include "ports/codec/vnet_header.h"

using namespace ethercast;
using namespace ethercast::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static constexpr size_t header_lengths[] = {10, 10, 10, 9}, auxiliary_lengths[] = {20, 20, 24, 19};
  Input input(data, size);
  const uint8_t choice = input.octet();
  const auto header = input.run(header_lengths[choice % 4]);
  const auto auxiliary = input.run(auxiliary_lengths[choice / 4 % 4]);
  const auto packet = input.run(size);

  // In memory of its own, with room for a tag and nothing more.
  const auto slab = std::make_unique<uint8_t[]>(kVlanTag + packet.size());
  std::memset(slab.get(), 0xee, kVlanTag);
  if (!packet.empty()) std::memcpy(slab.get() + kVlanTag, packet.data(), packet.size());
  FrameMeta meta;
  meta.offset = kVlanTag;
  meta.length = static_cast<uint32_t>(packet.size());
  const auto why = frame_of_packet(slab.get(), meta, header, auxiliary);
  (void)wire_frames(meta);
  ETHERCAST_MUST(meta.offset + meta.length == kVlanTag + packet.size());
  if (why) {
    ETHERCAST_MUST(*why == RxDrop::runt || *why == RxDrop::bad_offload);
    ETHERCAST_MUST(!is_super_frame(meta));
    return 0;
  }

  uint8_t* const frame = slab.get() + meta.offset;
  const std::span<const uint8_t> octets{frame, meta.length};
  const auto tag = read_stripped_tag(auxiliary);
  ETHERCAST_MUST(meta.length == packet.size() + (tag ? kVlanTag : 0));
  ETHERCAST_MUST(std::memcmp(frame, packet.data(), 12) == 0);
  if (tag) {
    ETHERCAST_MUST(read_be16(frame + 12) == tag->protocol && read_be16(frame + 14) == tag->control);
  }
  const size_t rest = packet.size() - 12;
  ETHERCAST_MUST(std::memcmp(frame + meta.length - rest, packet.data() + 12, rest) == 0);
  if (is_super_frame(meta)) {
    const Cutter cutter(meta, frame);
    ETHERCAST_MUST(cutter.segments() == wire_frames(meta) && wire_frames(meta) >= 2);
    const auto into = std::make_unique<uint8_t[]>(meta.header_length);
    cutter.write_header(0, into.get());
    cutter.write_header(cutter.segments() - 1, into.get());
  }
  if (carries_itself(octets)) {
    // Two datagrams, one within the other: no shorter than their headers over IPv4, the inner one a fragment.
    ETHERCAST_MUST(meta.length >= 14 + 20 + 8 + 14 + 20);
  }
  if ((meta.flags & kChecksumUnfinished) != 0 && !is_super_frame(meta)) finish_checksum(meta, frame);
  return 0;
}
