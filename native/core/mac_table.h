// MacTable: which port frames for a station go to (the filtering database of IEEE 802.1Q-2018, 8.8): what was
// learned, which ages and moves, and what somebody has pinned, which does neither. Bounded.
//
// Open addressing with linear probing over a power-of-two array at most three quarters full; the hash is
// keyed so that a station can't choose addresses that collide. Entries older than the ageing time count as
// absent; they are reclaimed when their place is needed.
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
constexpr Mac station_mac(StationKey key) noexcept { return key & kBroadcastMac; }
constexpr uint16_t station_vlan(StationKey key) noexcept { return static_cast<uint16_t>(key >> 48); }

class MacTable {
 public:
  // Half a cache line, so that a look-up that hits at once touches one.
  struct alignas(32) Entry {
    StationKey key = kFree;
    uint64_t seen_ns = 0;        // kPinned: never ages
    uint64_t flap_since_ns = 0;  // when the present run of alternations between two ports began
    PortId port = kNoPort;       // where frames for it go
    PortId heard = kNoPort;      // where it was heard last; not `port` when it must not, or could not, move
    PortId previous = kNoPort;   // where it was heard before that
    uint16_t flaps = 0;          // alternations between these two ports within the window

    bool pinned() const noexcept { return seen_ns == kPinned; }
  };
  static_assert(sizeof(Entry) == 32);

  static constexpr uint64_t kPinned = ~0ULL;

  // `capacity`: stations at most, 1 to 1 Mi. `seed`: keys the hash. `port_limit`: stations learned on one
  // port at most, 0: as many as the table holds.
  MacTable(uint32_t capacity, uint64_t ageing_ns, uint64_t seed, uint32_t port_limit = 0);

  // Before anything is learned on a port or pinned to it: later, nothing allocates.
  void add_port(PortId port);
  // Forgets every station behind a port, or only those that were learned there.
  void forget_port(PortId port) noexcept { forget(port, true); }
  void forget_learned(PortId port) noexcept { forget(port, false); }

  // Fetches the place where the search for a station starts into the cache, for a look-up that is to come.
  void prefetch(StationKey key) const noexcept {
    __builtin_prefetch(&slots_[home_of(key)]);
    asm volatile("");  // without it GCC takes a function that only prefetches for one that does nothing
  }

  // The entry, or null if the station is unknown or was last heard more than the ageing time ago.
  const Entry* find(StationKey key, uint64_t now_ns) const noexcept {
    const Entry& entry = slots_[seek(key)];
    return entry.key == key && !expired(entry, now_ns) ? &entry : nullptr;
  }

  // A station is heard on a port: refreshes its entry, makes it if need be, and moves it to that port. It
  // stays as it was, not even refreshed, when it is pinned elsewhere, or known elsewhere and this port has as
  // many as it may. Null: unknown, and there is no room for it. `heard` and what follows it are the caller's.
  Entry* learn(StationKey key, PortId port, uint64_t now_ns) noexcept {
    Entry& entry = slots_[seek(key)];
    // Nearly always: known, on its port, and alive.
    if (entry.key == key && entry.port == port && !entry.pinned() && !expired(entry, now_ns)) {
      entry.seen_ns = now_ns;
      return &entry;
    }
    return learn_anew(key, port, now_ns);
  }

  // Binds a station to a port: it neither ages nor moves, and does not count towards the port's limit. In a
  // full table the learned station that has been silent for longest makes room; false when all are pinned.
  bool pin(StationKey key, PortId port) noexcept;
  // Forgets a pinned station; false when there is none.
  bool unpin(StationKey key) noexcept;

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
  // A full table, or port, has the table searched for expired entries at most this often: a flood of new
  // sources must not buy a scan each.
  static constexpr uint64_t kReclaimInterval_ns = 1'000'000'000;

  bool expired(const Entry& entry, uint64_t now_ns) const noexcept {
    return now_ns - entry.seen_ns > ageing_ns_ && now_ns > entry.seen_ns;
  }
  uint32_t home_of(StationKey key) const noexcept {
    // Multiply, fold, multiply (as in wyhash): every bit of the key and of the seed reaches the low bits.
    const auto product = static_cast<unsigned __int128>(key ^ seed_) * 0x9e3779b97f4a7c15ULL;
    const uint64_t folded = static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
    const auto again = static_cast<unsigned __int128>(folded ^ 0xd6e8feb86659fd93ULL) * seed_;
    return static_cast<uint32_t>(again ^ static_cast<uint64_t>(again >> 64)) & mask_;
  }
  // The slot that holds a station, or the free one where it would go.
  uint32_t seek(StationKey key) const noexcept {
    uint32_t slot = home_of(key);
    while (slots_[slot].key != key && slots_[slot].key != kFree) slot = (slot + 1) & mask_;
    return slot;
  }
  Entry* learn_anew(StationKey key, PortId port, uint64_t now_ns) noexcept;
  bool has_room(const Entry& entry, StationKey key, PortId port) const noexcept;
  void uncount(const Entry& entry) noexcept;
  bool reclaim(uint64_t now_ns) noexcept;
  void erase(uint32_t slot) noexcept;
  void forget(PortId port, bool pinned_too) noexcept;
  template <typename Unwanted>
  void rebuild_without(Unwanted&& unwanted) noexcept;

  uint32_t capacity_;
  uint32_t mask_;
  uint64_t ageing_ns_;
  uint64_t seed_;
  uint32_t port_limit_;
  uint32_t size_ = 0;
  uint64_t reclaimed_ns_ = 0;
  std::vector<Entry> slots_;
  std::vector<Entry> spare_;       // of the same size, so that rebuilding never allocates
  std::vector<uint32_t> learned_;  // by port: entries that were learned there, also the expired
};

}  // namespace ethercast
