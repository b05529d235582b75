// From a captured packet to a frame (packet(7), linux/if_packet.h): the VLAN tag that the kernel keeps beside
// the octets goes back among them, and what the virtio-net header says becomes the frame's description. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/counters.h"
#include "core/frame.h"

namespace ethercast {

// The VLAN tag beside the octets, from a struct tpacket_auxdata.
struct StrippedTag {
  uint16_t protocol = 0;  // 0x8100 or another TPID, host order
  uint16_t control = 0;   // priority and VLAN, host order; 0 is a tag, too
};
// Empty when there is none.
std::optional<StrippedTag> read_stripped_tag(std::span<const uint8_t> auxiliary) noexcept;

// Makes a frame of the packet at `meta.offset`, `meta.length` octets of the slab, with at least kVlanTag
// octets free before it. A tag moves the start down by so many. The reason when it can't be a frame; the
// octets are then void.
std::optional<RxDrop> frame_of_packet(uint8_t* slab, FrameMeta& meta, std::span<const uint8_t> offload,
                                      std::span<const uint8_t> auxiliary) noexcept;

// Whether a frame is a UDP datagram that carries, as a raw Ethernet frame, a datagram to the same
// destination: a switch that captures the very network which it sends on hears what it captured come by once
// more, in another envelope each time. The first piece of a fragmented datagram says enough.
bool carries_itself(std::span<const uint8_t> frame) noexcept;

}  // namespace ethercast
