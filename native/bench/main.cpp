// ethercast_native_bench --list | CASE [SAMPLES [MS]]: prints nanoseconds an item, one sample a line.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "bench.h"

namespace {

using ethercast::bench::Case;
using ethercast::bench::Work;
using Clock = std::chrono::steady_clock;

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const auto& some :
       {ethercast::bench::fabric_cases(), ethercast::bench::mac_table_cases(), ethercast::bench::ring_cases(),
        ethercast::bench::batch_cases(), ethercast::bench::offload_cases()}) {
    cases.insert(cases.end(), some.begin(), some.end());
  }
  return cases;
}

struct Timed {
  double ns;
  uint64_t items;
};

Timed time_of(const Work& work, uint64_t n) {
  const auto start = Clock::now();
  const uint64_t items = work(n);
  return {std::chrono::duration<double, std::nano>(Clock::now() - start).count(), items};
}

// As many items as take a sample's time; finding that out warms caches and predictors.
uint64_t calibrate(const Work& work, double sample_ns) {
  uint64_t n = 1024;
  for (;;) {
    const Timed timed = time_of(work, n);
    if (timed.ns >= sample_ns) return n;
    n *= 2;
  }
}

void run(const Case& bench, int samples, double sample_ns) {
  const Work work = bench.make();
  const uint64_t n = calibrate(work, sample_ns);
  for (int i = 0; i < samples; ++i) {
    const Timed timed = time_of(work, n);
    std::printf("%.3f\n", timed.ns / static_cast<double>(timed.items));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto cases = all_cases();
  if (argc > 1 && std::strcmp(argv[1], "--list") == 0) {
    for (const Case& bench : cases) std::puts(bench.name.c_str());
    return 0;
  }
  const int samples = argc > 2 ? std::atoi(argv[2]) : 5;
  const double sample_ns = (argc > 3 ? std::atof(argv[3]) : 100) * 1e6;
  for (const Case& bench : cases) {
    if (argc < 2 || bench.name != argv[1]) continue;
    run(bench, samples, sample_ns);
    return 0;
  }
  std::fprintf(stderr, "usage: %s --list | CASE [SAMPLES [MS]]\n", argv[0]);
  return 2;
}
