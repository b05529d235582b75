// What a configuration says about sizes, the same for every transport over a socket: its buffers, and the
// longest frame.
#pragma once

#include <cstdint>

#include "core/config.h"
#include "core/ether.h"
#include "core/result.h"

namespace ethercast {

struct FrameOptions {
  int buffer = 0;                  // octets of each socket buffer; 0: not given
  uint32_t mtu = 0;                // octets of the largest IP packet on the LAN; 0: not given
  uint32_t max_frame = kMaxFrame;  // octets of the longest frame, as `mtu` or else the transport has it
};

// `buffer` and `mtu`; `longest`: octets of the longest frame that the transport carries.
Result<FrameOptions> read_frame_options(const Config& config, uint32_t longest = kMaxFrame);
// `mtu` alone; 0: not given.
Result<uint32_t> read_mtu(const Config& config);

}  // namespace ethercast
