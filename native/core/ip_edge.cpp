#include "core/ip_edge.h"

#include <utility>

#include "core/checksum.h"
#include "core/packet.h"

namespace ethercast {

namespace {

constexpr uint32_t kLimitedBroadcast = 0xffffffff;
constexpr uint32_t kDestination = ipv4::kSource + 4;

constexpr bool is_multicast(uint32_t address) noexcept { return address >> 28 == 0xe; }
// Of a host: not 0/8 (this net), 127/8, multicast, or 240/4 (reserved, and the limited broadcast); RFC 6890.
constexpr bool is_host(uint32_t address) noexcept {
  return address >> 24 != 0 && address >> 24 != 127 && address >> 28 < 0xe;
}
// RFC 1112, section 6.4: the low 23 bits behind 01:00:5e.
constexpr Mac multicast_mac(uint32_t group) noexcept { return 0x0100'5e00'0000ULL | (group & 0x7fffff); }

}  // namespace

std::span<const uint8_t> believable_ipv4(std::span<const uint8_t> octets, bool checksum) noexcept {
  if (octets.size() < ipv4::kHeader || octets[0] >> 4 != 4) return {};
  const uint32_t header = (octets[0] & 0xfu) * 4;
  const uint32_t length = read_be16(octets.data() + ipv4::kLength);
  if (header < ipv4::kHeader || length < header || length > octets.size()) return {};
  if (checksum && ones_sum(octets.first(header)) != 0xffff) return {};
  return octets.first(length);
}

// What neighbours_ asks and sends, as frames.
class IpEdge::Hop final : public NeighbourSink {
 public:
  Hop(const IpEdge& edge, IpEdgeSink& sink) : edge_(edge), sink_(sink) {}
  void ask(uint32_t address, Mac to, uint32_t asker) noexcept override {
    const auto frame = arp_frame(to, {true, edge_.options_.mac, asker, 0, address});
    sink_.frame(frame, {});
  }
  void send(Mac to, std::span<const uint8_t> packet) noexcept override { edge_.emit(to, packet, sink_); }
  void unresolved(uint32_t packets) noexcept override { sink_.dropped(RxDrop::unresolved, packets); }

 private:
  const IpEdge& edge_;
  IpEdgeSink& sink_;
};

bool IpEdge::is_pinned(uint32_t address) const noexcept {
  return (options_.address.address != 0 && address == options_.address.address) ||
         (options_.has_peer && options_.peer.has(address));
}

bool IpEdge::answers_for(uint32_t address, uint64_t now_ns) const noexcept {
  return is_pinned(address) || learned_.has(address, now_ns);
}

void IpEdge::emit(Mac to, std::span<const uint8_t> packet, IpEdgeSink& sink) const noexcept {
  std::array<uint8_t, kEtherHeader> header;
  write_mac(header.data(), to);
  write_mac(header.data() + 6, options_.mac);
  write_be16(header.data() + 12, kEtherTypeIpv4);
  sink.frame(header, packet);
}

void IpEdge::learn(uint32_t source, uint64_t now_ns, IpEdgeSink& sink) noexcept {
  if (options_.has_peer || is_pinned(source) || !is_host(source)) return;
  const Ipv4Net& net = options_.address;
  if (net.address != 0 && (!net.has(source) || source == net.broadcast())) return;
  if (source == options_.gateway || neighbours_.is_fresh(source, now_ns)) return;  // a host of the LAN
  switch (learned_.hear(source, now_ns)) {
    case PeerAddresses::Heard::known:
    case PeerAddresses::Heard::disputed:
      return;
    case PeerAddresses::Heard::no_room:
      return sink.not_learned();
    case PeerAddresses::Heard::learned:
      // A probe (RFC 5227): it teaches nobody anything, but an owner speaks up.
      return Hop(*this, sink).ask(source, kBroadcastMac, 0);
  }
}

void IpEdge::from_peer(std::span<const uint8_t> octets, uint64_t now_ns, IpEdgeSink& sink) noexcept {
  const auto packet = believable_ipv4(octets, true);
  if (packet.empty()) return sink.dropped(RxDrop::bad_packet, 1);
  const uint32_t source = read_be32(packet.data() + ipv4::kSource);
  const uint32_t destination = read_be32(packet.data() + kDestination);
  learn(source, now_ns, sink);

  const Ipv4Net& net = options_.address;
  if (destination == kLimitedBroadcast ||
      (net.address != 0 && net.length < 31 && destination == net.broadcast())) {
    return emit(kBroadcastMac, packet, sink);
  }
  if (is_multicast(destination)) return emit(multicast_mac(destination), packet, sink);
  // What is at the far end itself is not on the LAN, and nobody there would answer.
  if (!is_host(destination) || answers_for(destination, now_ns)) {
    return sink.dropped(RxDrop::unresolved, 1);
  }
  const bool direct = options_.gateway == 0 || net.has(destination);
  // From an address that is not the far end's, nothing is said that hosts would remember.
  const uint32_t asker = net.address != 0 ? net.address : answers_for(source, now_ns) ? source : 0;
  Hop hop(*this, sink);
  neighbours_.send(direct ? destination : options_.gateway, packet, asker, now_ns, hop);
}

FromLan IpEdge::from_lan(std::span<const uint8_t> frame, uint64_t now_ns,
                         std::span<const uint8_t>& packet) noexcept {
  if (frame.size() < kEtherHeader) return FromLan::not_ip;
  const Mac to = destination_mac(frame.data());
  if (to != options_.mac && !is_group(to)) return FromLan::other_station;
  const uint16_t type = ether_type(frame.data());
  if (type == kEtherTypeIpv4) {
    packet = believable_ipv4(frame.subspan(kEtherHeader), false);
    return packet.empty() ? FromLan::not_ip : FromLan::packet;
  }
  if (type != kEtherTypeArp) return FromLan::not_ip;
  const auto message = read_arp(frame);
  if (!message) return FromLan::not_ip;
  const uint32_t sender = message->sender_ip;
  const bool asks =
      message->request && !message->is_announcement() && answers_for(message->target_ip, now_ns);
  const bool tells = sender != 0 && (neighbours_.knows(sender) || learned_.has(sender, now_ns));
  if (message->sender_mac == options_.mac || (!asks && !tells) || heard_count_ == kMostHeard) {
    return FromLan::ignored;
  }
  heard_[heard_count_++] = *message;
  return FromLan::handled;
}

void IpEdge::answer(uint64_t now_ns, IpEdgeSink& sink) noexcept {
  Hop hop(*this, sink);
  const size_t count = std::exchange(heard_count_, 0);
  for (size_t i = 0; i < count; ++i) {
    const ArpMessage& message = heard_[i];
    const uint32_t sender = message.sender_ip;
    if (sender != 0) {
      neighbours_.hear(sender, message.sender_mac, now_ns, hop);
      if (learned_.dispute(sender, now_ns)) sink.disputed(sender, message.sender_mac);
    }
    if (!message.request || message.is_announcement() || !answers_for(message.target_ip, now_ns)) continue;
    const auto frame =
        arp_frame(message.sender_mac, {false, options_.mac, message.target_ip, message.sender_mac, sender});
    sink.frame(frame, {});
  }
}

void IpEdge::pass_time(uint64_t now_ns, IpEdgeSink& sink) noexcept {
  Hop hop(*this, sink);
  neighbours_.pass_time(now_ns, hop);
}

uint32_t IpEdge::reset() noexcept {
  learned_.clear();
  heard_count_ = 0;
  return neighbours_.clear();
}

}  // namespace ethercast
