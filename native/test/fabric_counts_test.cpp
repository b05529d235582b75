// Fabric: super-frames, kinds of destinations, reserved addresses and storms, as the counters tell of them.
#include <doctest/doctest.h>

#include "test/support/fabric_box.h"

using namespace ethercast;
using namespace ethercast::test;

using Ports = std::vector<PortId>;

namespace {

constexpr Mac kGroup = 0x0100'5e00'0001ULL;

// A super-frame of so many segments of 1000 octets, the last of 1 octet.
TestFrame super_frame(Mac to, Mac from, uint16_t segments) {
  const size_t length = 54 + 1000u * (segments - 1u) + 1;
  return {.octets = make_frame(to, from, length), .gso_size = 1000, .header_length = 54};
}

}  // namespace

TEST_CASE("fabric: a super-frame counts as the frames it is on a wire") {
  FabricBox box(3);
  box.forward_described(1, {super_frame(kBroadcastMac, station(1), 5),
                            super_frame(station(9), station(1), 7),
                            super_frame(kGroup, station(1), 3),
                            {.octets = make_frame(kGroup, station(1))}});
  const PortCounters& in = box.counters[1];
  CHECK(in.rx_frames.get() == 16);
  CHECK(in.forwarded.get() == 16);
  CHECK(in.flooded.get() == 16);
  CHECK(in.broadcast.get() == 5);
  CHECK(in.unicast.get() == 7);
  CHECK(in.multicast.get() == 4);
  CHECK(box.counters[2].picked.get() == 16);
  CHECK(box.counters[3].picked.get() == 16);
  // Known unicast, in a run.
  const auto sent = box.forward_described(2, {super_frame(station(1), station(2), 44),
                                              super_frame(station(1), station(2), 2),
                                              {.octets = make_frame(station(1), station(2))}});
  CHECK(sent.at(1) == std::vector<uint16_t>{0, 1, 2});
  CHECK(box.counters[2].unicast.get() == 47);
  CHECK(box.counters[2].flooded.get() == 0);
  CHECK(box.counters[1].picked.get() == 47);
  // And its drops.
  box.forward_described(1, {super_frame(station(1), station(1), 6), super_frame(station(2), 0, 8)});
  CHECK(box.dropped(1, RxDrop::filtered) == 6);
  CHECK(box.dropped(1, RxDrop::bad_source) == 8);
}

TEST_CASE("fabric: a super-frame is as long as its longest segment") {
  FabricBox box(2, {}, 1054);
  CHECK_FALSE(box.forward_described(1, {super_frame(kBroadcastMac, station(1), 60)}).empty());
  TestFrame longer = super_frame(kBroadcastMac, station(1), 60);
  longer.gso_size = 1001;
  CHECK(box.forward_described(1, {longer}).empty());
  CHECK(box.dropped(1, RxDrop::oversize) == 59);
}

TEST_CASE("fabric: reserved addresses end at a learning switch") {
  FabricBox box(3);
  for (uint32_t last = 0; last < 16; ++last)
    CHECK(box.ports_for(1, make_frame(0x0180'c200'0000ULL | last, station(1))).empty());
  CHECK(box.dropped(1, RxDrop::reserved) == 16);
  CHECK(box.ports_for(1, make_frame(0x0180'c200'0000ULL, station(1)), 5).empty());  // in a VLAN, too
  CHECK(box.dropped(1, RxDrop::reserved) == 17);
  // Their neighbours are groups like any other.
  CHECK(box.ports_for(1, make_frame(0x0180'c200'0010ULL, station(1))) == Ports{2, 3});
  CHECK(box.ports_for(1, make_frame(0x0180'c200'0100ULL, station(1))) == Ports{2, 3});
  CHECK(box.ports_for(1, make_frame(0x0180'c1ff'ffffULL, station(1))) == Ports{2, 3});
  CHECK(box.ports_for(1, make_frame(0x0080'c200'0000ULL, station(1))) == Ports{2, 3});  // no group at all
  // The sender is learned all the same.
  box.ports_for(2, make_frame(0x0180'c200'000eULL, station(2)));
  CHECK(box.ports_for(3, make_frame(station(2), station(3))) == Ports{2});
}

TEST_CASE("fabric: reserved addresses are forwarded where asked for, and by a hub") {
  for (const FabricOptions& options :
       {FabricOptions{.forward_reserved = true}, FabricOptions{.forwarding = Forwarding::hub}}) {
    FabricBox box(3, options);
    CHECK(box.ports_for(1, make_frame(0x0180'c200'0000ULL, station(1))) == Ports{2, 3});
    CHECK(box.counters[1].multicast.get() == 1);
    CHECK(box.all_dropped(1) == 0);
  }
}

TEST_CASE("fabric: learns in a provider's VLANs by the outer tag") {
  FabricBox box(3);
  const auto tagged = [](Octets frame, uint16_t type, uint16_t outer, uint16_t inner) {
    const uint16_t tags[] = {type, outer, kEtherTypeVlan, inner};
    for (size_t i = 0; i < 4; ++i) {
      frame[12 + 2 * i] = static_cast<uint8_t>(tags[i] >> 8);
      frame[13 + 2 * i] = static_cast<uint8_t>(tags[i]);
    }
    return frame;
  };
  box.ports_for(1, tagged(make_frame(kBroadcastMac, station(1)), kEtherTypeServiceVlan, 30, 5));
  const auto ask = [&](uint16_t type, uint16_t outer, uint16_t inner) {
    return box.ports_for(3, tagged(make_frame(station(1), station(3)), type, outer, inner));
  };
  CHECK(ask(kEtherTypeServiceVlan, 30, 6) == Ports{1});  // whatever the customer's
  CHECK(ask(kEtherTypeServiceVlan, 31, 5) == Ports{1, 2});
  CHECK(ask(kEtherTypeServiceVlan, 0xe000, 30) == Ports{1, 2});  // a priority alone is no VLAN
  box.ports_for(2, make_frame(kBroadcastMac, station(1)));
  CHECK(ask(kEtherTypeServiceVlan, 0xe000, 30) == Ports{2});
}

TEST_CASE("storm limit: what is flooded is bounded, what is known is not") {
  FabricBox box(3, {.storm_limit = 100});
  box.ports_for(2, make_frame(kBroadcastMac, station(2)));
  const auto offer = [&](Mac to) {
    return box.forward(1, std::vector<Octets>(8, make_frame(to, station(1)))).size();
  };
  offer(kBroadcastMac);
  CHECK(box.dropped(1, RxDrop::storm) == 0);
  offer(kGroup);  // ten fit into the bucket
  CHECK(box.dropped(1, RxDrop::storm) == 6);
  offer(station(77));  // unknown
  CHECK(box.dropped(1, RxDrop::storm) == 14);
  CHECK(offer(station(2)) == 1);
  CHECK(box.dropped(1, RxDrop::storm) == 14);
  CHECK(box.counters[1].flooded.get() == 10);
  // Another port has a bucket of its own.
  CHECK(box.ports_for(3, make_frame(kBroadcastMac, station(3))) == Ports{1, 2});
  box.now += kSecond / 100;
  offer(kBroadcastMac);
  CHECK(box.dropped(1, RxDrop::storm) == 21);
}

TEST_CASE("storm limit: a steady flood at the limit passes whole, one above it as far as the limit") {
  for (const auto& [offered, passed] : {std::pair{1000, 1000}, {4000, 1099}}) {
    StormLimit limit(1000);
    uint64_t now = 5 * kSecond;
    int taken = 0;
    for (int i = 0; i < offered; ++i, now += kSecond / static_cast<uint64_t>(offered))
      taken += limit.take(1, now) ? 1 : 0;
    CHECK(taken == passed);
  }
}

TEST_CASE("storm limit: a flood in clumps passes, as long as it keeps to the rate") {
  StormLimit limit(1000);
  uint64_t now = 5 * kSecond;
  int taken = 0;
  for (int clump = 0; clump < 100; ++clump, now += 100'000'000) {
    for (int i = 0; i < 100; ++i) taken += limit.take(1, now) ? 1 : 0;
  }
  CHECK(taken == 10'000);
}

TEST_CASE("storm limit: the least and the largest") {
  StormLimit one(1);
  CHECK(one.take(1, kSecond));
  CHECK_FALSE(one.take(1, 2 * kSecond - 1));
  CHECK(one.take(1, 2 * kSecond));
  StormLimit most(StormLimit::kMost);
  CHECK(most.take(100'000'000, kSecond));
  CHECK_FALSE(most.take(1, kSecond));
  CHECK(most.take(1, kSecond + 1));
  CHECK(most.take(1, ~0ULL));
  StormLimit none(0);
  for (int i = 0; i < 1000; ++i) CHECK(none.take(65535, 0));
}

TEST_CASE("storm limit: a super-frame larger than the bucket passes, and is paid for") {
  StormLimit limit(10);
  CHECK(limit.take(46, kSecond));
  CHECK_FALSE(limit.take(1, kSecond + 4'500'000'000));
  CHECK(limit.take(1, kSecond + 4'600'000'000));
}

TEST_CASE("storm limit: time that seems to run backwards gives nothing") {
  StormLimit limit(10);
  CHECK(limit.take(1, 100 * kSecond));
  CHECK_FALSE(limit.take(1, 50 * kSecond));
  CHECK_FALSE(limit.take(1, 100 * kSecond));
}
