// FabricBox: a Fabric with its ports' counters, and picks as plain maps.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "core/fabric.h"
#include "test/support/frames.h"

namespace ethercast::test {

constexpr uint64_t kSecond = 1'000'000'000;

class FabricBox {
 public:
  using Sent = std::map<PortId, std::vector<uint16_t>>;

  explicit FabricBox(int ports, FabricOptions options = {}, uint32_t max_frame = 1514) : fabric(options) {
    for (int i = 1; i <= ports; ++i) add(static_cast<PortId>(i), max_frame);
  }
  void add(PortId port, uint32_t max_frame = 1514, bool read_only = false) {
    fabric.add_port(port, counters[port], max_frame, read_only);
  }

  Sent forward(PortId ingress, const std::vector<Octets>& frames, uint16_t vlan = 0) {
    std::vector<TestFrame> described;
    for (const Octets& octets : frames) described.push_back({.octets = octets, .vlan = vlan});
    return forward_described(ingress, described);
  }
  Sent forward_described(PortId ingress, const std::vector<TestFrame>& frames) {
    batch.clear();
    uint32_t end = 0;
    for (const TestFrame& frame : frames) {
      const uint32_t offset = end + FrameBatch::kHeadroom;
      end = offset + static_cast<uint32_t>(frame.octets.size());
      REQUIRE(end <= FrameBatch::kSlabSize);
      std::copy(frame.octets.begin(), frame.octets.end(), batch.slab() + offset);
      FrameMeta& meta = batch.push(offset, static_cast<uint32_t>(frame.octets.size()));
      meta.vlan = frame.vlan;
      meta.gso_size = frame.gso_size;
      meta.header_length = frame.header_length;
      if (frame.gso_size != 0) meta.gso_type = GsoType::tcp4, meta.flags = kChecksumUnfinished;
      counters[ingress].rx_frames.add(wire_frames(meta));
    }
    Sent sent;
    for (const Egress& egress : fabric.forward(batch, ingress, now)) {
      sent[egress.port].assign(egress.picks.begin(), egress.picks.end());
    }
    return sent;
  }
  // Where one frame goes.
  std::vector<PortId> ports_for(PortId ingress, const Octets& frame, uint16_t vlan = 0) {
    std::vector<PortId> ports;
    for (const auto& [port, picks] : forward(ingress, {frame}, vlan)) ports.push_back(port);
    return ports;
  }

  uint64_t dropped(PortId port, RxDrop why) const {
    return counters.at(port).rx_drops[static_cast<size_t>(why)].get();
  }
  uint64_t all_dropped(PortId port) const {
    uint64_t sum = 0;
    for (const Counter& each : counters.at(port).rx_drops) sum += each.get();
    return sum;
  }

  uint64_t now = kSecond;
  std::map<PortId, PortCounters> counters;  // before the fabric, which refers to them
  Fabric fabric;
  FrameBatch batch;
};

}  // namespace ethercast::test
