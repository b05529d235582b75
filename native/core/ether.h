// The Ethernet header as it lies in a frame: destination (6), source (6), type (2). Lengths in octets, FCS
// never included.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

#include "core/mac.h"

namespace ethercast {

constexpr uint32_t kEtherHeader = 14;  // shorter than this is no frame at all: a runt
constexpr uint32_t kVlanTag = 4;       // IEEE 802.1Q tag between source and type
constexpr uint32_t kMaxFrame = 65535;  // what any port may carry at most; lengths of records fit 16 bits
constexpr uint16_t kEtherTypeVlan = 0x8100;         // a customer's VLAN tag
constexpr uint16_t kEtherTypeServiceVlan = 0x88a8;  // a provider's, in front of it (IEEE 802.1ad)

inline Mac destination_mac(const uint8_t* frame) noexcept { return read_mac(frame); }
inline Mac source_mac(const uint8_t* frame) noexcept { return read_mac(frame + 6); }

inline uint16_t read_be16(const uint8_t* octets) noexcept {
  uint16_t value;
  std::memcpy(&value, octets, 2);
  return __builtin_bswap16(value);
}
inline uint16_t ether_type(const uint8_t* frame) noexcept { return read_be16(frame + 12); }

// The VLAN of the frame's outermost tag (IEEE 802.1Q-2018, 9.6), of either kind: behind a provider's tag the
// customer's belongs to the payload. 0: untagged, or tagged with a priority alone.
inline uint16_t vlan_of(std::span<const uint8_t> frame) noexcept {
  if (frame.size() < kEtherHeader + kVlanTag) return 0;
  const uint16_t type = ether_type(frame.data());
  if (type != kEtherTypeVlan && type != kEtherTypeServiceVlan) return 0;
  return read_be16(frame.data() + kEtherHeader) & 0x0fff;
}

}  // namespace ethercast
