// Random numbers with a fixed seed: a failure repeats itself.
#pragma once

#include <cstdint>
#include <random>

namespace ethercast::test {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  // From 0 to `bound` - 1.
  uint32_t below(uint32_t bound) { return static_cast<uint32_t>(engine_() % bound); }
  uint32_t word() { return static_cast<uint32_t>(engine_()); }
  bool one_in(uint32_t n) { return below(n) == 0; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace ethercast::test
