// Finding the headers of a frame.
#include "core/packet.h"

namespace ethercast {

namespace {

Parsed parse_ipv4(std::span<const uint8_t> frame, Packet& packet) noexcept {
  if (frame.size() - packet.ip < ipv4::kHeader) return Parsed::bad_ip;
  const uint8_t* const ip = frame.data() + packet.ip;
  const uint32_t header = (ip[0] & 0x0f) * 4u;
  const uint32_t length = read_be16(ip + ipv4::kLength);
  if (ip[0] >> 4 != 4 || header < ipv4::kHeader || length < header || length > frame.size() - packet.ip)
    return Parsed::bad_ip;
  packet.transport = packet.ip + header;
  packet.end = packet.ip + length;
  packet.protocol = ip[ipv4::kProtocol];
  packet.fragment = (read_be16(ip + ipv4::kFragment) & (ipv4::kMoreFragments | ipv4::kFragmentOffset)) != 0;
  packet.extended = header != ipv4::kHeader;
  return Parsed::ip;
}

Parsed parse_ipv6(std::span<const uint8_t> frame, Packet& packet) noexcept {
  if (frame.size() - packet.ip < ipv6::kHeader) return Parsed::bad_ip;
  const uint8_t* const ip = frame.data() + packet.ip;
  const uint32_t length = ipv6::kHeader + read_be16(ip + ipv6::kPayloadLength);
  if (ip[0] >> 4 != 6 || length > frame.size() - packet.ip) return Parsed::bad_ip;
  packet.v6 = true;
  packet.end = packet.ip + length;
  packet.transport = packet.ip + ipv6::kHeader;
  packet.protocol = ip[ipv6::kNextHeader];
  while (ipv6::is_skipped(packet.protocol)) {
    if (packet.end - packet.transport < 8) return Parsed::bad_ip;  // no extension header is shorter
    const uint8_t* const extension = frame.data() + packet.transport;
    const uint32_t octets = (extension[1] + 1u) * 8;
    if (octets > packet.end - packet.transport) return Parsed::bad_ip;
    packet.extended = true;
    packet.routed = packet.routed || packet.protocol == ipv6::kRouting;
    packet.protocol = extension[0];
    packet.transport += octets;
  }
  if (packet.protocol == ipv6::kFragment) packet.extended = packet.fragment = true;
  return Parsed::ip;
}

}  // namespace

Parsed parse_packet(std::span<const uint8_t> frame, Packet& packet) noexcept {
  packet = Packet{};
  packet.ip = kEtherHeader;
  if (frame.size() < kEtherHeader) return Parsed::not_ip;
  uint16_t type = ether_type(frame.data());
  for (int tags = 0; tags < kMaxTags && (type == kEtherTypeVlan || type == kEtherTypeServiceVlan); ++tags) {
    if (frame.size() < packet.ip + kVlanTag) return Parsed::not_ip;
    type = read_be16(frame.data() + packet.ip + 2);
    packet.ip += kVlanTag;
  }
  if (type == kEtherTypeIpv4) return parse_ipv4(frame, packet);
  if (type == kEtherTypeIpv6) return parse_ipv6(frame, packet);
  return Parsed::not_ip;
}

}  // namespace ethercast
