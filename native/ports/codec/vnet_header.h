// The virtio-net header that a tap puts before each frame when asked to (VIRTIO 1.2, 5.1.6; the kernel's
// linux/virtio_net.h). Ten octets, then as many as TUNSETVNETHDRSZ adds, which say nothing here. Numbers are
// in the host's order: a tap speaks the legacy form unless told otherwise. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/frame.h"
#include "core/segment.h"

namespace ethercast {

constexpr uint32_t kVnetHeader = 10;  // octets that mean something

// What the header says of its frame, not yet compared with it. Empty when no frame can be like that: a kind
// of super-frame that is unknown or was given up (UDP fragmentation, VIRTIO_NET_HDR_GSO_UDP), or too short.
std::optional<OffloadClaim> read_vnet_header(std::span<const uint8_t> octets) noexcept;

// Writes the header of a frame that describe() has accepted; `frame`: its octets, at least its header.
void write_vnet_header(const FrameMeta& meta, const uint8_t* frame,
                       std::span<uint8_t, kVnetHeader> octets) noexcept;

}  // namespace ethercast
