// EdgeBench: an IpEdge with a LAN and a far end that are lists, and IPv4 packets for them.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/checksum.h"
#include "core/ip_edge.h"
#include "core/packet.h"
#include "test/support/frames.h"

namespace ethercast::test {

constexpr uint32_t ip4(uint32_t a, uint32_t b, uint32_t c, uint32_t d) noexcept {
  return a << 24 | b << 16 | c << 8 | d;
}
constexpr uint32_t net_host(uint32_t number) noexcept { return ip4(198, 18, 1, number); }

// `payload` octets behind a header of 20.
inline Octets ip_packet(uint32_t from, uint32_t to, size_t payload = 8, uint32_t seed = 0) {
  Octets packet = pattern(ipv4::kHeader + payload, seed);
  packet[0] = 0x45;
  packet[1] = 0;
  write_be16(packet.data() + ipv4::kLength, static_cast<uint16_t>(packet.size()));
  write_be16(packet.data() + ipv4::kFragment, 0);
  packet[ipv4::kTtl] = 7;
  write_be16(packet.data() + ipv4::kChecksum, 0);
  write_be32(packet.data() + ipv4::kSource, from);
  write_be32(packet.data() + ipv4::kSource + 4, to);
  store16(packet.data() + ipv4::kChecksum, static_cast<uint16_t>(~ones_sum({packet.data(), 20})));
  return packet;
}

inline Octets ether(Mac to, Mac from, uint16_t type, std::span<const uint8_t> payload) {
  Octets frame(kEtherHeader);
  put_mac(frame.data(), to);
  put_mac(frame.data() + 6, from);
  write_be16(frame.data() + 12, type);
  frame.insert(frame.end(), payload.begin(), payload.end());
  return frame;
}

struct EdgeBench final : IpEdgeSink {
  static constexpr Mac kOwn = 0xfefd'c612'01feULL;

  explicit EdgeBench(IpEdgeOptions options = {.mac = kOwn, .address = {net_host(254), 24}}) : edge(options) {}

  void frame(std::span<const uint8_t> header, std::span<const uint8_t> packet) noexcept override {
    Octets whole(header.begin(), header.end());
    whole.insert(whole.end(), packet.begin(), packet.end());
    frames.push_back(std::move(whole));
  }
  void dropped(RxDrop why, uint32_t packets) noexcept override { drops[why] += packets; }
  void not_learned() noexcept override { ++unlearned; }
  void disputed(uint32_t address, Mac owner) noexcept override { disputes.emplace_back(address, owner); }

  std::vector<Octets> send(const Octets& packet) {
    edge.from_peer(packet, now, *this);
    return std::exchange(frames, {});
  }
  FromLan hear(const Octets& frame) {
    const FromLan what = edge.from_lan(frame, now, packet);
    return what;
  }
  // ARP from the LAN; what the edge says to it.
  std::vector<Octets> hear_arp(const ArpMessage& message, Mac to = kBroadcastMac) {
    const auto arp = arp_frame(to, message);
    hear(Octets(arp.begin(), arp.end()));
    edge.answer(now, *this);
    return std::exchange(frames, {});
  }
  std::vector<Octets> wait(uint64_t ns) {
    now += ns;
    edge.pass_time(now, *this);
    return std::exchange(frames, {});
  }

  IpEdge edge;
  uint64_t now = 5'000'000'000;
  std::vector<Octets> frames;
  std::map<RxDrop, uint32_t> drops;
  std::vector<std::pair<uint32_t, Mac>> disputes;
  uint32_t unlearned = 0;
  std::span<const uint8_t> packet;
};

inline std::optional<ArpMessage> arp_of(const Octets& frame) { return read_arp(frame); }

}  // namespace ethercast::test
