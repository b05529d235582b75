// A frame's description. A Frame is the octets from the destination MAC to the end of the payload, without
// FCS.
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>

namespace ethercast {

using PortId = uint16_t;
constexpr PortId kNoPort = 0;  // ids of ports start at 1 and are never used twice within a switch

enum class GsoType : uint8_t { none, tcp4, tcp6, udp };

// One a frame. `gso_*` and `csum_*` describe super-frames, which no port of this version takes or gives: they
// stay 0.
struct FrameMeta {
  uint32_t offset = 0;   // octets from the slab's start to the destination MAC
  uint32_t length = 0;   // octets from the destination MAC to the end, FCS excluded
  uint64_t time_ns = 0;  // wall clock (CLOCK_REALTIME) when it was taken in; 0: not stamped
  PortId ingress = kNoPort;
  uint16_t flags = 0;
  uint16_t gso_size = 0;  // payload octets a segment; 0: not a super-frame
  GsoType gso_type = GsoType::none;
  uint8_t reserved = 0;
  uint16_t csum_start = 0, csum_offset = 0;  // where an unfinished checksum goes, as in virtio-net
  uint16_t header_length = 0;                // octets repeated before each segment
  uint16_t vlan = 0;                         // 0: untagged
};
static_assert(std::is_trivially_copyable_v<FrameMeta> && sizeof(FrameMeta) == 32);

// Frame numbers within one batch: flooding copies these, not octets.
using Picks = std::span<const uint16_t>;

}  // namespace ethercast
