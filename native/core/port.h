// Port and PortHost: the heart. Everything that can carry frames is a Port; a PortHost is all that a Port
// sees of the world.
//
// Threads: every call in both directions is made on the switch's I/O thread. None may block: a port that
// waits stalls every other port of its switch.
//
// Life: constructed anywhere with a checked configuration -> open() once -> any number of on_ready(),
// on_timer() and transmit() -> close(), which may come right after a failed open() and may come twice. After
// close() the port calls nothing on its host, and the host calls nothing but the destructor.
//
// Accounts (counters.h): the port counts what it takes from the outside (rx_frames, rx_octets, and rx_drops
// for what it does not deliver) and what leaves (tx_frames, tx_octets, tx_drops, queued). The engine counts
// the rest.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/batch.h"
#include "core/counters.h"
#include "core/frame.h"
#include "core/result.h"

namespace ethercast {

// Bits of Caps::takes: what may reach transmit() besides ordinary finished frames.
constexpr uint16_t kTakesTcp4 = 1;      // super-frames of TCP over IPv4
constexpr uint16_t kTakesTcp6 = 2;      // super-frames of TCP over IPv6
constexpr uint16_t kTakesUdp = 4;       // super-frames of UDP
constexpr uint16_t kTakesChecksum = 8;  // ordinary frames whose checksum is unfinished
constexpr uint16_t kTakesSuperFrames = kTakesTcp4 | kTakesTcp6 | kTakesUdp;

// What a port can carry. Fixed once open() has returned.
struct Caps {
  uint32_t max_frame = 1514;  // octets of the longest frame it takes, header included, FCS excluded; also for
                              // ingress. A super-frame is measured by its longest segment.
  uint16_t max_batch = FrameBatch::kMaxFrames;  // frames it likes to be handed at once
  uint16_t takes = 0;      // kTakes bits; the engine cuts and finishes for it what it does not take
  bool read_only = false;  // never sends: what the switch picks for it is counted as a read_only drop by the
                           // engine; the switch learns no stations from it
  bool shallow = false;    // its peers soon wait when it does not read, for a short queue or a window: while
                           // it brings frames, the I/O thread does not pause (engine/moderation.h)
  bool listener = false;   // carries no frames itself, and the switch sends it none: its clients are ports of
                           // their own (PortHost::adopt)
};

// What became of one transmit(), in wire frames: sent + queued + dropped is that of all frames picked.
struct TxResult {
  uint32_t sent = 0;     // handed to the outside
  uint32_t queued = 0;   // copied into the port's own bounded queue
  uint32_t dropped = 0;  // counted by the port in tx_drops with its reason
};

// opening -> up -> degraded or reconnecting -> up ... -> closed
enum class PortState : uint8_t {
  opening,       // open, but its peer was not found yet: reported from within open(), else a port is up
  up,            // carries frames; a listener: takes clients
  degraded,      // open, but frames are lost until something outside changes; it recovers by itself
  reconnecting,  // its peer is gone; it looks for it, and drops what is to be sent as no_peer
  blocked,       // kept out of forwarding by the loop guard
  closed,        // gone: a port that reports this is closed by the engine
};

constexpr const char* port_state_name(PortState state) noexcept {
  switch (state) {
    case PortState::opening:
      return "opening";
    case PortState::up:
      return "up";
    case PortState::degraded:
      return "degraded";
    case PortState::reconnecting:
      return "reconnecting";
    case PortState::blocked:
      return "blocked";
    case PortState::closed:
      return "closed";
  }
  return "closed";
}

// A change of state, rare by nature. Never one a frame.
struct PortEvent {
  PortState state = PortState::up;
  std::string reason;   // one word or two: "loop", "address", "interface"
  std::string message;  // a sentence for people; may be empty
  int os_errno = 0;     // if an errno explains it
};

class Port;

// Implemented by the engine, one for each port.
class PortHost {
 public:
  // Watches a descriptor, or changes what it is watched for (EPOLLIN, EPOLLOUT; 0: none). It stays the
  // port's: the port calls unwatch() before it closes it.
  virtual Result<> watch(int fd, uint32_t interest) = 0;
  virtual void unwatch(int fd) noexcept = 0;
  // Asks for on_timer() at or after this engine time; replaces an earlier wish. 0: no timer.
  virtual void arm(uint64_t deadline_ns) noexcept = 0;
  // Monotonic and wall clock, read once a breath.
  virtual uint64_t now_ns() const noexcept = 0;
  virtual uint64_t wall_ns() const noexcept = 0;
  // An empty batch, or null when the pool is empty: then stop reading and return, level-triggered readiness
  // comes back.
  virtual BatchPtr lease() = 0;
  // Forwards every frame before it returns, and empties the batch: its slab is the port's again. Frames may
  // be changed on the way (a checksum finished in place). Super-frames must be described truly
  // (core/segment.h).
  virtual void deliver(FrameBatch& batch) = 0;
  // A listener's client becomes a port of the same switch, opened before this returns; on an error it is gone
  // already. A client's port is closed with its listener's. Not from within open().
  virtual Result<> adopt(std::unique_ptr<Port> child, std::string name) = 0;
  virtual void report(PortEvent event) = 0;
  // A fact that people see in stats() and doctor: what was chosen, found or fallen back to, and why.
  virtual void note(std::string key, std::string value) = 0;
  // The largest IP packet, in octets, that the network behind this port carries in one piece; 0: no limit.
  // May be told again when it changes. The least over a switch's ports comes back as on_lan_mtu().
  virtual void tell_path_mtu(uint32_t mtu) = 0;
  virtual PortCounters& counters() noexcept = 0;

 protected:
  ~PortHost() = default;
};

class Port {
 public:
  virtual ~Port() = default;
  virtual Caps caps() const noexcept = 0;
  // Acquires descriptors and starts watching them. On an error the engine calls close().
  virtual Result<> open(PortHost& host) = 0;
  // A watched descriptor is ready. Takes at most one batch from it: fairness between ports.
  virtual void on_ready(int fd, uint32_t events) = 0;
  virtual void on_timer(uint64_t now_ns) = 0;
  // The largest IP packet that every port of the switch carries in one piece has become `mtu` octets; 0: no
  // port limits it. Also told once after open(). Most ports need not care.
  virtual void on_lan_mtu(uint32_t mtu) { (void)mtu; }
  // Sends the picked frames, in order within each flow, each at most caps().max_frame long and of a kind that
  // caps().takes names. The batch is only borrowed.
  virtual TxResult transmit(const FrameBatch& batch, Picks picks) noexcept = 0;
  // The other end of what this port has made (a socket pair) was handed to a program: lets go of the copy of
  // it that is here, so that the program's end shows. Most ports make none.
  virtual void release_peer() noexcept {}
  // Releases everything; frames still queued are counted as `closed` drops.
  virtual void close() noexcept = 0;
};

}  // namespace ethercast
