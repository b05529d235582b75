// Fabric::forward: what a frame costs between being read and being sent.
#include <algorithm>
#include <random>

#include "bench.h"
#include "core/fabric.h"
#include "frames.h"

namespace ethercast::bench {

namespace {

constexpr uint64_t kNow_ns = 1'000'000'000'000;

// A switch whose stations stand half behind port 1, half behind the others in turn, and batches from the
// former to the latter.
class Lan {
 public:
  Lan(uint16_t ports, uint32_t stations, bool flood) : fabric_(options(stations)), counters_(ports) {
    for (uint16_t port = 1; port <= ports; ++port) fabric_.add_port(port, counters_[port - 1], 65535);
    const uint32_t half = std::max(1u, stations / 2);
    std::vector<uint32_t> order(half);
    for (uint32_t i = 0; i < half; ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), std::mt19937(1));
    for (const uint32_t i : order) learn(static_cast<PortId>(2 + i % (ports - 1)), station(half + i));
    // Every station comes up, in no order that the table could gain from.
    const uint32_t count = std::max<uint32_t>(FrameBatch::kMaxFrames, half);
    for (uint32_t i = 0; i < count; ++i) {
      if (batches_.empty() || batches_.back()->full()) batches_.push_back(std::make_unique<FrameBatch>());
      const Mac destination = flood ? kBroadcastMac : station(half + order[i % half]);
      append_frame(*batches_.back(), destination, station(order[(i * 7919ull) % half]), 64);
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
  void learn(PortId port, Mac mac) {
    FrameBatch hello;
    append_frame(hello, kBroadcastMac, mac, 64);
    fabric_.forward(hello, port, kNow_ns);
  }

  Fabric fabric_;
  std::vector<PortCounters> counters_;
  std::vector<std::unique_ptr<FrameBatch>> batches_;
  size_t next_ = 0;
};

Case forward_case(uint16_t ports, uint32_t stations, bool flood) {
  std::string name =
      std::string(flood ? "forward broadcast" : "forward unicast") + ", " + std::to_string(ports) + " ports";
  if (!flood) name += ", " + std::to_string(stations) + " stations";
  return {name, [=]() -> Work {
            auto lan = std::make_shared<Lan>(ports, stations, flood);
            return [lan](uint64_t n) { return lan->run(n); };
          }};
}

}  // namespace

std::vector<Case> fabric_cases() {
  std::vector<Case> cases;
  for (const uint16_t ports : {2, 8, 64}) {
    for (const uint32_t stations : {2, 1'000, 10'000, 100'000})
      cases.push_back(forward_case(ports, stations, false));
  }
  for (const uint16_t ports : {2, 8, 64}) cases.push_back(forward_case(ports, 2, true));
  return cases;
}

}  // namespace ethercast::bench
