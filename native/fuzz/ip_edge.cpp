// A far end and a LAN that lie: packets and frames of octets from the input, some with plausible headers, and
// time that jumps. What goes to the LAN is a frame from the edge's own station, what goes to the far end a
// believable packet, nothing grows without bound, and every packet of the far end is accounted for.
#include "core/ip_edge.h"

#include <vector>

#include "core/checksum.h"
#include "core/packet.h"
#include "fuzz/input.h"

using namespace ethercast;
using namespace ethercast::fuzz;

namespace {

constexpr Mac kOwn = 0x0200'0000'0001ULL;

struct Books final : IpEdgeSink {
  void frame(std::span<const uint8_t> header, std::span<const uint8_t> packet) noexcept override {
    ETHERCAST_MUST(header.size() >= kEtherHeader && source_mac(header.data()) == kOwn);
    ETHERCAST_MUST(destination_mac(header.data()) != kOwn);
    if (ether_type(header.data()) == kEtherTypeIpv4) {
      ETHERCAST_MUST(believable_ipv4(packet, true).size() == packet.size());
      ++frames;
    }
  }
  void dropped(RxDrop, uint32_t packets) noexcept override { drops += packets; }
  void not_learned() noexcept override {}
  void disputed(uint32_t, Mac owner) noexcept override { ETHERCAST_MUST(owner != kOwn); }
  uint64_t frames = 0, drops = 0;
};

// Few hosts, so that they are asked, answer, and contradict each other.
uint32_t address(Input& input) { return 0xc612'0100u | (input.octet() & 0x1f); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  const uint8_t how = input.octet();
  IpEdgeOptions options{.mac = kOwn};
  if ((how & 1) != 0) options.address = {0xc612'01fe, 24};
  if ((how & 2) != 0) options.gateway = 0xc612'0103;
  if ((how & 4) != 0) options.peer = {0xc612'0104, 30}, options.has_peer = true;
  IpEdge edge(options);
  Books books;
  uint64_t now = 1'000'000'000, sent = 0;
  while (!input.empty()) {
    const uint8_t what = input.octet();
    std::vector<uint8_t> octets;
    switch (what % 6) {
      case 0: {
        const auto run = input.run(what);
        octets.assign(run.begin(), run.end());
        edge.from_peer(octets, now, books);
        ++sent;
        break;
      }
      case 1: {
        octets.assign(20, 0);
        octets[0] = 0x45, octets[3] = 20;
        write_be32(octets.data() + 12, address(input));
        write_be32(octets.data() + 16, address(input));
        store16(octets.data() + 10, static_cast<uint16_t>(~ones_sum(octets)));
        edge.from_peer(octets, now, books);
        ++sent;
        break;
      }
      case 2: {
        const auto arp = arp_frame(
            (what & 64) != 0 ? kBroadcastMac : kOwn,
            {(what & 32) != 0, 0x0200'0000'0000ULL | (input.octet() & 7), address(input), 0, address(input)});
        octets.assign(arp.begin(), arp.end());
        break;
      }
      case 3: {
        const auto run = input.run(what);
        octets.assign(run.begin(), run.end());
        break;
      }
      case 4:
        now += input.number<uint32_t>() * uint64_t{100};
        edge.pass_time(now, books);
        continue;
      default:
        edge.answer(now, books);
        continue;
    }
    if (what % 6 >= 2) {
      std::span<const uint8_t> packet;
      if (edge.from_lan(octets, now, packet) == FromLan::packet) {
        ETHERCAST_MUST(!packet.empty() && packet.data() >= octets.data() &&
                       packet.data() + packet.size() <= octets.data() + octets.size());
      }
    }
    ETHERCAST_MUST(edge.neighbours().size() <= Neighbours::kMost);
    ETHERCAST_MUST(edge.neighbours().unresolved() <= Neighbours::kMostUnresolved);
    ETHERCAST_MUST(edge.learned().size() <= PeerAddresses::kMost);
  }
  books.drops += edge.reset();
  ETHERCAST_MUST(sent == books.frames + books.drops);
  return 0;
}
