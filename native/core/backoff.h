// Backoff: how long to wait before the next try, when the last one failed. Doubles, up to a bound.
#pragma once

#include <algorithm>
#include <cstdint>

namespace ethercast {

class Backoff {
 public:
  // A peer that is restarted is back within the first; one that is down for long is asked every five seconds.
  static constexpr uint64_t kFirst_ns = 100'000'000;
  static constexpr uint64_t kLongest_ns = 5'000'000'000;

  uint64_t next_ns() noexcept {
    const uint64_t now = next_;
    next_ = std::min(next_ * 2, kLongest_ns);
    return now;
  }
  // After a success that lasted.
  void reset() noexcept { next_ = kFirst_ns; }

 private:
  uint64_t next_ = kFirst_ns;
};

}  // namespace ethercast
