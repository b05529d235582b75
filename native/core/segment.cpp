// Checking what is claimed of super-frames, and cutting them.
#include "core/segment.h"

#include <cstring>

#include "core/checksum.h"
#include "core/packet.h"

namespace ethercast {

namespace {

constexpr uint32_t kMaxSegments = 65535;
constexpr uint32_t kMaxTcpHeader = 60;  // 15 words, all that the data offset can say

uint16_t inverted(uint16_t sum) noexcept { return static_cast<uint16_t>(~sum); }

// A checksum that UDP may carry: zero would say that there is none (RFC 768).
uint16_t never_zero(uint16_t checksum) noexcept { return checksum == 0 ? 0xffff : checksum; }

// Octets from the destination MAC to the payload, of what a claim says is a super-frame; 0: it can't be one.
uint32_t super_header(std::span<const uint8_t> frame, const OffloadClaim& claim) noexcept {
  Packet packet;
  if (!claim.needs_checksum || claim.gso_size == 0) return 0;
  if (parse_packet(frame, packet) != Parsed::ip || packet.fragment || packet.end != frame.size()) return 0;
  if (claim.csum_start != packet.transport) return 0;
  uint32_t header = 0;
  switch (claim.gso_type) {
    case GsoType::tcp4:
    case GsoType::tcp6:
      if (packet.protocol != kProtocolTcp || packet.v6 != (claim.gso_type == GsoType::tcp6)) return 0;
      if (claim.csum_offset != tcp::kChecksum) return 0;
      header = tcp_header_length(frame, packet);
      if (header == 0) return 0;
      break;
    case GsoType::udp:
      if (packet.protocol != kProtocolUdp || claim.csum_offset != udp::kChecksum) return 0;
      header = udp::kHeader;
      if (packet.end - packet.transport < header) return 0;
      if (read_be16(frame.data() + packet.transport + udp::kLength) != packet.end - packet.transport)
        return 0;
      break;
    default:
      return 0;
  }
  header += packet.transport;
  return header <= kMaxSuperHeader && header < frame.size() ? header : 0;
}

}  // namespace

bool describe(FrameMeta& meta, std::span<const uint8_t> frame, const OffloadClaim& claim) noexcept {
  meta.flags = static_cast<uint16_t>(meta.flags & ~(kChecksumUnfinished | kChecksumGood));
  meta.gso_size = meta.csum_start = meta.csum_offset = meta.header_length = 0;
  meta.gso_type = GsoType::none;
  if (claim.checksum_good) meta.flags |= kChecksumGood;
  if (claim.gso_type == GsoType::none) {
    if (!claim.needs_checksum) return true;
    if (claim.csum_start < kEtherHeader || size_t{claim.csum_start} + claim.csum_offset + 2 > frame.size())
      return false;
  } else {
    const uint32_t header = super_header(frame, claim);
    if (header == 0) return false;
    const auto payload = static_cast<uint32_t>(frame.size() - header);
    if ((payload - 1) / claim.gso_size >= kMaxSegments) return false;
    if (payload > claim.gso_size) {
      meta.gso_size = claim.gso_size;
      meta.gso_type = claim.gso_type;
      meta.header_length = static_cast<uint16_t>(header);
    }
  }
  meta.flags |= kChecksumUnfinished;
  meta.csum_start = claim.csum_start;
  meta.csum_offset = claim.csum_offset;
  return true;
}

void finish_checksum(FrameMeta& meta, uint8_t* frame) noexcept {
  const uint16_t sum = ones_sum({frame + meta.csum_start, meta.length - meta.csum_start});
  // For every protocol, as Linux does (skb_checksum_help): where zero has no meaning, 0xffff is as good.
  store16(frame + meta.csum_start + meta.csum_offset, never_zero(inverted(sum)));
  meta.flags = static_cast<uint16_t>(meta.flags & ~kChecksumUnfinished);
  meta.csum_start = meta.csum_offset = 0;
}

Cutter::Cutter(const FrameMeta& meta, const uint8_t* frame) noexcept
    : frame_(frame),
      length_(meta.length),
      segments_(wire_frames(meta)),
      header_length_(meta.header_length),
      gso_size_(meta.gso_size),
      udp_(meta.gso_type == GsoType::udp) {
  Packet packet;
  parse_packet({frame, length_}, packet);
  ip_ = static_cast<uint16_t>(packet.ip);
  transport_ = static_cast<uint16_t>(packet.transport);
  v6_ = packet.v6;
  const uint8_t* const ip = frame + ip_;
  const uint8_t* const transport = frame + transport_;

  if (!v6_) {
    id_ = read_be16(ip + ipv4::kId);
    const uint32_t changing =
        uint32_t{load16(ip + ipv4::kLength)} + load16(ip + ipv4::kId) + load16(ip + ipv4::kChecksum);
    // Taken off exactly, before folding: a folded sum no longer tells 0 from 0xffff.
    uint64_t sum = 0;
    for (uint32_t at = 0; at < uint32_t{transport_} - ip_; at += 2) sum += load16(ip + at);
    ip_sum_ = static_cast<uint32_t>(sum - changing);
  }

  uint8_t header[kMaxTcpHeader];
  const uint32_t header_octets = uint32_t{header_length_} - transport_;
  std::memcpy(header, transport, header_octets);
  if (udp_) {
    std::memset(header + udp::kLength, 0, 4);  // and the checksum behind it
  } else {
    sequence_ = read_be32(transport + tcp::kSequence);
    flags_ = transport[tcp::kFlags];
    std::memset(header + tcp::kSequence, 0, 4);
    header[tcp::kFlags] = 0;
    store16(header + tcp::kChecksum, 0);
  }
  // With a routing header the checksum covers the last destination, not the header's: only the sender's own
  // sum knows it. Else nothing that is in the checksum's field is believed.
  const uint32_t total = length_ - transport_;
  const uint16_t addresses = packet.routed
                                 ? fold_sum(uint64_t{load16(frame + meta.csum_start + meta.csum_offset)} +
                                            inverted(__builtin_bswap16(static_cast<uint16_t>(total))))
                                 : pseudo_sum(ip, v6_, udp_ ? kProtocolUdp : kProtocolTcp, 0);
  transport_sum_ = ones_sum({header, header_octets}, addresses);
}

std::span<const uint8_t> Cutter::payload(uint32_t i) const noexcept {
  const uint32_t start = header_length_ + i * gso_size_;
  const uint32_t rest = length_ - start;
  return {frame_ + start, rest < gso_size_ ? rest : gso_size_};
}

void Cutter::write_header(uint32_t i, uint8_t* header) const noexcept {
  const std::span<const uint8_t> octets = payload(i);
  std::memcpy(header, frame_, header_length_);
  uint8_t* const ip = header + ip_;
  uint8_t* const transport = header + transport_;
  const auto length = static_cast<uint16_t>(header_length_ - transport_ + octets.size());
  const auto swapped = [](uint32_t value) { return __builtin_bswap16(static_cast<uint16_t>(value)); };

  if (v6_) {
    write_be16(ip + ipv6::kPayloadLength, static_cast<uint16_t>(length + transport_ - ip_ - ipv6::kHeader));
  } else {
    const uint16_t ip_length = swapped(uint32_t{length} + transport_ - ip_);
    const uint16_t id = swapped(id_ + i);
    store16(ip + ipv4::kLength, ip_length);
    store16(ip + ipv4::kId, id);
    store16(ip + ipv4::kChecksum, inverted(fold_sum(uint64_t{ip_sum_} + ip_length + id)));
  }

  uint32_t sum = transport_sum_ + swapped(length);
  if (udp_) {
    write_be16(transport + udp::kLength, length);
    sum += swapped(length);
    store16(transport + udp::kChecksum, never_zero(inverted(ones_sum(octets, sum))));
    return;
  }
  write_be32(transport + tcp::kSequence, sequence_ + i * gso_size_);
  uint8_t flags = flags_;
  if (i != 0) flags &= static_cast<uint8_t>(~tcp::kCwr);
  if (i + 1 != segments_) flags &= static_cast<uint8_t>(~(tcp::kFin | tcp::kPsh));
  transport[tcp::kFlags] = flags;
  sum += uint32_t{load16(transport + tcp::kSequence)} + load16(transport + tcp::kSequence + 2);
  sum += uint32_t{flags} << 8;  // the second octet of its word
  store16(transport + tcp::kChecksum, inverted(ones_sum(octets, sum)));
}

}  // namespace ethercast
