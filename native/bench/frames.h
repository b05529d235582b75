// Frames for the benches: Ethernet headers between numbered stations.
#pragma once

#include <cstdint>

#include "core/batch.h"
#include "core/mac.h"

namespace ethercast::bench {

constexpr Mac station(uint32_t number) noexcept { return 0x0200'0000'0000ULL + number; }

inline void write_mac(uint8_t* at, Mac mac) noexcept {
  for (int i = 0; i < 6; ++i) at[i] = static_cast<uint8_t>(mac >> (40 - 8 * i));
}

inline void append_frame(FrameBatch& batch, Mac destination, Mac source, uint32_t length) {
  uint8_t frame[1514] = {};
  write_mac(frame, destination);
  write_mac(frame + 6, source);
  frame[12] = 0x88, frame[13] = 0xb5;  // IEEE 802 local experimental
  batch.append({frame, length}, 0);
}

}  // namespace ethercast::bench
