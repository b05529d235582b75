// Fabric against a reference switch under random load: where each single frame goes, and every counter.
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "test/support/fabric_box.h"
#include "test/support/random.h"
#include "test/support/reference_switch.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

struct Load {
  uint32_t stations = 40;
  size_t most_ports = 6;
  uint64_t seed = 1;
  bool pins = false;
};

// Addresses, VLANs, lengths and kinds of frames, good and bad; often the addresses of the frame before.
class FrameMaker {
 public:
  FrameMaker(Random& random, uint32_t stations) : random_(random), stations_(stations) {}

  StationKey any_station() { return station_key(station(random_.below(stations_)), vlan()); }

  TestFrame next() {
    if (!random_.one_in(2)) destination_ = any_mac(), source_ = any_mac(), vlan_ = vlan();
    if (random_.one_in(40)) return {.octets = Octets(random_.below(14))};
    if (random_.one_in(8)) return super_frame();
    const uint32_t length = random_.one_in(15) ? 1500 + random_.below(600) : 14 + random_.below(200);
    return addressed({.octets = make_frame(destination_, source_, length, random_.word())});
  }

 private:
  Mac any_mac() {
    switch (random_.below(14)) {
      case 0:
        return kBroadcastMac;
      case 1:
        return 0x0100'5e00'0000ULL | random_.below(4);
      case 2:
        return 0x0180'c200'0000ULL | random_.below(18);  // two of them are not reserved
      case 3:
        return random_.one_in(3) ? 0 : station(0);
      default:
        return station(random_.below(stations_));
    }
  }
  uint16_t vlan() { return random_.one_in(4) ? static_cast<uint16_t>(1 + random_.below(2)) : 0; }

  // Of a run that is still to be cut; the longest segment may be too long.
  TestFrame super_frame() {
    TestFrame frame{.gso_size = static_cast<uint16_t>(random_.one_in(10) ? 1600 : 100 + random_.below(1360)),
                    .header_length = static_cast<uint16_t>(random_.one_in(2) ? 54 : 74)};
    const uint32_t payload = random_.one_in(10) ? 1 + random_.below(60000) : 1 + random_.below(4000);
    frame.octets = make_frame(destination_, source_, frame.header_length + payload, random_.word());
    return addressed(std::move(frame));
  }
  // Says the VLAN in the frame's own tag, of either kind, or in the meta.
  TestFrame addressed(TestFrame frame) {
    if (vlan_ == 0 && !random_.one_in(10)) return frame;
    if (random_.one_in(3) || frame.octets.size() < 18) {
      frame.vlan = vlan_;
      return frame;
    }
    frame.octets[12] = random_.one_in(2) ? 0x81 : 0x88;
    frame.octets[13] = frame.octets[12] == 0x81 ? 0x00 : 0xa8;
    frame.octets[14] = static_cast<uint8_t>(random_.below(16) << 4);  // priorities
    frame.octets[15] = static_cast<uint8_t>(vlan_);
    return frame;
  }

  Random& random_;
  uint32_t stations_;
  Mac destination_ = kBroadcastMac, source_ = station(0);
  uint16_t vlan_ = 0;
};

// Fabric and the reference, given the same.
class Pair {
 public:
  Pair(const FabricOptions& options, const Load& load)
      : random_(load.seed), load_(load), frames_(random_, load.stations), box_(0, options), model_(options) {}

  void run(int steps) {
    for (int i = 0; i < 3; ++i) add_port();
    for (int step = 0; step < steps; ++step) {
      pass_time();
      change_something();
      send_batch(any_port());
    }
    check_counters();
  }
  uint64_t sum(Counter PortCounters::*counter) const {
    uint64_t sum = 0;
    for (const auto& [port, counters] : box_.counters) sum += (counters.*counter).get();
    return sum;
  }
  uint64_t dropped(RxDrop why) const {
    uint64_t sum = 0;
    for (const auto& [port, counters] : box_.counters) sum += box_.dropped(port, why);
    return sum;
  }

 private:
  PortId any_port() {
    return *std::next(ports_.begin(), random_.below(static_cast<uint32_t>(ports_.size())));
  }
  void add_port() {
    const uint32_t max_frame = random_.one_in(3) ? 1600 : 1514;
    box_.add(next_port_, max_frame);
    model_.add_port(next_port_, max_frame);
    ports_.insert(next_port_++);
  }
  void pass_time() {
    if (!random_.one_in(3)) box_.now += random_.below(load_.stations) * 1'000'000;
    if (random_.one_in(300)) box_.now += 31 * kSecond;
    box_.fabric.expire(box_.now);
    model_.expire(box_.now);
  }
  void change_something() {
    if (random_.one_in(100) && ports_.size() < load_.most_ports) add_port();
    if (random_.one_in(200) && ports_.size() > 1) {
      const PortId gone = any_port();
      box_.fabric.remove_port(gone);
      model_.remove_port(gone);
      ports_.erase(gone);
    }
    if (load_.pins && random_.one_in(50)) {
      const StationKey key = frames_.any_station();
      // Now and then to a port that does not exist.
      const PortId port = random_.one_in(10) ? PortId{60000} : any_port();
      REQUIRE((box_.fabric.pin(key, port) == Pinning::done) == model_.pin(key, port));
    }
    if (load_.pins && random_.one_in(50)) {
      const StationKey key = frames_.any_station();
      REQUIRE(box_.fabric.unpin(key) == model_.unpin(key));
    }
  }
  void send_batch(PortId ingress) {
    std::vector<TestFrame> frames;
    size_t octets = 0;
    for (uint32_t n = random_.below(24); n > 0; --n) {
      TestFrame frame = frames_.next();
      octets += frame.octets.size() + FrameBatch::kHeadroom;
      if (octets > FrameBatch::kSlabSize) break;
      frames.push_back(std::move(frame));
    }
    std::vector<std::set<PortId>> egress(frames.size());
    for (const auto& [port, picks] : box_.forward_described(ingress, frames)) {
      REQUIRE_FALSE(picks.empty());
      for (size_t i = 0; i < picks.size(); ++i) {
        // In order, each at most once.
        REQUIRE((i == 0 || picks[i - 1] < picks[i]));
        egress.at(picks[i]).insert(port);
      }
    }
    for (size_t i = 0; i < frames.size(); ++i) {
      CAPTURE(i);
      REQUIRE(egress[i] == model_.forward(ingress, frames[i], box_.now));
    }
  }
  void check_counters() {
    for (PortId port = 1; port < next_port_; ++port) {
      CAPTURE(port);
      const auto* got = reinterpret_cast<const Counter*>(&box_.counters[port]);
      const auto* wanted = reinterpret_cast<const Counter*>(&model_.counters(port));
      for (size_t i = 0; i < kCounterCount; ++i) {
        CAPTURE(std::string(kCounterNames[i]));
        CHECK(got[i].get() == wanted[i].get());
      }
      const PortCounters& counters = box_.counters[port];
      CHECK(counters.rx_frames.get() == counters.forwarded.get() + box_.all_dropped(port));
      CHECK(counters.forwarded.get() ==
            counters.unicast.get() + counters.multicast.get() + counters.broadcast.get());
    }
  }

  Random random_;
  Load load_;
  FrameMaker frames_;
  FabricBox box_;
  ReferenceSwitch model_;
  std::set<PortId> ports_;
  PortId next_port_ = 1;
};

// The load must have come to what the test is about.
uint64_t dropped_in(const FabricOptions& options, const Load& load, RxDrop why) {
  Pair pair(options, load);
  pair.run(4000);
  CHECK(pair.sum(&PortCounters::forwarded) > 500);
  return pair.dropped(why);
}

}  // namespace

TEST_CASE("accounts: a learning switch") {
  for (uint64_t seed = 1; seed <= 4; ++seed)
    CHECK(dropped_in({.hash_seed = seed}, {.seed = seed}, RxDrop::reserved) > 0);
}
TEST_CASE("accounts: reserved addresses forwarded") {
  CHECK(dropped_in({.forward_reserved = true}, {}, RxDrop::reserved) == 0);
}
TEST_CASE("accounts: a hub") {
  const FabricOptions hub{.forwarding = Forwarding::hub, .station_limit = 2};
  CHECK(dropped_in(hub, {.seed = 5}, RxDrop::bad_source) == 0);
  CHECK(dropped_in(hub, {.stations = 2, .most_ports = 3, .seed = 5}, RxDrop::blocked) > 0);
}
TEST_CASE("accounts: a table that is too small, and a short memory") {
  for (uint64_t seed = 6; seed <= 8; ++seed) {
    Pair pair({.ageing_ns = kSecond, .table_capacity = 8}, {.seed = seed, .pins = true});
    pair.run(4000);
    CHECK(pair.sum(&PortCounters::not_learned) > 1000);
  }
}
TEST_CASE("accounts: few stations a port, and a short memory") {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    Pair pair({.ageing_ns = kSecond / 2, .station_limit = 4}, {.seed = seed, .pins = seed > 1});
    pair.run(4000);
    CHECK(pair.sum(&PortCounters::not_learned) > 1000);
  }
}
TEST_CASE("accounts: the same few stations everywhere, so that the loop guard blocks again and again") {
  uint64_t blocked = 0, blocked_with_limits = 0;
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    const Load load{.stations = 2, .most_ports = 3, .seed = seed};
    blocked += dropped_in({.hash_seed = seed}, load, RxDrop::blocked);
    Load pinned = load;
    pinned.pins = true;
    blocked_with_limits += dropped_in({.station_limit = 1}, pinned, RxDrop::blocked);
  }
  CHECK(blocked > 1000);
  CHECK(blocked_with_limits > 1000);
}
TEST_CASE("accounts: a storm limit that is passed often") {
  for (const uint32_t limit : {1u, 7u, 100u, 1000u}) {
    CAPTURE(limit);
    CHECK(dropped_in({.storm_limit = limit}, {.seed = limit, .pins = true}, RxDrop::storm) > 0);
    CHECK(dropped_in({.forwarding = Forwarding::hub, .storm_limit = limit}, {.seed = limit}, RxDrop::storm) >
          0);
  }
}
TEST_CASE("accounts: a lone port, and many") {
  dropped_in({}, {.most_ports = 2, .seed = 9}, RxDrop::no_egress);
  dropped_in({}, {.stations = 400, .most_ports = 100, .seed = 10, .pins = true}, RxDrop::no_egress);
}
