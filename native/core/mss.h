// Clamping the maximum segment size that TCP's SYN segments ask for (RFC 9293 section 3.7.1), so that a flow
// fits a path whose MTU its ends do not know.
#pragma once

#include <cstdint>
#include <span>

#include "core/ether.h"
#include "core/packet.h"

namespace ethercast {

// The largest MSS that a path of this MTU (octets of an IP packet) carries without fragments, of a TCP
// without options.
constexpr uint32_t kTcp4Headers = 20 + 20;
constexpr uint32_t kTcp6Headers = 40 + 20;
constexpr uint16_t kLargestMss = 0xffff;  // what the option can say

// What SYN segments may ask for at most, in octets; 0: whatever they like.
struct MssLimit {
  uint16_t v4 = 0;
  uint16_t v6 = 0;
  bool untagged = false;  // what frames without VLAN tags have room for: each tag leaves so much less
  bool on() const noexcept { return v4 != 0; }
  static MssLimit of_mtu(uint32_t mtu) noexcept {
    const auto fitting = [mtu](uint32_t headers) -> uint16_t {
      if (mtu <= headers) return 1;
      return mtu - headers < kLargestMss ? static_cast<uint16_t>(mtu - headers) : kLargestMss;
    };
    return {fitting(kTcp4Headers), fitting(kTcp6Headers), true};
  }
};

// A look that costs next to nothing: false for all but SYN segments and what is too odd to tell at a glance.
// Behind IPv6 extension headers that is everything.
inline bool may_be_syn(std::span<const uint8_t> frame) noexcept {
  size_t ip = kEtherHeader;
  constexpr size_t kSmallest = ipv4::kHeader + tcp::kHeader;
  if (frame.size() < ip + kSmallest) return false;
  uint16_t type = ether_type(frame.data());
  for (int tags = 0; tags < kMaxTags && (type == kEtherTypeVlan || type == kEtherTypeServiceVlan); ++tags) {
    type = read_be16(frame.data() + ip + 2);
    ip += kVlanTag;
    if (frame.size() < ip + kSmallest) return false;
  }
  const auto has_syn = [frame](size_t transport) {
    return transport + tcp::kFlags < frame.size() && (frame[transport + tcp::kFlags] & tcp::kSyn) != 0;
  };
  if (type == kEtherTypeIpv4)
    return frame[ip + ipv4::kProtocol] == kProtocolTcp && has_syn(ip + (frame[ip] & 0x0fu) * 4u);
  if (type != kEtherTypeIpv6) return false;
  const uint8_t next = frame[ip + ipv6::kNextHeader];
  return next == kProtocolTcp ? has_syn(ip + ipv6::kHeader) : ipv6::is_skipped(next);
}

// Lowers the MSS option of a TCP SYN in place, to `limit` at most, and makes its checksum right again; a
// checksum that is unfinished holds the pseudo header's sum alone and stays as it is. True when something was
// changed. Fragments, segments without the option and options that make no sense are left alone.
bool lower_mss(std::span<uint8_t> frame, MssLimit limit, bool checksum_unfinished) noexcept;

}  // namespace ethercast
