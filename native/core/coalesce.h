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

 private:
  // A TCP segment, seen as what may be joined.
  struct Segment {
    uint16_t frame = 0;     // its number
    uint8_t flags = 0;      // TCP's
    bool joinable = false;  // may be part of a run, as far as it alone tells
    uint32_t flow = 0;      // a hash of what names the flow
    uint32_t id = 0;        // IPv4 identification
    uint32_t sequence = 0;
    uint32_t payload = 0;                        // octets
    uint16_t ip = 0, transport = 0, header = 0;  // where IP, TCP and the payload start
  };
  enum class Ids : uint8_t { unknown, counting, fixed };  // what a run's identifications do
  struct Run {
    Segment first;
    Segment last;
    uint32_t octets = 0;  // header once, and all payloads
    uint16_t frames = 0;
    Ids ids = Ids::unknown;
    bool verified = false;  // the first frame's checksums; of all behind it they are
  };
  enum class Kind : uint8_t { segment, other, bars_all };

  Kind classify(uint16_t frame, Segment& segment) const noexcept;
  bool same_flow(const Segment& a, const Segment& b) const noexcept;
  bool extends(const Run& run, const Segment& next, Ids& ids) const noexcept;
  bool checksums_good(const Segment& segment) const noexcept;
  void take(const Segment& segment) noexcept;
  void start(const Segment& segment) noexcept;
  void pass(uint16_t frame) noexcept;
  void flush(uint16_t run) noexcept;
  void flush_all() noexcept;
  void write_header(const Run& run, uint8_t* header) const noexcept;

  // Within one call of join().
  const FrameBatch* batch_ = nullptr;
  UnitSink* sink_ = nullptr;
  uint16_t takes_ = 0;
  uint16_t open_ = 0;  // runs, the oldest first
  std::array<Run, kFlows> runs_;
  std::array<uint16_t, FrameBatch::kMaxFrames> next_;  // the frame behind each, within its run
  std::array<uint16_t, FrameBatch::kMaxFrames> frames_;
  std::array<std::span<const uint8_t>, FrameBatch::kMaxFrames> payloads_;
};

}  // namespace ethercast
