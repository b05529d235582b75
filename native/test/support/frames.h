// Frames for tests: made, and compared as plain vectors.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/batch.h"
#include "core/ether.h"
#include "core/mac.h"

namespace ethercast::test {

using Octets = std::vector<uint8_t>;

// Individual, locally administered: what guests have.
constexpr Mac station(uint32_t number) noexcept { return 0xfefd'0000'0000ULL | number; }

inline void put_mac(uint8_t* at, Mac mac) noexcept {
  for (int i = 5; i >= 0; --i, mac >>= 8) at[i] = static_cast<uint8_t>(mac);
}

// Octets that tell their place and `seed`, so that a frame that is cut, moved or mixed with another one is
// noticed.
inline Octets pattern(size_t length, uint32_t seed) {
  Octets octets(length);
  uint32_t state = seed * 2654435761u + 1;
  for (uint8_t& octet : octets) {
    state = state * 1664525u + 1013904223u;
    octet = static_cast<uint8_t>(state >> 24);
  }
  return octets;
}

inline Octets make_frame(Mac destination, Mac source, size_t length = 60, uint32_t seed = 0) {
  Octets frame = pattern(length, seed);
  put_mac(frame.data(), destination);
  put_mac(frame.data() + 6, source);
  frame[12] = 0x88, frame[13] = 0xb5;  // local experimental EtherType 1 (IEEE 802-2014, 9.2.4)
  return frame;
}

// A frame with what its meta says besides: with gso_size it is a super-frame.
struct TestFrame {
  Octets octets = {};
  uint16_t gso_size = 0;
  uint16_t header_length = 0;
  uint16_t vlan = 0;
};

inline Octets copy(std::span<const uint8_t> octets) { return {octets.begin(), octets.end()}; }

}  // namespace ethercast::test
