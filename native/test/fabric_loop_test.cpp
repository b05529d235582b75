// Fabric: the loop guard.
#include <doctest/doctest.h>

#include "test/support/fabric_box.h"

using namespace ethercast;
using namespace ethercast::test;

using Ports = std::vector<PortId>;

namespace {

constexpr uint64_t kMs = 1'000'000;

// The station is heard once on port 1, then moves `moves` times between `a` and `b`, one move every `step`.
void alternate(FabricBox& box, int moves, uint64_t step, PortId a = 1, PortId b = 2, Mac mac = station(1)) {
  box.forward(a, {make_frame(kBroadcastMac, mac)});
  for (int i = 0; i < moves; ++i) {
    box.now += step;
    box.forward(i % 2 == 0 ? b : a, {make_frame(kBroadcastMac, mac)});
  }
}

}  // namespace

TEST_CASE("loop guard: 16 alternations within a second block the port added later, for 30 s") {
  FabricBox box(3);
  alternate(box, 16, 10 * kMs);
  CHECK(box.counters[2].loop_blocks.get() == 1);
  CHECK(box.counters[1].loop_blocks.get() == 0);
  const auto events = box.fabric.take_events();
  REQUIRE(events.size() == 1);
  CHECK(events[0].blocked);
  CHECK(events[0].port == 2);
  CHECK(events[0].other == 1);
  CHECK(events[0].station == station(1));
  CHECK(box.fabric.take_events().empty());
  CHECK(box.fabric.next_deadline_ns() == box.now + 30 * kSecond);

  // Nothing in, nothing out.
  CHECK(box.ports_for(2, make_frame(kBroadcastMac, station(7))).empty());
  CHECK(box.dropped(2, RxDrop::blocked) == 1);
  CHECK(box.ports_for(1, make_frame(kBroadcastMac, station(1))) == Ports{3});
  CHECK(box.ports_for(3, make_frame(station(7), station(3))) == Ports{1});  // not learned while blocked

  box.now += 30 * kSecond - 1;
  box.fabric.expire(box.now);
  CHECK(box.fabric.take_events().empty());
  box.now += 1;
  box.fabric.expire(box.now);
  const auto over = box.fabric.take_events();
  REQUIRE(over.size() == 1);
  CHECK_FALSE(over[0].blocked);
  CHECK(over[0].port == 2);
  CHECK(box.fabric.next_deadline_ns() == 0);
  CHECK(box.ports_for(1, make_frame(kBroadcastMac, station(1))) == Ports{2, 3});
}

TEST_CASE("loop guard: not for 15 alternations") {
  FabricBox box(3);
  alternate(box, 15, 10 * kMs);
  CHECK(box.fabric.take_events().empty());
  CHECK(box.counters[2].loop_blocks.get() == 0);
}

TEST_CASE("loop guard: not for a guest that roams slowly, however often") {
  FabricBox box(3);
  alternate(box, 1000, 100 * kMs);  // ten moves a second
  CHECK(box.fabric.take_events().empty());
}

TEST_CASE("loop guard: again, when it loops again") {
  FabricBox box(3);
  for (int round = 0; round < 3; ++round) {
    alternate(box, 16, kMs);
    CHECK(box.fabric.take_events().size() == 1);
    box.now += 30 * kSecond;
    box.fabric.expire(box.now);
    CHECK(box.fabric.take_events().size() == 1);
  }
  CHECK(box.counters[2].loop_blocks.get() == 3);
}

TEST_CASE("loop guard: it is the order of adding that counts, not that of speaking or of numbers") {
  FabricBox box(0);
  box.add(9);
  box.add(4);
  alternate(box, 16, kMs, 4, 9);
  CHECK(box.counters[4].loop_blocks.get() == 1);
  CHECK(box.counters[9].loop_blocks.get() == 0);
}

TEST_CASE("loop guard: three ports in turn are no alternation between two") {
  FabricBox box(4);
  box.forward(1, {make_frame(kBroadcastMac, station(1))});
  for (int i = 0; i < 300; ++i) {
    box.now += kMs;
    box.forward(static_cast<PortId>(1 + (i + 1) % 3), {make_frame(kBroadcastMac, station(1))});
  }
  CHECK(box.fabric.take_events().empty());
}

TEST_CASE("loop guard: a hub has one too") {
  FabricBox box(3, {.forwarding = Forwarding::hub});
  alternate(box, 16, kMs);
  CHECK(box.counters[2].loop_blocks.get() == 1);
  CHECK(box.ports_for(1, make_frame(station(3), station(1))) == Ports{3});
}

TEST_CASE("loop guard: what is known behind the blocked port is looked for elsewhere") {
  FabricBox box(3);
  box.forward(2, {make_frame(kBroadcastMac, station(5))});
  alternate(box, 16, kMs);
  CHECK(box.ports_for(1, make_frame(station(5), station(1))) == Ports{3});
}

TEST_CASE("loop guard: many stations at once block the port once") {
  FabricBox box(3);
  for (int i = 0; i < 20; ++i) {
    box.now += kMs;
    std::vector<Octets> frames;
    for (uint32_t number = 0; number < 50; ++number)
      frames.push_back(make_frame(kBroadcastMac, station(number)));
    box.forward(i % 2 == 0 ? 1 : 2, frames);
  }
  CHECK(box.counters[2].loop_blocks.get() == 1);
  CHECK(box.fabric.take_events().size() == 1);
}

// The verdict falls in the middle of a batch whose earlier frames are already picked for the port that gets
// blocked: every frame that counts as forwarded does leave somewhere.
TEST_CASE("loop guard: frames decided before the verdict leave as decided") {
  FabricBox box(2);
  alternate(box, 15, kMs);  // was last heard on port 2
  const uint64_t forwarded = box.counters[1].forwarded.get();
  const auto sent = box.forward(1, {make_frame(station(8), station(9)), make_frame(kBroadcastMac, station(1)),
                                    make_frame(kBroadcastMac, station(9))});
  CHECK(box.counters[2].loop_blocks.get() == 1);
  CHECK(box.counters[1].forwarded.get() - forwarded == 1);
  REQUIRE(sent.count(2) == 1);
  CHECK(sent.at(2) == std::vector<uint16_t>{0});
  CHECK(box.dropped(1, RxDrop::no_egress) == 2);
}

TEST_CASE("loop guard: a port that goes while blocked takes its block along") {
  FabricBox box(3);
  alternate(box, 16, kMs);
  box.fabric.take_events();
  box.fabric.remove_port(2);
  CHECK(box.fabric.next_deadline_ns() == 0);
  box.fabric.expire(box.now + 60 * kSecond);
  CHECK(box.fabric.take_events().empty());
}
