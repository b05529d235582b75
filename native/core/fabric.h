// Fabric: decides where frames go. Batch in, picks per egress port out. No thread, no I/O, no clock of its
// own.
//
// It follows IEEE 802.1D-2004, 7.5 to 7.9: learn from the source, filter what is already on the right side,
// send known unicast to its port, flood the rest, never back out of the ingress port, forget after the ageing
// time. A hub learns too, but only for the loop guard, and floods everything.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/batch.h"
#include "core/counters.h"
#include "core/ether.h"
#include "core/mac_table.h"

namespace ethercast {

enum class Forwarding : uint8_t { learning, hub };

struct FabricOptions {
  Forwarding forwarding = Forwarding::learning;
  uint64_t ageing_ns = 300'000'000'000;  // IEEE 802.1D-2004, table 7-5: 300 s
  uint32_t table_capacity = 16384;       // stations
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

class Fabric {
 public:
  // A source that alternates between the same two ports this often within the window is a loop, not a roaming
  // guest.
  static constexpr uint16_t kLoopFlaps = 16;
  static constexpr uint64_t kLoopWindow_ns = 1'000'000'000;
  static constexpr uint64_t kLoopBlock_ns = 30'000'000'000;

  explicit Fabric(const FabricOptions& options);

  // `counters` must outlive the port's membership. `max_frame` bounds what is accepted from it, in octets.
  void add_port(PortId port, PortCounters& counters, uint32_t max_frame);
  void remove_port(PortId port) noexcept;

  // Decides for every frame of the batch. The answer is valid until the next call of anything here.
  std::span<const Egress> forward(const FrameBatch& batch, PortId ingress, uint64_t now_ns) noexcept;

  // Ends blocks whose time has come. next_deadline_ns() is when to call it next, 0: never.
  void expire(uint64_t now_ns) noexcept;
  uint64_t next_deadline_ns() const noexcept;

  // Verdicts since the last call.
  std::vector<LoopEvent> take_events() { return std::exchange(events_, {}); }

  const MacTable& table() const noexcept { return table_; }
  size_t port_count() const noexcept { return ports_.size(); }

 private:
  struct Member {
    PortId port;
    PortCounters* counters;
    uint32_t max_frame;
    uint64_t blocked_until_ns;  // 0: not blocked
    uint16_t pick_count;
    std::array<uint16_t, FrameBatch::kMaxFrames> picks;
  };

  Member* member(PortId port) noexcept;
  void learn(Mac source, uint16_t vlan, Member& ingress, uint64_t now_ns) noexcept;
  void block(PortId a, PortId b, Mac station, uint64_t now_ns) noexcept;

  FabricOptions options_;
  MacTable table_;
  std::vector<Member> ports_;  // in the order they were added
  std::vector<Egress> egress_;
  std::vector<LoopEvent> events_;
};

}  // namespace ethercast
