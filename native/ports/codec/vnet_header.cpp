#include "ports/codec/vnet_header.h"

#include <cstring>

namespace ethercast {

namespace {

// Names without their prefix VIRTIO_NET_HDR_; the system's header may be older than GSO_UDP_L4.
enum : uint8_t { kNeedsChecksum = 1, kDataValid = 2 };
enum : uint8_t { kGsoNone = 0, kGsoTcp4 = 1, kGsoTcp6 = 4, kGsoUdp = 5, kGsoEcn = 0x80 };

struct Layout {
  uint8_t flags = 0;
  uint8_t gso_type = kGsoNone;
  uint16_t header_length = 0;
  uint16_t gso_size = 0;
  uint16_t csum_start = 0;
  uint16_t csum_offset = 0;
};
static_assert(sizeof(Layout) == kVnetHeader);

// RFC 9293 section 3.1, RFC 3168 section 6.1: the octet of flags within the TCP header, and CWR in it.
constexpr uint32_t kTcpFlags = 13;
constexpr uint8_t kTcpCwr = 0x80;

}  // namespace

std::optional<OffloadClaim> read_vnet_header(std::span<const uint8_t> octets) noexcept {
  if (octets.size() < kVnetHeader) return std::nullopt;
  Layout header;
  std::memcpy(&header, octets.data(), sizeof header);
  OffloadClaim claim;
  claim.needs_checksum = (header.flags & kNeedsChecksum) != 0;
  claim.checksum_good = (header.flags & kDataValid) != 0;
  claim.csum_start = header.csum_start;
  claim.csum_offset = header.csum_offset;
  switch (header.gso_type) {
    case kGsoNone:
      return claim;  // the kernel ignores gso_size then, and so do we
    case kGsoTcp4:
    case kGsoTcp4 | kGsoEcn:
      claim.gso_type = GsoType::tcp4;
      break;
    case kGsoTcp6:
    case kGsoTcp6 | kGsoEcn:
      claim.gso_type = GsoType::tcp6;
      break;
    case kGsoUdp:
      claim.gso_type = GsoType::udp;
      break;
    default:
      return std::nullopt;
  }
  claim.gso_size = header.gso_size;
  return claim;
}

void write_vnet_header(const FrameMeta& meta, const uint8_t* frame,
                       std::span<uint8_t, kVnetHeader> octets) noexcept {
  Layout header;
  if ((meta.flags & kChecksumUnfinished) != 0) {
    header.flags = kNeedsChecksum;
    header.csum_start = meta.csum_start;
    header.csum_offset = meta.csum_offset;
  } else if ((meta.flags & kChecksumGood) != 0) {
    header.flags = kDataValid;
  }
  if (is_super_frame(meta)) {
    // The kernel puts so many octets into the linear part of its buffer, and wants all headers there.
    header.header_length = meta.header_length;
    header.gso_size = meta.gso_size;
    header.gso_type = meta.gso_type == GsoType::tcp4   ? kGsoTcp4
                      : meta.gso_type == GsoType::tcp6 ? kGsoTcp6
                                                       : kGsoUdp;
    if (meta.gso_type != GsoType::udp && (frame[meta.csum_start + kTcpFlags] & kTcpCwr) != 0) {
      header.gso_type |= kGsoEcn;
    }
  }
  std::memcpy(octets.data(), &header, sizeof header);
}

}  // namespace ethercast
