// A frame's description. A Frame is the octets from the destination MAC to the end of the payload, without
// FCS.
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>

namespace ethercast {

using PortId = uint16_t;
constexpr PortId kNoPort = 0;  // ids of ports start at 1 and are never used twice within a switch

// What a super-frame is to be cut into: TCP segments over IPv4 or IPv6, or UDP datagrams.
enum class GsoType : uint8_t { none, tcp4, tcp6, udp };

// Bits of FrameMeta::flags.
// The checksum at csum_start + csum_offset holds the pseudo-header's sum alone, as in virtio-net
// (VIRTIO_NET_HDR_F_NEEDS_CSUM): whoever puts the frame on a wire finishes it. Always set with gso_size.
constexpr uint16_t kChecksumUnfinished = 1;
// The TCP or UDP checksum has been verified, or the frame never left this machine.
constexpr uint16_t kChecksumGood = 2;

// One a frame. With gso_size > 0 it is a super-frame: one TCP or UDP run that is still to be cut into frames.
// What its other fields say has then been checked against the octets (core/segment.h, `describe`), so nobody
// after the ingress need doubt it.
struct FrameMeta {
  uint32_t offset = 0;   // octets from the slab's start to the destination MAC
  uint32_t length = 0;   // octets from the destination MAC to the end, FCS excluded
  uint64_t time_ns = 0;  // wall clock (CLOCK_REALTIME) when it was taken in; 0: not stamped
  PortId ingress = kNoPort;
  uint16_t flags = 0;
  uint16_t gso_size = 0;  // payload octets a segment; 0: not a super-frame
  GsoType gso_type = GsoType::none;
  uint8_t reserved = 0;
  uint16_t csum_start = 0;     // octets from the destination MAC to where an unfinished checksum's sum starts
  uint16_t csum_offset = 0;    // octets from there to where it is stored
  uint16_t header_length = 0;  // octets repeated before each segment
  uint16_t vlan = 0;           // for look-up only, the tag stays in the octets; 0: untagged
};
static_assert(std::is_trivially_copyable_v<FrameMeta> && sizeof(FrameMeta) == 32);

constexpr bool is_super_frame(const FrameMeta& meta) noexcept { return meta.gso_size != 0; }

// How many frames it is on a wire. All accounts count these.
constexpr uint32_t wire_frames(const FrameMeta& meta) noexcept {
  if (!is_super_frame(meta)) return 1;
  return (meta.length - meta.header_length + meta.gso_size - 1) / meta.gso_size;
}
// Octets of the longest of them.
constexpr uint32_t wire_length(const FrameMeta& meta) noexcept {
  if (!is_super_frame(meta)) return meta.length;
  const uint32_t payload = meta.length - meta.header_length;
  return meta.header_length + (payload < meta.gso_size ? payload : meta.gso_size);
}
// Octets of all of them together.
constexpr uint64_t wire_octets(const FrameMeta& meta) noexcept {
  return meta.length + uint64_t{wire_frames(meta) - 1} * meta.header_length;
}

// Frame numbers within one batch: flooding copies these, not octets.
using Picks = std::span<const uint16_t>;

}  // namespace ethercast
