// Neighbours: which MAC the hosts of a LAN have that somebody sends to, asked for by ARP (RFC 826, RFC 1122
// section 2.3.2).
//
// Memory is bounded whatever arrives. Only sending makes an entry: ARP that was not asked for never does. An
// address that is known moves to another MAC only when the old one no longer answers: a station that merely
// claims it gets nothing.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/mac.h"

namespace ethercast {

// What becomes of packets and questions. Called from within the functions that take it.
class NeighbourSink {
 public:
  // Asks the LAN who has `address`; `to`: kBroadcastMac, or the station that had it.
  virtual void ask(uint32_t address, Mac to, uint32_t asker) noexcept = 0;
  virtual void send(Mac to, std::span<const uint8_t> packet) noexcept = 0;
  virtual void unresolved(uint32_t packets) noexcept = 0;

 protected:
  ~NeighbourSink() = default;
};

class Neighbours {
 public:
  static constexpr size_t kMost = 256;                // as many hosts as an ordinary net of /24 has
  static constexpr size_t kMostUnresolved = 64;       // also bounds how many questions a second there can be
  static constexpr size_t kMostWaiting = 4;           // packets that wait for one host; the newest stay
  static constexpr uint64_t kTry_ns = 1'000'000'000;  // until a question is asked again
  static constexpr uint64_t kFresh_ns = 60'000'000'000;  // that an answer is believed unasked
  static constexpr int kTries = 3;                       // to find a host
  static constexpr int kChecks = 2;                      // of one that was known

  // Sends the packet now, or when `address` has answered. `asker`: whose address the question bears.
  void send(uint32_t address, std::span<const uint8_t> packet, uint32_t asker, uint64_t now_ns,
            NeighbourSink& sink) noexcept;
  // A station says on the LAN that it has `address`.
  void hear(uint32_t address, Mac station, uint64_t now_ns, NeighbourSink& sink) noexcept;
  // Asks again, and gives up. To be called at deadline_ns().
  void pass_time(uint64_t now_ns, NeighbourSink& sink) noexcept;
  uint64_t deadline_ns() const noexcept { return deadline_ns_; }  // 0: none

  bool knows(uint32_t address) const noexcept { return find(address) != kNone; }
  // It has answered lately.
  bool is_fresh(uint32_t address, uint64_t now_ns) const noexcept;
  size_t size() const noexcept { return addresses_.size(); }
  size_t unresolved() const noexcept { return unresolved_; }

  // Forgets all; returns how many packets waited.
  uint32_t clear() noexcept;

 private:
  static constexpr size_t kNone = ~size_t{0};

  struct Entry {
    Mac mac = 0;       // 0: not resolved yet
    Mac claimant = 0;  // who else says it has the address, while the first is asked
    uint32_t asker = 0;
    int tries = 0;
    uint64_t confirmed_ns = 0;
    uint64_t used_ns = 0;
    uint64_t deadline_ns = 0;  // of the question that is open; 0: none
    std::vector<std::vector<uint8_t>> waiting;
  };

  size_t find(uint32_t address) const noexcept;
  void question(size_t at, uint64_t now_ns, NeighbourSink& sink) noexcept;
  void settle(Entry& entry, Mac mac, uint64_t now_ns, NeighbourSink& sink) noexcept;
  void make_room() noexcept;
  void erase(size_t at) noexcept;

  std::vector<uint32_t> addresses_;  // beside entries_, so that a search touches few cache lines
  std::vector<Entry> entries_;
  mutable size_t last_ = 0;  // the one found last
  size_t unresolved_ = 0;
  uint64_t deadline_ns_ = 0;
};

}  // namespace ethercast
