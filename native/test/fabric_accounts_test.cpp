// Fabric: its accounts, against an independent count of random traffic.
#include <doctest/doctest.h>

#include <set>

#include "test/support/fabric_box.h"
#include "test/support/random.h"

using namespace ethercast;
using namespace ethercast::test;

namespace {

Octets random_frame(Random& random, uint32_t stations) {
  const auto any_mac = [&]() -> Mac {
    switch (random.below(12)) {
      case 0:
        return kBroadcastMac;
      case 1:
        return 0x0100'5e00'0000ULL | random.below(4);
      case 2:
        return 0;
      default:
        return station(random.below(stations));
    }
  };
  if (random.one_in(20)) return Octets(random.below(14));
  const uint32_t length = random.one_in(15) ? 1500 + random.below(600) : 14 + random.below(200);
  return make_frame(any_mac(), any_mac(), length, random.word());
}

void run(const FabricOptions& options, uint64_t seed, uint32_t stations = 40) {
  Random random(seed);
  FabricBox box(0, options);
  std::set<PortId> ports;
  PortId next_port = 1;
  std::map<PortId, uint64_t> rx, left, picked;
  const auto add = [&] {
    box.add(next_port, random.one_in(3) ? 1600 : 1514);
    ports.insert(next_port++);
  };
  for (int i = 0; i < 3; ++i) add();

  for (int step = 0; step < 4000; ++step) {
    box.now += random.below(stations) * 1'000'000;
    if (random.one_in(300)) box.now += 31 * kSecond;
    box.fabric.expire(box.now);
    if (random.one_in(200) && ports.size() < 6) add();
    if (random.one_in(200) && ports.size() > 1) {
      const PortId gone = *std::next(ports.begin(), random.below(static_cast<uint32_t>(ports.size())));
      box.fabric.remove_port(gone);
      ports.erase(gone);
    }
    const PortId ingress = *std::next(ports.begin(), random.below(static_cast<uint32_t>(ports.size())));
    std::vector<Octets> frames;
    for (uint32_t n = random.below(20); n > 0; --n) frames.push_back(random_frame(random, stations));
    rx[ingress] += frames.size();
    std::set<uint16_t> left_somewhere;
    for (const auto& [port, picks] : box.forward(ingress, frames)) {
      REQUIRE(port != ingress);
      REQUIRE(ports.count(port) == 1);
      REQUIRE_FALSE(picks.empty());
      // In order, each at most once, and frames of this batch.
      for (size_t i = 0; i < picks.size(); ++i) {
        REQUIRE(picks[i] < frames.size());
        REQUIRE((i == 0 || picks[i - 1] < picks[i]));
        REQUIRE(frames[picks[i]].size() >= kEtherHeader);
        left_somewhere.insert(picks[i]);
      }
      picked[port] += picks.size();
    }
    left[ingress] += left_somewhere.size();
  }
  uint64_t total = 0;
  for (PortId port = 1; port < next_port; ++port) {
    CAPTURE(port);
    const PortCounters& counters = box.counters[port];
    CHECK(counters.rx_frames.get() == rx[port]);
    CHECK(counters.forwarded.get() == left[port]);
    CHECK(counters.rx_frames.get() == counters.forwarded.get() + box.all_dropped(port));
    CHECK(counters.picked.get() == picked[port]);
    CHECK(counters.flooded.get() <= counters.forwarded.get());
    total += left[port];
  }
  CHECK(total > 1000);
}

}  // namespace

TEST_CASE("accounts: a learning switch") {
  for (uint64_t seed = 1; seed <= 4; ++seed) run({.hash_seed = seed}, seed);
}
TEST_CASE("accounts: a hub") { run({.forwarding = Forwarding::hub}, 5); }
TEST_CASE("accounts: a table that is too small, and a short memory") {
  run({.ageing_ns = kSecond, .table_capacity = 8}, 6);
}
TEST_CASE("accounts: the same few stations everywhere, so that the loop guard blocks again and again") {
  for (uint64_t seed = 1; seed <= 4; ++seed) run({.hash_seed = seed}, seed, 3);
}
