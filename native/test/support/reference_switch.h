// ReferenceSwitch: what a switch is to do, written as simply as can be: a map of stations, one frame at a
// time, nothing remembered between frames but what the rules name. Slow; Fabric is compared with it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "core/fabric.h"
#include "test/support/frames.h"

namespace ethercast::test {

class ReferenceSwitch {
 public:
  explicit ReferenceSwitch(const FabricOptions& options) : options_(options) {}

  void add_port(PortId port, uint32_t max_frame);
  void remove_port(PortId port);
  // Whether it is pinned now.
  bool pin(StationKey station, PortId port);
  bool unpin(StationKey station);
  void expire(uint64_t now_ns);

  // Takes one frame in and says where it goes. Everything is also counted in counters().
  std::set<PortId> forward(PortId ingress, const TestFrame& frame, uint64_t now_ns);

  PortCounters& counters(PortId port) { return counters_[port]; }

 private:
  struct Port {
    PortId id;
    uint32_t max_frame;
    uint64_t blocked_until_ns = 0;
    std::optional<__int128> tokens;  // billionths of a frame; none: not asked yet, so the bucket is full
    uint64_t tokens_at_ns = 0;
  };
  struct Station {
    PortId port;
    uint64_t seen_ns;
    bool pinned = false;
    PortId heard = kNoPort;
    PortId before = kNoPort;
    unsigned alternations = 0;
    uint64_t alternating_since_ns = 0;
  };

  Port* port(PortId id);
  bool alive(const Station& station, uint64_t now_ns) const;
  uint32_t learned_on(PortId port) const;
  bool has_room(StationKey key, PortId port) const;
  void learn(StationKey key, PortId ingress, uint64_t now_ns);
  void hear(StationKey key, PortId ingress, uint64_t now_ns);
  void block(PortId one, PortId other, uint64_t now_ns);
  void forget(PortId port, bool pinned_too);
  bool storm_allows(Port& ingress, uint64_t frames, uint64_t now_ns);

  FabricOptions options_;
  std::vector<Port> ports_;
  std::map<StationKey, Station> stations_;  // also those that have aged, until their place is needed
  std::optional<uint64_t> reclaimed_ns_;
  std::map<PortId, PortCounters> counters_;
};

}  // namespace ethercast::test
