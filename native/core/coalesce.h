// Joining runs of one TCP flow into super-frames, by the rules of Linux GRO (net/ipv4/tcp_offload.c): the
// inverse of core/segment.h. For ports that take super-frames and pay for every single write.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/batch.h"
#include "core/segment.h"

namespace ethercast {

// What is to be written next: one frame as it is, or several as one super-frame.
struct Unit {
  // Frame numbers, in order. One: the frame as it is, and nothing below has a meaning.
  std::span<const uint16_t> frames;
  // The header of the whole super-frame: lengths and pseudo-header sum in place, checksum unfinished.
  std::span<const uint8_t> header;
  // Describes header and payloads put behind one another; its `offset` means nothing.
  FrameMeta meta;
  // Of every frame: where its payload starts and ends (Ethernet padding is not payload).
  std::span<const std::span<const uint8_t>> payloads;
};

// Told of each unit. What it borrows is valid within the call.
class UnitSink {
 public:
  virtual void take(const Unit& unit) noexcept = 0;

 protected:
  ~UnitSink() = default;
};

class Joiner {
 public:
  // The longest super-frame it makes, header included: what an IPv4 packet's length field can say, with its
  // Ethernet header.
  static constexpr uint32_t kMaxOctets = 65535;
  static constexpr uint16_t kFlows = 8;  // runs open at once, as Linux GRO has in a bucket

  // Hands every picked frame to `sink`, once, in order within each flow. Which GsoTypes may be made is in
  // `takes` (kTakesTcp4, kTakesTcp6). Checksums of what is joined are verified; a frame with a wrong one goes
  // alone, as it is.
  void join(const FrameBatch& batch, Picks picks, uint16_t takes, UnitSink& sink) noexcept;
};

}  // namespace ethercast
