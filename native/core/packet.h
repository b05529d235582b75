// Where the headers of a frame lie: Ethernet with up to two VLAN tags, IPv4 (RFC 791) or IPv6 with extension
// headers (RFC 8200), TCP (RFC 9293) or UDP (RFC 768). Bounds are checked here and nowhere else.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

#include "core/ether.h"

namespace ethercast {

constexpr uint16_t kEtherTypeIpv4 = 0x0800;
constexpr uint16_t kEtherTypeIpv6 = 0x86dd;
constexpr int kMaxTags = 2;  // 802.1ad over 802.1Q
constexpr uint8_t kProtocolTcp = 6;
constexpr uint8_t kProtocolUdp = 17;

// Offsets within a header, in octets, and its fixed length.
namespace ipv4 {
constexpr uint32_t kTos = 1, kLength = 2, kId = 4, kFragment = 6, kTtl = 8, kProtocol = 9, kChecksum = 10,
                   kSource = 12, kHeader = 20;
constexpr uint16_t kDontFragment = 0x4000, kMoreFragments = 0x2000, kFragmentOffset = 0x1fff;
}  // namespace ipv4
namespace ipv6 {
constexpr uint32_t kPayloadLength = 4, kNextHeader = 6, kHopLimit = 7, kSource = 8, kHeader = 40;
constexpr uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kDestination = 60;
// The extension headers that Linux looks behind when it cuts (net/ipv6/ip6_offload.c, exthdrs_offload.c).
constexpr bool is_skipped(uint8_t header) noexcept {
  return header == kHopByHop || header == kRouting || header == kDestination;
}
}  // namespace ipv6
namespace tcp {
constexpr uint32_t kSequence = 4, kAck = 8, kDataOffset = 12, kFlags = 13, kWindow = 14, kChecksum = 16,
                   kUrgent = 18, kHeader = 20;
constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPsh = 0x08, kUrg = 0x20, kCwr = 0x80;
}  // namespace tcp
namespace udp {
constexpr uint32_t kLength = 4, kChecksum = 6, kHeader = 8;
}  // namespace udp

inline uint16_t load16(const uint8_t* at) noexcept {  // as it lies in memory
  uint16_t word;
  std::memcpy(&word, at, 2);
  return word;
}
inline uint32_t load32(const uint8_t* at) noexcept {
  uint32_t word;
  std::memcpy(&word, at, 4);
  return word;
}
inline void store16(uint8_t* at, uint16_t word) noexcept { std::memcpy(at, &word, 2); }
inline uint32_t read_be32(const uint8_t* at) noexcept { return __builtin_bswap32(load32(at)); }
inline void write_be16(uint8_t* at, uint16_t value) noexcept { store16(at, __builtin_bswap16(value)); }
inline void write_be32(uint8_t* at, uint32_t value) noexcept {
  value = __builtin_bswap32(value);
  std::memcpy(at, &value, 4);
}

struct Packet {
  uint32_t ip = 0;         // octets from the destination MAC to the IP header
  uint32_t transport = 0;  // to what follows the IP header and its extensions
  uint32_t end = 0;        // to behind the IP packet; Ethernet padding may follow
  uint8_t protocol = 0;    // of what stands at `transport`
  bool v6 = false;
  bool fragment = false;  // then what stands at `transport` need not be a transport header
  bool extended = false;  // has IPv4 options or IPv6 extension headers
  bool routed =
      false;  // has an IPv6 routing header: checksums may cover another destination than the header's
};

enum class Parsed : uint8_t { ip, not_ip, bad_ip };

// Finds the IP packet of a frame. `bad_ip`: it says it is one, but its lengths or version contradict that.
Parsed parse_packet(std::span<const uint8_t> frame, Packet& packet) noexcept;

// Octets of the TCP header at `packet.transport`; 0 when it does not fit in or is shorter than there is.
inline uint32_t tcp_header_length(std::span<const uint8_t> frame, const Packet& packet) noexcept {
  if (packet.end - packet.transport < tcp::kHeader) return 0;
  const uint32_t length = (frame[packet.transport + tcp::kDataOffset] >> 4) * 4u;
  return length >= tcp::kHeader && length <= packet.end - packet.transport ? length : 0;
}

}  // namespace ethercast
