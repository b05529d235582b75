// Fabric: decides where frames go. Batch in, picks per egress port out. No thread, no I/O, no clock of its
// own.
//
// It follows IEEE 802.1D-2004, 7.5 to 7.9: learn from the source, filter what is already on the right side,
// send known unicast to its port, keep reserved addresses to itself, flood the rest, never back out of the
// ingress port, forget after the ageing time. A hub learns too, but only for the loop guard, and floods
// everything. All its accounts are in wire frames.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/batch.h"
#include "core/counters.h"
#include "core/ether.h"
#include "core/mac_table.h"
#include "core/storm_limit.h"

namespace ethercast {

enum class Forwarding : uint8_t { learning, hub };

struct FabricOptions {
  Forwarding forwarding = Forwarding::learning;
  uint64_t ageing_ns = 300'000'000'000;  // IEEE 802.1D-2004, table 7-5: 300 s
  uint32_t table_capacity = 16384;       // stations
  uint32_t station_limit = 0;            // stations learned on one port; 0: the table's capacity alone
  uint32_t storm_limit = 0;              // frames a second of one port that are flooded; 0: all
  bool forward_reserved = false;         // also 01:80:c2:00:00:0x; a hub always does
  uint64_t hash_seed = 0;                // random in use, fixed in tests
};

// What the switch has chosen to leave through one port.
struct Egress {
  PortId port;
  Picks picks;
};

// The loop guard's verdicts, to be reported by whoever owns the fabric.
struct LoopEvent {
  PortId port;
  PortId other;  // the port the station alternated with; kNoPort when the block ends
  Mac station;
  bool blocked;  // false: the block is over
};

// What became of a wish to pin a station.
enum class Pinning : uint8_t { done, no_such_port, table_full };

class Fabric {
 public:
  // A source that alternates between the same two ports this often within the window is a loop, not a roaming
  // guest.
  static constexpr uint16_t kLoopFlaps = 16;
  static constexpr uint64_t kLoopWindow_ns = 1'000'000'000;
  static constexpr uint64_t kLoopBlock_ns = 30'000'000'000;

  // With this many stations, look-ups are prepared a batch ahead. Measured (`npm run bench`, forward
  // unicast): below, what they touch stays in the second-level cache, and preparing them costs more than it
  // saves; with 100 000, where each is a miss, it halves the time.
  static constexpr uint32_t kPrefetchFrom = 16384;

  explicit Fabric(const FabricOptions& options);

  // `counters` must outlive the port's membership. `max_frame` bounds what is accepted from it, in octets.
  // Nothing is learned from a port that is `read_only`: no station can be reached through it, and what is
  // heard there may be traffic of another LAN, or of this one once more.
  void add_port(PortId port, PortCounters& counters, uint32_t max_frame, bool read_only = false);
  // Its stations are forgotten, also the pinned ones.
  void remove_port(PortId port) noexcept;

  // Decides for every frame of the batch. The answer is valid until the next call of anything here.
  std::span<const Egress> forward(const FrameBatch& batch, PortId ingress, uint64_t now_ns) noexcept;

  // Frames for this station go to this port from now on, and nowhere else, wherever it is heard.
  Pinning pin(StationKey station, PortId port) noexcept;
  // False when it was not pinned.
  bool unpin(StationKey station) noexcept { return table_.unpin(station); }

  // Ends blocks whose time has come. next_deadline_ns() is when to call it next, 0: never.
  void expire(uint64_t now_ns) noexcept;
  uint64_t next_deadline_ns() const noexcept;

  // Verdicts since the last call.
  std::vector<LoopEvent> take_events() { return std::exchange(events_, {}); }

  const MacTable& table() const noexcept { return table_; }
  size_t port_count() const noexcept { return members_.size(); }

 private:
  struct Member {
    PortId port;
    PortCounters* counters;
    uint32_t max_frame;
    bool read_only;
    StormLimit storm;
    uint64_t blocked_until_ns = 0;  // 0: not blocked
    uint16_t pick_count = 0;
    std::array<uint16_t, FrameBatch::kMaxFrames> picks = {};
  };
  // What the decision on a frame needs of its header.
  struct Heading {
    StationKey destination, source;
  };
  // Sums of one batch, so that the shared counters are written once.
  struct Tally {
    uint64_t forwarded = 0, flooded = 0, unicast = 0, multicast = 0, broadcast = 0;
  };

  Member* member(PortId port) noexcept { return port < by_id_.size() ? by_id_[port] : nullptr; }
  bool is_hub() const noexcept { return options_.forwarding == Forwarding::hub; }
  static Heading read_heading(const FrameBatch& batch, uint16_t index) noexcept;
  void prefetch(const FrameBatch& batch) const noexcept;
  Member* known_egress(StationKey destination, uint64_t now_ns) noexcept;
  bool flood(uint16_t index, uint32_t frames, Member& ingress, uint64_t now_ns) noexcept;
  void pick(Member& out, uint16_t index) noexcept {
    if (out.pick_count == 0) start_picking(out);
    out.picks[out.pick_count++] = index;
  }
  void start_picking(Member& out) noexcept;
  std::span<const Egress> collect(const FrameBatch& batch, bool super_frames) noexcept;
  bool learn(StationKey source, Member& ingress, uint64_t now_ns) noexcept;
  void watch_for_loop(MacTable::Entry& entry, PortId ingress, uint64_t now_ns) noexcept;
  void block(PortId a, PortId b, Mac station, uint64_t now_ns) noexcept;
  void list_open() noexcept;

  FabricOptions options_;
  MacTable table_;
  std::vector<std::unique_ptr<Member>> members_;  // in the order they were added
  std::vector<Member*> by_id_;
  std::vector<Member*> open_;    // those that are not blocked, in the same order
  std::vector<Member*> picked_;  // those that the present batch has picks for
  std::vector<Egress> egress_;
  std::vector<LoopEvent> events_;
};

}  // namespace ethercast
