// MacTable: which port a station was last heard on (the filtering database of IEEE 802.1Q-2018, 8.8).
// Bounded.
//
// Open addressing with linear probing over a power-of-two array at most three quarters full; the hash is
// keyed so that a station can't choose addresses that collide. Entries older than the ageing time count as
// absent and are reused.
#pragma once

#include <cstdint>
#include <vector>

#include "core/frame.h"
#include "core/mac.h"

namespace ethercast {

// What is looked up: 48 bits of MAC and, above them, 12 bits of VLAN (0: untagged).
using StationKey = uint64_t;
constexpr StationKey station_key(Mac mac, uint16_t vlan) noexcept {
  return mac | (static_cast<uint64_t>(vlan) << 48);
}

class MacTable {
 public:
  struct Entry {
    StationKey key = kFree;
    uint64_t seen_ns = 0;
    uint64_t flap_since_ns = 0;  // when the present run of moves between two ports began
    PortId port = kNoPort;
    PortId previous = kNoPort;  // the port it moved from last
    uint16_t flaps = 0;         // moves between these two ports within the window
  };

  // `capacity`: stations at most, 1 to 1 Mi. `seed`: keys the hash.
  MacTable(uint32_t capacity, uint64_t ageing_ns, uint64_t seed);

  // The entry, or null if the station is unknown or was last heard more than the ageing time ago.
  const Entry* find(StationKey key, uint64_t now_ns) const noexcept;
  // The entry to be refreshed, made if need be; null when the table is full. A new entry has port kNoPort.
  Entry* touch(StationKey key, uint64_t now_ns) noexcept;
  // Forgets every station behind a port.
  void forget_port(PortId port) noexcept;

  uint32_t size() const noexcept { return size_; }  // live and not yet reclaimed entries
  uint32_t capacity() const noexcept { return capacity_; }
  template <typename Visit>
  void each(uint64_t now_ns, Visit&& visit) const {
    for (const Entry& entry : slots_) {
      if (entry.key != kFree && !expired(entry, now_ns)) visit(entry);
    }
  }

 private:
  static constexpr StationKey kFree = ~0ULL;  // no station: VLAN bits above 12 are never set
  // A full table is searched for expired entries at most this often: a flood of new sources must not buy a
  // scan each.
  static constexpr uint64_t kReclaimInterval_ns = 1'000'000'000;

  bool expired(const Entry& entry, uint64_t now_ns) const noexcept {
    return now_ns - entry.seen_ns > ageing_ns_ && now_ns > entry.seen_ns;
  }
  uint64_t slot_of(StationKey key) const noexcept;
  template <typename Unwanted>
  void rebuild_without(Unwanted&& unwanted) noexcept;

  uint32_t capacity_;
  uint64_t ageing_ns_;
  uint64_t seed_;
  uint64_t mask_;
  uint64_t reclaimed_ns_ = 0;
  uint32_t size_ = 0;
  std::vector<Entry> slots_;
  std::vector<Entry> spare_;  // of the same size, so that rebuilding never allocates
};

}  // namespace ethercast
