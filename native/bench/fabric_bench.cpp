// Fabric::forward: what a frame costs between being read and being sent.
#include <algorithm>
#include <random>

#include "bench.h"
#include "core/fabric.h"
#include "frames.h"

namespace ethercast::bench {

namespace {

constexpr uint64_t kNow_ns = 1'000'000'000'000;

// Who talks to whom: each frame another pair, the same pair for a whole batch, or everybody to all.
enum class Traffic { mixed, runs, broadcast };

// A switch whose stations stand half behind port 1, half behind the others in turn, and batches from the
// former to the latter.
class Lan {
 public:
  Lan(uint16_t ports, uint32_t stations, Traffic traffic) : fabric_(options(stations)), counters_(ports) {
    for (uint16_t port = 1; port <= ports; ++port) fabric_.add_port(port, counters_[port - 1], 65535);
    const uint32_t half = std::max(1u, stations / 2);
    std::vector<uint32_t> order(half);
    for (uint32_t i = 0; i < half; ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), std::mt19937(1));
    for (const uint16_t vlan : {0, 1, 2}) {
      if (vlan != 0 && half > 1) break;
      for (const uint32_t i : order) learn(static_cast<PortId>(2 + i % (ports - 1)), station(half + i), vlan);
    }
    // Every station comes up, in no order that the table could gain from.
    const uint32_t count = std::max<uint32_t>(FrameBatch::kMaxFrames, half);
    for (uint32_t i = 0; i < count; ++i) {
      if (batches_.empty() || batches_.back()->full()) batches_.push_back(std::make_unique<FrameBatch>());
      const uint32_t pair = traffic == Traffic::runs ? i / FrameBatch::kMaxFrames : i;
      const Mac destination =
          traffic == Traffic::broadcast ? kBroadcastMac : station(half + order[pair % half]);
      append_frame(*batches_.back(), destination, station(order[(pair * 7919ull) % half]), 64);
      // A single pair, but not one after the other: what is measured is looking up, not remembering.
      if (half == 1 && traffic == Traffic::mixed) vary_vlan(*batches_.back());
    }
  }

  uint64_t run(uint64_t n) {
    uint64_t done = 0;
    while (done < n) {
      const FrameBatch& batch = *batches_[next_++ % batches_.size()];
      keep(fabric_.forward(batch, 1, kNow_ns).size());
      done += batch.size();
    }
    return done;
  }

 private:
  static FabricOptions options(uint32_t stations) {
    FabricOptions options;
    options.table_capacity = std::max(16384u, 2 * stations);
    options.hash_seed = 42;
    return options;
  }
  static void vary_vlan(FrameBatch& batch) {
    const auto newest = static_cast<uint16_t>(batch.size() - 1);
    batch.meta(newest).vlan = static_cast<uint16_t>(1 + newest % 2);
  }
  void learn(PortId port, Mac mac, uint16_t vlan) {
    FrameBatch hello;
    append_frame(hello, kBroadcastMac, mac, 64);
    hello.meta(0).vlan = vlan;
    fabric_.forward(hello, port, kNow_ns);
  }

  Fabric fabric_;
  std::vector<PortCounters> counters_;
  std::vector<std::unique_ptr<FrameBatch>> batches_;
  size_t next_ = 0;
};

Case forward_case(const std::string& name, uint16_t ports, uint32_t stations, Traffic traffic) {
  return {name + ", " + std::to_string(ports) + " ports, " + std::to_string(stations) + " MACs",
          [=]() -> Work {
            auto lan = std::make_shared<Lan>(ports, stations, traffic);
            return [lan](uint64_t n) { return lan->run(n); };
          }};
}

}  // namespace

std::vector<Case> fabric_cases() {
  std::vector<Case> cases;
  for (const uint16_t ports : {2, 8, 64}) {
    for (const uint32_t stations : {1, 100, 1'000, 10'000, 100'000})
      cases.push_back(forward_case("forward unicast", ports, stations, Traffic::mixed));
  }
  for (const uint16_t ports : {2, 64})
    cases.push_back(forward_case("forward unicast in runs", ports, 10'000, Traffic::runs));
  for (const uint16_t ports : {2, 8, 64})
    cases.push_back(forward_case("forward broadcast", ports, 100, Traffic::broadcast));
  return cases;
}

}  // namespace ethercast::bench
