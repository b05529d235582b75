// Fabric: where frames go.
#include <doctest/doctest.h>

#include "test/support/fabric_box.h"

using namespace ethercast;
using namespace ethercast::test;

using Ports = std::vector<PortId>;

TEST_CASE("fabric: floods the unknown, never back out of the ingress") {
  FabricBox box(4);
  CHECK(box.ports_for(2, make_frame(station(9), station(1))) == Ports{1, 3, 4});
  CHECK(box.ports_for(2, make_frame(kBroadcastMac, station(1))) == Ports{1, 3, 4});
  CHECK(box.counters[2].flooded.get() == 2);
  CHECK(box.counters[2].forwarded.get() == 2);
  CHECK(box.counters[1].picked.get() == 2);
  CHECK(box.counters[2].picked.get() == 0);
}

TEST_CASE("fabric: learns from the source, and sends known unicast to its port alone") {
  FabricBox box(3);
  box.ports_for(1, make_frame(kBroadcastMac, station(1)));
  CHECK(box.ports_for(3, make_frame(station(1), station(3))) == Ports{1});
  CHECK(box.counters[3].flooded.get() == 0);
  // And within one batch: the first frame teaches what the second needs.
  const auto sent = box.forward(2, {make_frame(station(3), station(2)), make_frame(station(9), station(2)),
                                    make_frame(station(1), station(2))});
  CHECK(sent.at(3) == std::vector<uint16_t>{0, 1});
  CHECK(sent.at(1) == std::vector<uint16_t>{1, 2});
}

TEST_CASE("fabric: filters what is on the right side already") {
  FabricBox box(3);
  box.ports_for(1, make_frame(kBroadcastMac, station(1)));
  CHECK(box.ports_for(1, make_frame(station(1), station(2))).empty());
  CHECK(box.dropped(1, RxDrop::filtered) == 1);
}

TEST_CASE("fabric: keeps group addresses out of the table, and floods to them always") {
  FabricBox box(3);
  CHECK(box.ports_for(1, make_frame(station(2), 0x0100'5e00'0001ULL)).empty());
  CHECK(box.dropped(1, RxDrop::bad_source) == 1);
  CHECK(box.ports_for(1, make_frame(station(2), 0)).empty());
  CHECK(box.dropped(1, RxDrop::bad_source) == 2);
  CHECK(box.fabric.table().size() == 0);
  CHECK(box.ports_for(2, make_frame(0x0100'5e00'0001ULL, station(2))) == Ports{1, 3});
}

TEST_CASE("fabric: forgets a silent station after the ageing time") {
  FabricBox box(3, {.ageing_ns = 100 * kSecond});
  box.ports_for(1, make_frame(kBroadcastMac, station(1)));
  box.now += 100 * kSecond;
  CHECK(box.ports_for(3, make_frame(station(1), station(3))) == Ports{1});
  box.now += 1;
  CHECK(box.ports_for(3, make_frame(station(1), station(3))) == Ports{1, 2});
}

TEST_CASE("fabric: follows a station that moves") {
  FabricBox box(3);
  box.ports_for(1, make_frame(kBroadcastMac, station(1)));
  box.ports_for(2, make_frame(kBroadcastMac, station(1)));
  CHECK(box.ports_for(3, make_frame(station(1), station(3))) == Ports{2});
  CHECK(box.fabric.table().size() == 2);
}

TEST_CASE("fabric: a hub floods everything, also odd sources") {
  FabricBox box(3, {.forwarding = Forwarding::hub});
  box.ports_for(1, make_frame(kBroadcastMac, station(1)));
  CHECK(box.ports_for(2, make_frame(station(1), station(2))) == Ports{1, 3});
  CHECK(box.ports_for(1, make_frame(station(1), station(2))) == Ports{2, 3});
  CHECK(box.ports_for(1, make_frame(station(1), kBroadcastMac)) == Ports{2, 3});
  CHECK(box.ports_for(1, make_frame(station(1), 0)) == Ports{2, 3});
  CHECK(box.all_dropped(1) == 0);
}

TEST_CASE("fabric: runts and what is too long are dropped, nothing else is shortened") {
  FabricBox box(2, {}, 1514);
  CHECK(box.ports_for(1, {}).empty());
  CHECK(box.ports_for(1, Octets(13)).empty());
  CHECK(box.dropped(1, RxDrop::runt) == 2);
  CHECK(box.ports_for(1, make_frame(kBroadcastMac, station(1), 14)) == Ports{2});
  CHECK(box.ports_for(1, make_frame(kBroadcastMac, station(1), 1514)) == Ports{2});
  CHECK(box.ports_for(1, make_frame(kBroadcastMac, station(1), 1515)).empty());
  CHECK(box.dropped(1, RxDrop::oversize) == 1);
}

TEST_CASE("fabric: alone there is nowhere to go") {
  FabricBox box(1);
  CHECK(box.ports_for(1, make_frame(kBroadcastMac, station(1))).empty());
  CHECK(box.dropped(1, RxDrop::no_egress) == 1);
}

TEST_CASE("fabric: a full table learns no more, and floods") {
  FabricBox box(3, {.table_capacity = 2});
  box.ports_for(1, make_frame(kBroadcastMac, station(1)));
  box.ports_for(1, make_frame(kBroadcastMac, station(2)));
  box.ports_for(1, make_frame(kBroadcastMac, station(3)));
  CHECK(box.counters[1].not_learned.get() == 1);
  CHECK(box.ports_for(2, make_frame(station(1), station(2))) == Ports{1});  // the known may still move
  CHECK(box.ports_for(2, make_frame(station(3), station(2))) == Ports{1, 3});
  CHECK(box.fabric.table().size() == 2);
}

TEST_CASE("fabric: frames of a port it does not know go nowhere") {
  FabricBox box(2);
  CHECK(box.ports_for(77, make_frame(kBroadcastMac, station(1))).empty());
  CHECK(box.fabric.table().size() == 0);
}

TEST_CASE("fabric: a removed port is forgotten with its stations") {
  FabricBox box(3);
  box.ports_for(1, make_frame(kBroadcastMac, station(1)));
  box.fabric.remove_port(1);
  CHECK(box.fabric.port_count() == 2);
  CHECK(box.ports_for(2, make_frame(station(1), station(2))) == Ports{3});
  box.add(8);
  CHECK(box.ports_for(2, make_frame(station(1), station(2))) == Ports{3, 8});
}

TEST_CASE("fabric: learns per VLAN, from the meta or from the frame's own tag") {
  FabricBox box(3);
  box.ports_for(1, make_frame(kBroadcastMac, station(1)), 7);
  CHECK(box.ports_for(3, make_frame(station(1), station(3)), 7) == Ports{1});
  CHECK(box.ports_for(3, make_frame(station(1), station(3)), 8) == Ports{1, 2});
  CHECK(box.ports_for(3, make_frame(station(1), station(3))) == Ports{1, 2});

  const auto tagged = [](Octets frame, uint16_t tag) {
    frame[12] = 0x81, frame[13] = 0x00;
    frame[14] = static_cast<uint8_t>(tag >> 8), frame[15] = static_cast<uint8_t>(tag);
    return frame;
  };
  // The same MAC on two VLANs, behind two ports, as with a router on a stick.
  box.ports_for(1, tagged(make_frame(kBroadcastMac, station(5)), 10));
  box.ports_for(2, tagged(make_frame(kBroadcastMac, station(5)), 20));
  CHECK(box.ports_for(3, tagged(make_frame(station(5), station(3)), 10)) == Ports{1});
  CHECK(box.ports_for(3, tagged(make_frame(station(5), station(3)), 20)) == Ports{2});
  // The priority is no part of the VLAN's number; VLAN 0 is none at all.
  CHECK(box.ports_for(3, tagged(make_frame(station(5), station(3)), 0xe00a)) == Ports{1});
  box.ports_for(1, make_frame(kBroadcastMac, station(6)));
  CHECK(box.ports_for(3, tagged(make_frame(station(6), station(3)), 0xa000)) == Ports{1});
  // A tag that is cut off is none: read nothing behind the frame.
  Octets cut = tagged(make_frame(kBroadcastMac, station(7), 18), 30);
  cut.resize(15);
  CHECK(box.ports_for(1, cut) == Ports{2, 3});
  CHECK(box.ports_for(3, make_frame(station(7), station(3))) == Ports{1});
}
