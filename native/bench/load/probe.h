// The frame that the load generator sends: an Ethernet header between two stations, then which trial and
// which frame of it. IEEE Std 802 sets EtherType 0x88b5 aside for local experiments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ethercast::load {

constexpr size_t kProbeOctets = 64;
constexpr uint16_t kProbeType = 0x88b5;
// Not the number of any frame: what the stations say to be known before a trial.
constexpr uint64_t kHello = ~0ULL;

using Station = uint8_t[6];
constexpr Station kSenderMac = {0x02, 0, 0, 0, 0x02, 0x01};
constexpr Station kReceiverMac = {0x02, 0, 0, 0, 0x02, 0x02};

// Both ends are this one process, so its own byte order will do.
struct __attribute__((packed)) Probe {
  uint8_t destination[6];
  uint8_t source[6];
  uint8_t type[2];
  uint32_t trial;
  uint64_t number;
  uint8_t padding[kProbeOctets - 26];
};
static_assert(sizeof(Probe) == kProbeOctets);

inline Probe make_probe(const Station& destination, const Station& source, uint32_t trial, uint64_t number) {
  Probe probe = {};
  std::memcpy(probe.destination, destination, sizeof(Station));
  std::memcpy(probe.source, source, sizeof(Station));
  probe.type[0] = kProbeType >> 8, probe.type[1] = kProbeType & 0xff;
  probe.trial = trial;
  probe.number = number;
  return probe;
}

// Is this a probe from `source`, whole?
inline bool is_probe(const uint8_t* frame, size_t length, const Station& source) noexcept {
  return length == kProbeOctets && std::memcmp(frame + 6, source, sizeof(Station)) == 0 &&
         frame[12] == kProbeType >> 8 && frame[13] == (kProbeType & 0xff);
}

}  // namespace ethercast::load
