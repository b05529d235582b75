// Counters of one port. Written by the I/O thread alone, read from any thread without locks.
//
// Two accounts balance, in wire frames:
//   ingress  rx_frames = forwarded + sum of rx_drops
//   egress   picked    = tx_frames + sum of tx_drops + queued
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ethercast {

// Single writer: a plain load and store, so no locked instruction on the data path.
class Counter {
 public:
  void add(uint64_t n) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void subtract(uint64_t n) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed);
  }
  void set(uint64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }
  uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// X(name, why). The names are those of `stats()`.
#define ETHERCAST_RX_DROPS(X)                                                      \
  X(runt, "shorter than an Ethernet header")                                       \
  X(oversize, "longer than the port's largest frame")                              \
  X(own_echo, "the loop of a frame that this port, or its switch, has sent")       \
  X(not_peer, "from somebody who is not the port's remote")                        \
  X(bad_framing, "octets that the peer's framing does not allow")                  \
  X(bad_packet, "not an IPv4 packet, where nothing else can be")                   \
  X(unresolved, "to an address on the LAN that nobody answers ARP for")            \
  X(bad_source, "source MAC is a group address or all zero (learning switch)")     \
  X(reserved, "to an address that bridges keep to themselves (01:80:c2:00:00:0x)") \
  X(storm, "floods of this port came faster than its limit")                       \
  X(bad_offload, "an offload header that contradicts its frame")                   \
  X(filtered, "the destination is on the side it came from")                       \
  X(blocked, "the ingress port is blocked by the loop guard")                      \
  X(no_egress, "no other port to forward to")                                      \
  X(no_batch, "the pool of batches was empty")                                     \
  X(bad_ring, "a record or cursor in a frame ring that can't be")

#define ETHERCAST_TX_DROPS(X)                                            \
  X(oversize, "longer than the port, or the network behind it, carries") \
  X(read_only, "the port only listens")                                  \
  X(no_peer, "nobody is at the other end")                               \
  X(not_ip, "neither IPv4 nor ARP, and the peer takes nothing else")     \
  X(other_mac, "unicast to another station than this port's own")        \
  X(queue_full, "the port's bounded queue is full")                      \
  X(ring_full, "the reader in JavaScript is behind")                     \
  X(refused, "the system refused the frame; last_errno says why")        \
  X(closed, "still queued when the port closed")

#define ETHERCAST_PORT_TOTALS(X)                                                 \
  X(rx_frames) /* taken in from the outside */                                   \
  X(rx_octets)                                                                   \
  X(forwarded) /* of these: handed to at least one other port */                 \
  X(flooded)   /* of these: sent to every other port */                          \
  X(unicast)   /* of the forwarded: to one station */                            \
  X(multicast) /* of the forwarded: to a group */                                \
  X(broadcast) /* of the forwarded: to all */                                    \
  X(picked)    /* chosen by the switch to leave here */                          \
  X(tx_frames) /* left */                                                        \
  X(tx_octets)                                                                   \
  X(rx_super_frames)  /* taken in as one that were several on a wire */          \
  X(tx_super_frames)  /* left in one piece that were several on a wire */        \
  X(offload_failures) /* sends repeated without offload */                       \
  X(mss_clamped)      /* TCP SYNs whose MSS was lowered */                       \
  X(queued)           /* waiting in the port's bounded queue now */              \
  X(kernel_drops)     /* lost in the socket's receive buffer (SO_MEMINFO) */     \
  X(reopened)         /* sending sockets opened again after an address change */ \
  X(reconnects)       /* times a peer that was gone came back */                 \
  X(refused_clients)  /* connections that a listener did not take */             \
  X(fragmented)       /* sent frames that the network layer has to fragment */   \
  X(not_learned)      /* sources not learned: no room, or pinned elsewhere */    \
  X(loop_blocks)      /* times the loop guard blocked this port */               \
  X(last_errno)       /* of the newest refused frame or failed reopening */

#define ETHERCAST_ENUMERATE(name, ...) name,
enum class RxDrop : uint8_t { ETHERCAST_RX_DROPS(ETHERCAST_ENUMERATE) count };
enum class TxDrop : uint8_t { ETHERCAST_TX_DROPS(ETHERCAST_ENUMERATE) count };
#undef ETHERCAST_ENUMERATE

struct PortCounters {
#define ETHERCAST_DECLARE(name) Counter name;
  ETHERCAST_PORT_TOTALS(ETHERCAST_DECLARE)
#undef ETHERCAST_DECLARE
  std::array<Counter, static_cast<size_t>(RxDrop::count)> rx_drops;
  std::array<Counter, static_cast<size_t>(TxDrop::count)> tx_drops;

  void drop(RxDrop why, uint64_t frames = 1) noexcept { rx_drops[static_cast<size_t>(why)].add(frames); }
  void drop(TxDrop why, uint64_t frames = 1) noexcept { tx_drops[static_cast<size_t>(why)].add(frames); }
};

// Names in the order of the block: totals, then `rx_drops.<name>`, then `tx_drops.<name>`.
inline constexpr const char* kCounterNames[] = {
#define ETHERCAST_NAME(name) #name,
    ETHERCAST_PORT_TOTALS(ETHERCAST_NAME)
#undef ETHERCAST_NAME
#define ETHERCAST_NAME(name, why) "rx_drops." #name,
        ETHERCAST_RX_DROPS(ETHERCAST_NAME)
#undef ETHERCAST_NAME
#define ETHERCAST_NAME(name, why) "tx_drops." #name,
            ETHERCAST_TX_DROPS(ETHERCAST_NAME)
#undef ETHERCAST_NAME
};
inline constexpr size_t kCounterCount = sizeof(kCounterNames) / sizeof(kCounterNames[0]);
static_assert(sizeof(PortCounters) == kCounterCount * sizeof(Counter), "the block is read as one array");

}  // namespace ethercast
