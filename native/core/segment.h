// Super-frames: what makes one, and cutting it into the frames it stands for.
//
// What is cut is, octet for octet, what Linux cuts from the same packet (net/ipv4/tcp_offload.c,
// udp_offload.c, af_inet.c in effect): the IPv4 identification counts up, the sequence number moves on, CWR
// stays on the first segment, PSH and FIN on the last, lengths and all checksums are made anew.
#pragma once

#include <cstdint>
#include <span>

#include "core/batch.h"
#include "core/frame.h"

namespace ethercast {

// The longest header of a super-frame, from the destination MAC to the payload: Ethernet with two VLAN tags,
// IPv6 with some extension headers or IPv4 with options (at most 60), TCP with options (at most 60).
constexpr uint32_t kMaxSuperHeader = 256;

// What whoever hands us a frame says of it, in the terms of virtio-net (VIRTIO 1.2, 5.1.6).
struct OffloadClaim {
  bool needs_checksum = false;  // flags: VIRTIO_NET_HDR_F_NEEDS_CSUM
  bool checksum_good = false;   // flags: VIRTIO_NET_HDR_F_DATA_VALID
  GsoType gso_type = GsoType::none;
  uint16_t gso_size = 0;
  uint16_t csum_start = 0, csum_offset = 0;
};

// Fills the offload fields of `meta` from a claim, after checking it against the octets. False when the claim
// can't be true (offsets outside the frame, a size of 0, another protocol, an IP fragment, more than one
// could cut): then the frame must be dropped as bad_offload. A super-frame with no more payload than one
// segment becomes an ordinary frame with an unfinished checksum.
bool describe(FrameMeta& meta, std::span<const uint8_t> frame, const OffloadClaim& claim) noexcept;

// Finishes the checksum of an ordinary frame in place, and marks it finished.
void finish_checksum(FrameMeta& meta, uint8_t* frame) noexcept;

// One super-frame, seen as its segments. Borrows the octets.
class Cutter {
 public:
  // Precondition: a super-frame that describe() has accepted.
  Cutter(const FrameMeta& meta, const uint8_t* frame) noexcept;

  uint32_t segments() const noexcept { return segments_; }
  uint32_t header_length() const noexcept { return header_length_; }
  // The payload of segment `i`, in place.
  std::span<const uint8_t> payload(uint32_t i) const noexcept;
  // Writes the finished header of segment `i`, header_length() octets; reads the payload for its checksum.
  void write_header(uint32_t i, uint8_t* header) const noexcept;

 private:
  const uint8_t* frame_;
  uint32_t length_;
  uint32_t segments_;
  uint16_t header_length_;
  uint16_t gso_size_;
  bool udp_;
  // Set by the constructor: where IP and what it carries start, what counts up from segment to segment, and
  // the sums of all that does not change.
  bool v6_ = false;
  uint8_t flags_ = 0;
  uint16_t ip_ = 0, transport_ = 0;
  uint16_t id_ = 0;
  uint32_t sequence_ = 0;
  uint32_t ip_sum_ = 0, transport_sum_ = 0;
};

}  // namespace ethercast
