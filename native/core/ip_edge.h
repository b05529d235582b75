// IpEdge: where a line that carries bare IPv4 packets (SLIP, a TUN device) meets an Ethernet. Towards the LAN
// it is one station: it answers ARP for the addresses at the far end (proxy ARP, RFC 1027), asks for the
// hosts that the far end sends to, and takes off and puts on Ethernet headers. It is a wire, not a router:
// packets stay as they are, TTL included. Pure; time is passed in.
//
// Who may have an address, where two say that they do:
// - configured ones (`address`, `peer`) are the far end's, whatever is heard;
// - without `peer` the far end has what it sends from, if that is within the LAN's net. The LAN is asked for
//   each such address once, and a station of the LAN that owns it wins (peer_addresses.h);
// - a host of the LAN keeps its address until it no longer answers (neighbours.h).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/arp.h"
#include "core/counters.h"
#include "core/neighbours.h"
#include "core/peer_addresses.h"

namespace ethercast {

struct IpEdgeOptions {
  Mac mac = 0;           // the station on the LAN
  Ipv4Net address{};     // what ARP questions are asked from, and the LAN's net; 0: none
  uint32_t gateway = 0;  // where packets to other nets go; 0: their hosts are asked for themselves
  Ipv4Net peer{};        // addresses at the far end; 0: learned
  bool has_peer = false;
};

// Where frames for the LAN go, and what becomes of the far end's packets.
class IpEdgeSink {
 public:
  // One frame, in two pieces that are valid during the call.
  virtual void frame(std::span<const uint8_t> header, std::span<const uint8_t> packet) noexcept = 0;
  virtual void dropped(RxDrop why, uint32_t packets) noexcept = 0;
  // The far end sends from an address that there is no room to learn.
  virtual void not_learned() noexcept = 0;
  // The far end sends from an address that `owner` has on the LAN.
  virtual void disputed(uint32_t address, Mac owner) noexcept = 0;

 protected:
  ~IpEdgeSink() = default;
};

// What is to be done with a frame from the LAN.
enum class FromLan : uint8_t {
  packet,         // hand it to the far end
  handled,        // ARP; answer() is to be called soon
  ignored,        // ARP that is nobody's business here
  not_ip,         // neither ARP nor an IPv4 packet that can be believed
  other_station,  // unicast to somebody else, flooded here
};

class IpEdge {
 public:
  explicit IpEdge(const IpEdgeOptions& options) : options_(options) {}

  // A packet from the far end. One whose header can't be believed is dropped as bad_packet; one that no host
  // of the LAN can be found for, as unresolved.
  void from_peer(std::span<const uint8_t> packet, uint64_t now_ns, IpEdgeSink& sink) noexcept;

  // A frame from the LAN; for `packet`, `packet` is it without header and padding.
  FromLan from_lan(std::span<const uint8_t> frame, uint64_t now_ns,
                   std::span<const uint8_t>& packet) noexcept;
  // What from_lan() has to answer; apart, since a port can't deliver while it transmits.
  bool has_answers() const noexcept { return heard_count_ != 0; }
  void answer(uint64_t now_ns, IpEdgeSink& sink) noexcept;

  void pass_time(uint64_t now_ns, IpEdgeSink& sink) noexcept;
  uint64_t deadline_ns() const noexcept { return neighbours_.deadline_ns(); }  // 0: none

  // Another far end: what was learned of the old one is forgotten. Returns how many packets waited.
  uint32_t reset() noexcept;

  // Whether ARP for this address is answered.
  bool answers_for(uint32_t address, uint64_t now_ns) const noexcept;
  const Neighbours& neighbours() const noexcept { return neighbours_; }
  const PeerAddresses& learned() const noexcept { return learned_; }

 private:
  class Hop;

  bool is_pinned(uint32_t address) const noexcept;
  void learn(uint32_t source, uint64_t now_ns, IpEdgeSink& sink) noexcept;
  void emit(Mac to, std::span<const uint8_t> packet, IpEdgeSink& sink) const noexcept;

  // Questions and claims heard between two calls of answer(): more than there are hosts in a LAN that ask at
  // once. Of a flood the rest is left out; who really wants to know asks again.
  static constexpr size_t kMostHeard = 64;

  const IpEdgeOptions options_;
  Neighbours neighbours_;
  PeerAddresses learned_;
  std::array<ArpMessage, kMostHeard> heard_{};
  size_t heard_count_ = 0;
};

// Checks version and lengths, and with `checksum` the header's sum. Empty: it can't be believed; else the
// packet without what follows it.
std::span<const uint8_t> believable_ipv4(std::span<const uint8_t> octets, bool checksum) noexcept;

}  // namespace ethercast
