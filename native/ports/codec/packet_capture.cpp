#include "ports/codec/packet_capture.h"

#include <linux/if_packet.h>

#include <cstring>

#include "core/packet.h"
#include "core/segment.h"
#include "ports/codec/vnet_header.h"

namespace ethercast {

namespace {

constexpr uint32_t kMacs = 12;  // octets of both addresses, behind which a tag goes

// Where a datagram goes, as far as its first octets say.
struct Target {
  std::span<const uint8_t> address;
  std::optional<uint16_t> port;  // empty: of a fragment that is not the first
  uint32_t payload = 0;          // octets from the frame's start to what the datagram carries
};

std::optional<Target> udp_target(std::span<const uint8_t> frame) noexcept {
  if (frame.size() < kEtherHeader) return std::nullopt;
  uint32_t at = kEtherHeader;
  uint16_t type = ether_type(frame.data());
  for (int tags = 0; tags < kMaxTags && (type == kEtherTypeVlan || type == kEtherTypeServiceVlan); ++tags) {
    if (frame.size() < at + kVlanTag) return std::nullopt;
    type = read_be16(frame.data() + at + 2);
    at += kVlanTag;
  }
  const uint8_t* const ip = frame.data() + at;
  const size_t rest = frame.size() - at;
  Target target;
  bool first = true;
  uint32_t transport;
  if (type == kEtherTypeIpv4 && rest >= ipv4::kHeader && ip[0] >> 4 == 4) {
    if (ip[ipv4::kProtocol] != kProtocolUdp) return std::nullopt;
    target.address = frame.subspan(at + ipv4::kSource + 4, 4);
    first = (read_be16(ip + ipv4::kFragment) & ipv4::kFragmentOffset) == 0;
    transport = at + (ip[0] & 0x0f) * 4u;
  } else if (type == kEtherTypeIpv6 && rest >= ipv6::kHeader && ip[0] >> 4 == 6) {
    target.address = frame.subspan(at + ipv6::kSource + 16, 16);
    uint8_t next = ip[ipv6::kNextHeader];
    transport = at + ipv6::kHeader;
    if (next == ipv6::kFragment) {
      if (frame.size() < transport + 8) return std::nullopt;
      next = frame[transport];
      first = (read_be16(frame.data() + transport + 2) & 0xfff8) == 0;
      transport += 8;
    }
    if (next != kProtocolUdp) return std::nullopt;
  } else {
    return std::nullopt;
  }
  if (!first) return target;
  if (frame.size() < transport + udp::kHeader) return std::nullopt;
  target.port = read_be16(frame.data() + transport + 2);
  target.payload = transport + udp::kHeader;
  return target;
}

}  // namespace

std::optional<StrippedTag> read_stripped_tag(std::span<const uint8_t> auxiliary) noexcept {
  tpacket_auxdata told;
  if (auxiliary.size() < sizeof told) return std::nullopt;
  std::memcpy(&told, auxiliary.data(), sizeof told);
  if ((told.tp_status & TP_STATUS_VLAN_VALID) == 0) return std::nullopt;
  StrippedTag tag{kEtherTypeVlan, told.tp_vlan_tci};
  // Kernels before 3.14 do not say which kind of tag it was.
  if ((told.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0) tag.protocol = told.tp_vlan_tpid;
  return tag;
}

std::optional<RxDrop> frame_of_packet(uint8_t* slab, FrameMeta& meta, std::span<const uint8_t> offload,
                                 std::span<const uint8_t> auxiliary) noexcept {
  if (meta.length < kEtherHeader) return RxDrop::runt;
  auto claim = read_vnet_header(offload);
  if (!claim) return RxDrop::bad_offload;
  if (const auto tag = read_stripped_tag(auxiliary)) {
    uint8_t* const octets = slab + meta.offset;
    std::memmove(octets - kVlanTag, octets, kMacs);
    write_be16(octets + kMacs - kVlanTag, tag->protocol);
    write_be16(octets + kMacs - kVlanTag + 2, tag->control);
    meta.offset -= kVlanTag;
    meta.length += kVlanTag;
    // The kernel has counted without the tag.
    if (claim->csum_start > UINT16_MAX - kVlanTag) return RxDrop::bad_offload;
    claim->csum_start = static_cast<uint16_t>(claim->csum_start + kVlanTag);
  }
  if (!describe(meta, {slab + meta.offset, meta.length}, *claim)) return RxDrop::bad_offload;
  return std::nullopt;
}

bool carries_itself(std::span<const uint8_t> frame) noexcept {
  const auto outer = udp_target(frame);
  if (!outer || !outer->port) return false;
  const auto inner = udp_target(frame.subspan(outer->payload));
  if (!inner || inner->address.size() != outer->address.size()) return false;
  if (std::memcmp(inner->address.data(), outer->address.data(), inner->address.size()) != 0) return false;
  return !inner->port || inner->port == outer->port;
}

}  // namespace ethercast
