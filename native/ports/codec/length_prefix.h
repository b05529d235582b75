// Frames on a stream of octets: each behind its length, four octets, big-endian. The wire of QEMU's `stream`
// and `socket` netdevs (net/socket.c, net/net.c in QEMU 7.2) and of passt (tap.c). Pure.
//
// Reading: octets are read to where they stay, in a batch's slab, and frames are found there; only a frame
// that a read has cut in two is copied, once. Writing is length_prefix_writer.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/batch.h"

namespace ethercast {

constexpr uint32_t kLengthPrefix = 4;  // octets before a frame
// QEMU's NET_BUFSIZE: no frame of any peer is longer. What says that it is has lost its place in the stream.
constexpr uint32_t kLongestPrefixed = 4096 + 65536;

inline void write_length_prefix(uint8_t* at, uint32_t length) noexcept {
  for (int i = 3; i >= 0; --i, length >>= 8) at[i] = static_cast<uint8_t>(length);
}
inline uint32_t read_length_prefix(const uint8_t* at) noexcept {
  return uint32_t{at[0]} << 24 | uint32_t{at[1]} << 16 | uint32_t{at[2]} << 8 | at[3];
}

// A read is: lay_out() -> octets into the places -> filled() -> next(), again and again while it says `full`,
// each time with the batch emptied in between. The batch is the same from lay_out() to the last next().
class LengthPrefixReader {
 public:
  // Octets of the longest frame that is taken; at most kMaxFrame (core/ether.h).
  explicit LengthPrefixReader(uint32_t max_frame) noexcept : max_frame_(max_frame) {}

  struct Place {
    uint8_t* at;
    size_t octets;
  };
  // Where up to `limit` octets go, the first place before the second; either may be empty, not both.
  // Precondition: the batch is empty.
  std::array<Place, 2> lay_out(FrameBatch& batch, uint32_t limit) noexcept;
  // So many octets have come. 0: as if lay_out() had not been.
  void filled(FrameBatch& batch, size_t octets) noexcept;

  enum class Step : uint8_t {
    done,    // all that came has been looked at; the batch may hold frames
    full,    // deliver the batch, then call again
    broken,  // no frame is that long: nothing that comes can be understood any more
  };
  // What was left out of the batch.
  struct Dropped {
    uint32_t runts = 0;     // also those of no octets at all
    uint32_t oversize = 0;  // longer than is taken
    uint64_t octets = 0;    // of all these
  };
  Step next(FrameBatch& batch, uint64_t time_ns, Dropped& dropped) noexcept;

  // Part of a frame that would have been taken is there: at the end of the stream it is lost.
  bool has_part() const noexcept { return carried_ != 0; }
  // As at the start of a stream.
  void reset() noexcept;

 private:
  void carry(const uint8_t* octets, uint32_t count, uint32_t record) noexcept;

  static constexpr uint32_t kOrdinary = 2048;  // octets: prefix and an ordinary frame

  const uint32_t max_frame_;
  // The part of a record (prefix and frame) that has come, if it was cut.
  std::unique_ptr<uint8_t[]> carry_;
  uint32_t capacity_ = 0;
  uint32_t carried_ = 0;
  uint32_t record_ = 0;  // octets of that record; 0: its prefix is not whole
  uint32_t skip_ = 0;    // octets still to come of a frame that is not taken
  bool broken_ = false;
  // What is left to look at in the slab.
  uint32_t start_ = 0;  // where the second place was
  uint32_t at_ = 0, end_ = 0;
};

}  // namespace ethercast
