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

// What SYN segments may ask for at most, in octets; 0: whatever they like.
struct MssLimit {
  uint16_t v4 = 0;
  uint16_t v6 = 0;
  bool on() const noexcept { return v4 != 0; }
  static MssLimit of_mtu(uint32_t mtu) noexcept {
    const auto least = [mtu](uint32_t headers) { return mtu > headers ? mtu - headers : 1; };
    return {static_cast<uint16_t>(least(kTcp4Headers)), static_cast<uint16_t>(least(kTcp6Headers))};
  }
};

// A look that costs next to nothing: false for all but SYN segments and what is too odd to tell at a glance.
inline bool may_be_syn(std::span<const uint8_t> frame) noexcept {
  constexpr size_t kSmallest = kEtherHeader + ipv4::kHeader + tcp::kHeader;
  if (frame.size() < kSmallest) return false;
  const uint8_t* const ip = frame.data() + kEtherHeader;
  switch (ether_type(frame.data())) {
    case kEtherTypeIpv4: {
      if (ip[ipv4::kProtocol] != kProtocolTcp) return false;
      const size_t flags = kEtherHeader + (ip[0] & 0x0fu) * 4u + tcp::kFlags;
      return flags < frame.size() && (frame[flags] & tcp::kSyn) != 0;
    }
    case kEtherTypeIpv6: {
      if (ip[ipv6::kNextHeader] != kProtocolTcp) return false;
      const size_t flags = kEtherHeader + ipv6::kHeader + tcp::kFlags;
      return flags < frame.size() && (frame[flags] & tcp::kSyn) != 0;
    }
    default:
      return ether_type(frame.data()) == kEtherTypeVlan || ether_type(frame.data()) == kEtherTypeServiceVlan;
  }
}

// Lowers the MSS option of a TCP SYN in place, to `limit` at most, and makes its checksum right again; a
// checksum that is unfinished holds the pseudo header's sum alone and stays as it is. True when something was
// changed. Fragments, segments without the option and options that make no sense are left alone.
bool lower_mss(std::span<uint8_t> frame, MssLimit limit, bool checksum_unfinished) noexcept;

}  // namespace ethercast
