// Fabric: limits on learning, and pinned stations. The cases are those of the kernel's
// tools/testing/selftests/net/forwarding: bridge_fdb_learning_limit, bridge_sticky_fdb, and the learning and
// flooding of bridge_vlan_aware and bridge_vlan_unaware.
#include <doctest/doctest.h>

#include "test/support/fabric_box.h"

using namespace ethercast;
using namespace ethercast::test;

using Ports = std::vector<PortId>;

namespace {

// The numbers of the kernel's test.
constexpr uint32_t kStations = 16;
constexpr uint32_t kLimit = 8;

void hear(FabricBox& box, PortId port, uint32_t number, uint16_t vlan = 0) {
  box.forward(port, {make_frame(kBroadcastMac, station(number))}, vlan);
}
void hear_all(FabricBox& box, PortId port) {
  for (uint32_t number = 1; number <= kStations; ++number) hear(box, port, number);
}
Ports where_is(FabricBox& box, PortId asking, uint32_t number, uint16_t vlan = 0) {
  return box.ports_for(asking, make_frame(station(number), station(1000 + asking)), vlan);
}

}  // namespace

TEST_CASE("stations: a port learns as many as it may, floods to the rest, and counts them") {
  FabricBox box(3, {.station_limit = kLimit});
  hear_all(box, 1);
  CHECK(box.fabric.table().size() == kLimit);
  CHECK(box.counters[1].not_learned.get() == kStations - kLimit);
  hear_all(box, 1);  // the known are still known, the others still not
  CHECK(box.counters[1].not_learned.get() == 2 * (kStations - kLimit));
  CHECK(where_is(box, 3, kLimit) == Ports{1});
  CHECK(where_is(box, 3, kLimit + 1) == Ports{1, 2});
  // The limit is each port's own.
  hear(box, 2, 100);
  CHECK(where_is(box, 3, 100) == Ports{2});
}

TEST_CASE("stations: without a limit the table alone bounds learning") {
  FabricBox box(2);
  hear_all(box, 1);
  CHECK(box.fabric.table().size() == kStations);
  CHECK(box.counters[1].not_learned.get() == 0);
}

TEST_CASE("stations: pinned ones do not count towards the limit, and are taken when it is reached") {
  FabricBox box(3, {.station_limit = kLimit});
  hear_all(box, 1);
  CHECK(box.fabric.pin(station(500), 1) == Pinning::done);
  CHECK(box.fabric.table().size() == kLimit + 1);
  CHECK(where_is(box, 3, 500) == Ports{1});
  // A learned one that is pinned makes room for another learned one, and unpinning it takes no room.
  CHECK(box.fabric.pin(station(1), 1) == Pinning::done);
  hear(box, 1, 200);
  CHECK(where_is(box, 3, 200) == Ports{1});
  hear(box, 1, 201);
  CHECK(where_is(box, 3, 201) == Ports{1, 2});
  CHECK(box.fabric.unpin(station(1)));
  CHECK(where_is(box, 3, 1) == Ports{1, 2});
  hear(box, 1, 1);
  CHECK(where_is(box, 3, 1) == Ports{1, 2});
}

TEST_CASE("stations: a port that is full takes no station over from another") {
  FabricBox box(3, {.station_limit = 1});
  hear(box, 1, 1);
  hear(box, 2, 2);
  hear(box, 2, 1);
  CHECK(box.counters[2].not_learned.get() == 1);
  CHECK(where_is(box, 3, 1) == Ports{1});
}

TEST_CASE("stations: those that have aged make room on their port") {
  FabricBox box(2, {.ageing_ns = 10 * kSecond, .station_limit = 2});
  hear(box, 1, 1);
  hear(box, 1, 2);
  hear(box, 1, 3);
  CHECK(box.counters[1].not_learned.get() == 1);
  box.now += 10 * kSecond + 1;
  hear(box, 1, 3);
  CHECK(where_is(box, 2, 3) == Ports{1});
  CHECK(box.counters[1].not_learned.get() == 1);
}

TEST_CASE("stations: a moved station counts where it is") {
  FabricBox box(3, {.station_limit = 1});
  hear(box, 1, 1);
  hear(box, 2, 1);
  hear(box, 1, 2);
  CHECK(where_is(box, 3, 1) == Ports{2});
  CHECK(where_is(box, 3, 2) == Ports{1});
}

TEST_CASE("stations: a removed port leaves no counts behind") {
  FabricBox box(2, {.station_limit = 1});
  hear(box, 1, 1);
  box.fabric.remove_port(1);
  box.add(1);
  hear(box, 1, 2);
  CHECK(where_is(box, 2, 2) == Ports{1});
}

TEST_CASE("stations: a pinned one is sticky: heard elsewhere, its frames go on, but it stays") {
  FabricBox box(3);
  CHECK(box.fabric.pin(station(7), 1) == Pinning::done);
  CHECK(box.ports_for(2, make_frame(kBroadcastMac, station(7))) == Ports{1, 3});
  CHECK(box.counters[2].not_learned.get() == 1);
  CHECK(where_is(box, 3, 7) == Ports{1});
  CHECK(where_is(box, 2, 7) == Ports{1});
}

TEST_CASE("stations: a pinned one does not age, an unpinned one is forgotten") {
  FabricBox box(3, {.ageing_ns = kSecond});
  box.fabric.pin(station(7), 1);
  box.now += 1'000'000 * kSecond;
  CHECK(where_is(box, 3, 7) == Ports{1});
  CHECK(box.fabric.unpin(station(7)));
  CHECK_FALSE(box.fabric.unpin(station(7)));
  CHECK(where_is(box, 3, 7) == Ports{1, 2});
  hear(box, 2, 7);
  CHECK_FALSE(box.fabric.unpin(station(7)));  // learned only
  CHECK(where_is(box, 3, 7) == Ports{2});
}

TEST_CASE("stations: pinning again moves the pin, per VLAN") {
  FabricBox box(3);
  box.fabric.pin(station_key(station(7), 5), 1);
  box.fabric.pin(station_key(station(7), 5), 2);
  CHECK(where_is(box, 3, 7, 5) == Ports{2});
  CHECK(where_is(box, 3, 7, 6) == Ports{1, 2});
  CHECK(where_is(box, 3, 7) == Ports{1, 2});
}

TEST_CASE("stations: a pin goes with its port, and needs one") {
  FabricBox box(3);
  CHECK(box.fabric.pin(station(7), 9) == Pinning::no_such_port);
  box.fabric.pin(station(7), 1);
  box.fabric.remove_port(1);
  CHECK(where_is(box, 3, 7) == Ports{2});
  CHECK_FALSE(box.fabric.unpin(station(7)));
}

TEST_CASE("stations: in a full table the one that was silent for longest makes room for a pin") {
  FabricBox box(3, {.table_capacity = 3});
  for (uint32_t number = 1; number <= 3; ++number, box.now += kSecond) hear(box, 1, number);
  hear(box, 1, 1);
  CHECK(box.fabric.pin(station(50), 2) == Pinning::done);
  CHECK(box.ports_for(1, make_frame(station(50), station(1))) == Ports{2});
  CHECK(box.ports_for(2, make_frame(station(1), station(50))) == Ports{1});
  CHECK(box.ports_for(2, make_frame(station(2), station(50))) == Ports{1, 3});  // it was this one
  CHECK(box.ports_for(2, make_frame(station(3), station(50))) == Ports{1});
  CHECK(box.fabric.pin(station(51), 2) == Pinning::done);
  CHECK(box.fabric.pin(station(52), 2) == Pinning::done);
  CHECK(box.fabric.pin(station(53), 2) == Pinning::table_full);
  CHECK(box.fabric.pin(station(50), 1) == Pinning::done);
}

TEST_CASE("stations: the loop guard sees those that do not move, too") {
  for (const bool pinned : {true, false}) {
    CAPTURE(pinned);
    FabricBox box(3, {.station_limit = 1});
    hear(box, 2, 99);  // port 2 is full
    if (pinned) box.fabric.pin(station(1), 1);
    hear(box, 1, 1);
    for (int i = 0; i < 16; ++i) hear(box, i % 2 == 0 ? 2 : 1, 1);
    CHECK(box.counters[2].loop_blocks.get() == 1);
    CHECK(where_is(box, 3, 1) == Ports{1});
  }
}

TEST_CASE("stations: a pin outlives the block of its port") {
  FabricBox box(3);
  box.fabric.pin(station(7), 2);
  hear(box, 1, 1);
  for (int i = 0; i < 16; ++i) hear(box, i % 2 == 0 ? 2 : 1, 1);
  REQUIRE(box.counters[2].loop_blocks.get() == 1);
  CHECK(where_is(box, 3, 7) == Ports{1});  // looked for elsewhere while it is blocked
  box.now += 30 * kSecond;
  box.fabric.expire(box.now);
  CHECK(where_is(box, 3, 7) == Ports{2});
}

TEST_CASE("stations: learning, ageing and flooding, in no VLAN and in every one for itself") {
  for (const uint16_t vlan : {0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 4000, 4094}) {
    CAPTURE(vlan);
    const auto other = static_cast<uint16_t>(vlan == 7 ? 8 : 7);
    FabricBox box(3, {.ageing_ns = 10 * kSecond});
    CHECK(where_is(box, 3, 1, vlan) == Ports{1, 2});
    hear(box, 1, 1, vlan);
    CHECK(where_is(box, 3, 1, vlan) == Ports{1});
    CHECK(where_is(box, 3, 1, other) == Ports{1, 2});
    CHECK(box.ports_for(1, make_frame(0x0100'5e00'0001ULL, station(1)), vlan) == Ports{2, 3});
    hear(box, 2, 1, other);  // the same station in another VLAN does not move it
    CHECK(where_is(box, 3, 1, vlan) == Ports{1});
    CHECK(where_is(box, 3, 1, other) == Ports{2});
    box.now += 10 * kSecond + 1;
    CHECK(where_is(box, 3, 1, vlan) == Ports{1, 2});
  }
}

TEST_CASE("fabric: nothing is learned from a port that only listens") {
  FabricBox box(2);
  box.add(3, 1514, true);
  using Ports = std::vector<PortId>;
  // Both ends of a talk, and again: never filtered, for neither end is known to be on that side.
  for (int i = 0; i < 3; ++i) {
    CHECK(box.ports_for(3, make_frame(station(1), station(2))) == Ports{1, 2});
    CHECK(box.ports_for(3, make_frame(station(2), station(1))) == Ports{1, 2});
  }
  CHECK(box.fabric.table().size() == 0);
  // Who is on the LAN itself is known, stays there, and is found from the listening port.
  CHECK(box.ports_for(1, make_frame(station(9), station(1))) == Ports{2, 3});
  for (int i = 0; i < 40; ++i) {
    CHECK(box.ports_for(3, make_frame(station(9), station(1))) == Ports{1, 2});
    CHECK(box.ports_for(1, make_frame(station(9), station(1))) == Ports{2, 3});
  }
  CHECK(box.fabric.take_events().empty());
  CHECK(box.ports_for(3, make_frame(station(1), station(7))) == Ports{1});
  const std::vector<Octets> repeated(5, make_frame(station(1), station(7)));
  CHECK(box.forward(3, repeated) == FabricBox::Sent{{1, {0, 1, 2, 3, 4}}});
  CHECK(box.counters[3].not_learned.get() == 0);
}

TEST_CASE("fabric: what is only listened to is passed on whatever its source") {
  FabricBox box(1);
  box.add(2, 1514, true);
  const std::vector<PortId> heard{1};
  CHECK(box.ports_for(2, make_frame(0, 0)) == heard);  // as on loopback
  CHECK(box.ports_for(2, make_frame(station(1), kBroadcastMac)) == heard);
  CHECK(box.ports_for(1, make_frame(station(1), kBroadcastMac)).empty());
  CHECK(box.dropped(2, RxDrop::bad_source) == 0);
  CHECK(box.dropped(1, RxDrop::bad_source) == 1);
}
