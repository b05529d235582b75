// MAC addresses (IEEE 802-2014, clause 8): six octets, the first one's low bit says "group".
#pragma once

#include <cstdint>
#include <cstring>

namespace ethercast {

// A MAC address as a number: the first octet on the wire is the most significant of 48 bits.
using Mac = uint64_t;

constexpr Mac kBroadcastMac = 0xffff'ffff'ffffULL;

inline Mac read_mac(const uint8_t* octets) noexcept {
  uint32_t high;
  uint16_t low;
  std::memcpy(&high, octets, 4);
  std::memcpy(&low, octets + 4, 2);
  return (static_cast<uint64_t>(__builtin_bswap32(high)) << 16) | __builtin_bswap16(low);
}

inline void write_mac(uint8_t* octets, Mac mac) noexcept {
  const uint32_t high = __builtin_bswap32(static_cast<uint32_t>(mac >> 16));
  const uint16_t low = __builtin_bswap16(static_cast<uint16_t>(mac));
  std::memcpy(octets, &high, 4);
  std::memcpy(octets + 4, &low, 2);
}

// 01:80:c2:00:00:00 to 0f: spanning tree, pause frames, link aggregation, LLDP and the like, which end at the
// next bridge (IEEE 802.1D-2004, table 7-10).
constexpr bool is_reserved(Mac mac) noexcept { return (mac & ~0xfULL) == 0x0180'c200'0000ULL; }

constexpr bool is_group(Mac mac) noexcept { return (mac >> 40) & 1; }

// True for what may stand as a source: neither a group address nor all zero (IEEE 802.1Q-2018, 8.7).
constexpr bool is_individual(Mac mac) noexcept { return mac != 0 && !is_group(mac); }

}  // namespace ethercast
